"""What others may learn from a case: redacted summaries of sealed reports, checked for leaks before a release."""
