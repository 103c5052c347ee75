"""Plumbing that knows no domain: settings, database, sealed columns, clock, problems, HTTP, pages, logs."""
