"""The public name of a case, which says nothing about it: neither its order nor its date; docs/formats.md, "Reference"."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Source: Crockford's Base 32; no I, L, O or U, so that a reference survives the telephone."""


def new_reference() -> str:
    """Return CAN-XXXX-XXXX with 40 random bits; unique only by chance, so the table that keeps it must say so."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"CAN-{letters[:4]}-{letters[4:]}"
