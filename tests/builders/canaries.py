"""What makes a string of a test unique."""

import secrets

_LETTERS = "bcdfghjklmnpqrst"


def fresh_letters(count: int) -> str:
    """Return so many random letters: no figure among them, which a detector could take for a telephone number."""
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
