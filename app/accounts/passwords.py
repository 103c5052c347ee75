"""Turns what people type to sign in into what is stored and what opens. It knows no session of the database.

`stretch` and `choose` block for a fraction of a second: they run in a pool of threads, before any transaction.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from app.accounts.secrets import PasswordRefused, check_password, normalise_password, split_stretched
from app.crypto import contexts, fields, hpke
from app.crypto import passwords as argon2
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import InvalidInput
from app.kernel.settings import Settings

SALT_BYTES = 16


@dataclass(frozen=True)
class Stretching:
    """How a password is stretched: its salt, and how expensive each guess is."""

    salt: bytes
    memory_kib: int
    iterations: int

    @classmethod
    def fresh(cls, settings: Settings) -> "Stretching":
        """Return how a password chosen now is stretched."""
        return cls(secrets.token_bytes(SALT_BYTES), settings.password_memory_kib, settings.password_iterations)

    def costs_as(self, other: "Stretching") -> bool:
        """Whether a guess is as expensive as under `other`."""
        return (self.memory_kib, self.iterations) == (other.memory_kib, other.iterations)


@dataclass(frozen=True)
class Stretched:
    """What a password becomes: the verifier is stored, the wrapping key opens the account's seed. Neither tells the other."""

    stretching: Stretching
    verifier: bytes
    wrapping_key: bytes


@dataclass(frozen=True)
class Chosen:
    """A newly chosen password, as it is stored, with a new key pair that only it opens."""

    stretched: Stretched
    public_key: bytes
    wrapped_seed: bytes


def stretch(password: str, stretching: Stretching, keys: ServiceKeys) -> Stretched:
    """Return what the password becomes. Blocks."""
    key = argon2.stretch(normalise_password(password), stretching.salt, stretching.memory_kib, stretching.iterations)
    return Stretched(stretching, *split_stretched(key, keys.peppered("password")))


def choose(password: str, stretching: Stretching, keys: ServiceKeys, organisation_id: UUID, account_id: UUID) -> Chosen:
    """Return a new password with a new key pair under it. Blocks."""
    stretched = stretch(password, stretching, keys)
    seed = hpke.new_seed()
    wrapped = wrap_seed(stretched, seed, organisation_id, account_id)
    return Chosen(stretched, hpke.public_key(seed), wrapped)


def wrap_seed(stretched: Stretched, seed: bytes, organisation_id: UUID, account_id: UUID) -> bytes:
    """Return the account's seed sealed under its password."""
    return fields.seal(stretched.wrapping_key, _seed_context(organisation_id, account_id), seed)


def unwrap_seed(stretched: Stretched, wrapped: bytes, organisation_id: UUID, account_id: UUID) -> bytes:
    """Return the account's seed.

    Raises:
        SealBroken: the password is another one, or the seed another account's.

    """
    return fields.open_(stretched.wrapping_key, _seed_context(organisation_id, account_id), wrapped)


def _seed_context(organisation_id: UUID, account_id: UUID) -> bytes:
    return contexts.encode("account-seed", organisation_id, account_id)


def username_index(username: str, keys: ServiceKeys) -> bytes:
    """Return what an account is found by: a peppered MAC of its username, the same in capitals and small letters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", username).casefold())
    return hmac.digest(keys.peppered("username-index"), folded.encode(), sha256)


def require_good(password: str, username: str, pointer: str) -> None:
    """Return if the password may be chosen for that username.

    Raises:
        InvalidInput: it may not; the rule is told, at `pointer`.

    """
    try:
        check_password(password, username)
    except PasswordRefused as refused:
        raise InvalidInput(errors=[{"in": "body", "pointer": pointer, "rule": refused.rule}]) from None
