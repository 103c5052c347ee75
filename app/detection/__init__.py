"""What a program can see in a text without understanding it: addresses, numbers, dates, names, and signs of who wrote it."""
