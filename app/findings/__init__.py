"""What the evidence shows about each allegation: reasoned, citing exhibits, final once a second person agrees."""
