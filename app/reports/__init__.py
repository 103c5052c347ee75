"""The full report: written by the investigator, sealed only when every allegation in scope has its finding."""
