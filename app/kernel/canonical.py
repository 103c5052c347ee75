"""The one form in which a document is sealed, approved and hashed, so that anybody can compute its hash again. Pure.

Format: JSON with keys in order, no blanks between tokens, no escapes but those that JSON needs, in UTF-8. The hash is
SHA-256 of those bytes.
"""

import json
from hashlib import sha256

from pydantic import BaseModel


def canonical(document: BaseModel) -> str:
    """Return the text that is stored and hashed."""
    return json.dumps(document.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(canonical_text: str) -> bytes:
    """Return the hash of a document by its canonical text."""
    return sha256(canonical_text.encode()).digest()
