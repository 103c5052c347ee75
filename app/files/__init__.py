"""Files that belong to a grievance: sent by whoever raised it, read by those who work its case."""
