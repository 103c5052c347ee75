"""What is owed, to whom and by when. It knows the law and the calendar, and no content of a case."""
