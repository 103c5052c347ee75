"""Encrypted files, whoever owns them: where they are kept, and how they are read."""
