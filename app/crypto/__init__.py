"""Pure functions from bytes to bytes: every format is in docs/formats.md; nothing here knows the database or the web."""
