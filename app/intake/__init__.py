"""The public doors, what comes in through them, and the reporter's way back to it."""
