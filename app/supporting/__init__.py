"""Counting who stands behind a collective grievance without learning who supports what: counts, codes, tokens, tallies."""
