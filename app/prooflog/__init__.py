"""The proof log: one tree over all events of an organisation, its checkpoints, and proofs for whoever is entitled to one."""
