"""Staff accounts: how a person proves who they are, and how their keys open while they are signed in."""
