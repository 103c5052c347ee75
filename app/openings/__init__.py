"""The ceremony in which custodians open one identity for one stated reason. The service carries it and never holds the key."""
