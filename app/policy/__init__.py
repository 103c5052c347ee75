"""Who may do what, as data with a sentence each. It knows no table and no web."""
