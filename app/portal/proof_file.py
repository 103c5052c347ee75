"""The proof of receipt as a file that `python -m app client verify receipt` checks, without the service. Pure."""

import json

from app.crypto import logproofs
from app.intake.schemas import InboxOut


def content(held: InboxOut) -> str:
    """Return the proof, the salt of what was said, and what was said, as the log commits to it."""
    assert held.confidentiality is not None  # noqa: S101 the inbox was opened here, by its words
    said = logproofs.statement(
        headline=held.headline or "",
        narrative=held.narrative or "",
        capacity=held.capacity,
        confidentiality=held.confidentiality.value,
        allegations=[(raised.label, raised.statement) for raised in held.allegations],
        headcount_claims=[],
    )
    kept = {"proof": held.proof.model_dump(mode="json"), "salt": held.statement_salt, "statement": said}
    return json.dumps(kept, indent=1) + "\n"
