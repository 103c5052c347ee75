"""Custodians: who they are, which keys are theirs, and what an offline root said about that. It knows no case and no identity."""
