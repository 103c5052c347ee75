"""Stretching a chosen password so that guessing it is expensive; see docs/formats.md, "Stretched password".

Blocks for a fraction of a second: callers run it apart from the event loop and outside any transaction.
Source: RFC 9106 (Argon2id); OWASP Password Storage Cheat Sheet (minimums); NIST SP 800-63B-4 section 3.1.1.2 (NFKC).
"""

from unicodedata import normalize

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

LEAST_MEMORY_KIB = 19456
"""Source: OWASP Password Storage Cheat Sheet, Argon2id, m=19456 (19 MiB), t=2, p=1."""

LEAST_ITERATIONS = 2
"""Source: as LEAST_MEMORY_KIB."""

LEAST_SALT_BYTES = 16
"""Source: RFC 9106 section 3.1, "16 bytes is RECOMMENDED for password hashing"."""

KEY_BYTES = 32


def stretch(password: str, salt: bytes, memory_kib: int, iterations: int) -> bytes:
    """Return the 32-byte key of a password, the same however its characters were composed. Blocks.

    Raises:
        ValueError: memory, iterations or salt are below the minimums of this module.

    """
    if memory_kib < LEAST_MEMORY_KIB or iterations < LEAST_ITERATIONS or len(salt) < LEAST_SALT_BYTES:
        raise ValueError("Argon2id needs at least 19456 KiB, 2 iterations and 16 bytes of salt")
    argon2id = Argon2id(salt=salt, length=KEY_BYTES, iterations=iterations, lanes=1, memory_cost=memory_kib)
    return argon2id.derive(normalize("NFKC", password).encode(errors="surrogatepass"))
