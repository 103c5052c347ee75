"""The case file: its life, its clocks, who is appointed, who is walled off, and its key."""
