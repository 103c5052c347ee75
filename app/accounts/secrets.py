"""Makes the secrets of an account and says which passwords are good enough. It stores nothing and knows no account.

Context labels (docs/formats.md, "Context"): `password-verifier` and `password-wrapping-key`, without parts, derived from
HMAC-SHA256(pepper, stretched password); `session` with account and session, for a seed sealed under an unlock secret.
"""

import base64
import hashlib
import hmac
import secrets
import string
import unicodedata
from typing import ClassVar
from uuid import UUID

from app.crypto import contexts, fields
from app.crypto.errors import SealBroken
from app.crypto.references import ALPHABET

KEY_BYTES = 32

SHORTEST_PASSWORD = 12
"""Code points. Source: NIST SP 800-63B-4 section 3.1.1.2 asks 8 beside a second factor and 15 without one."""
LONGEST_PASSWORD = 256
"""Code points. Source: the same section asks that at least 64 be allowed; a bound keeps normalisation cheap."""
FEWEST_DIFFERENT = 5
"""Different characters. Source: NIST SP 800-63B-3 section 5.1.1.2 names repetition among what to refuse."""
SHORTEST_TELLING_NAME = 4
"""Characters. A shorter username stands inside honest passphrases by chance."""
FEWEST_BESIDE_OBVIOUS = 6
"""Characters that must remain when the obvious words are taken out, if there were any."""
OBVIOUS = (
    "correcthorsebatterystaple",
    "whistleblowing",
    "whistleblower",
    "administrator",
    "abcdefghijkl",
    "qwertyuiop",
    "1q2w3e4r5t",
    "1234567890",
    "asdfghjkl",
    "grievance",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "changeme",
    "letmein",
    "welcome",
    "candour",
    "council",
    "football",
    "iloveyou",
    "princess",
    "sunshine",
    "liverpool",
    "monday",
    "spring",
    "summer",
    "autumn",
    "winter",
    "dragon",
    "monkey",
    "secret",
    "qwerty",
    "zxcvbn",
    "123456",
    "654321",
    "abc123",
    "12345",
    "admin",
    "1234",
    "abcd",
    "123",
)
"""Longest first where one holds another. Source: NCSC, "Password policy: updating your approach", on deny lists."""

_ONE_TIME_GROUPS = 4
_ONE_TIME_GROUP_CHARACTERS = 5
_NO_FILLING = str.maketrans("", "", string.punctuation.replace("@", "") + string.whitespace)


class PasswordRefused(ValueError):
    """The password breaks a rule. The message is the rule, and never repeats what was typed."""

    rule: ClassVar[str]

    def __init__(self) -> None:
        """Make the rule the message."""
        super().__init__(self.rule)


class PasswordTooShort(PasswordRefused):
    """The password has too few characters."""

    rule = f"A password has at least {SHORTEST_PASSWORD} characters. Three or four random words are easy to remember."


class PasswordTooLong(PasswordRefused):
    """The password has too many characters."""

    rule = f"A password has at most {LONGEST_PASSWORD} characters."


class PasswordNamesAccount(PasswordRefused):
    """The password holds the username."""

    rule = "A password does not contain the username."


class PasswordTooObvious(PasswordRefused):
    """The password is among the first that anybody would try."""

    rule = "A password is not a well-known one, nor a few characters repeated, nor a common word with little around it."


def new_refresh_token() -> tuple[str, bytes]:
    """Return a new refresh token of 256 bits for the client, and the digest of it to store."""
    token = secrets.token_urlsafe(KEY_BYTES)
    return token, digest(token)


def digest(token: str) -> bytes:
    """Return what is stored of a random token. A plain hash is enough: 256 random bits cannot be guessed from it."""
    return hashlib.sha256(token.encode()).digest()


def new_one_time_password() -> str:
    """Return a password of 100 random bits that can be read out: four groups of five characters."""
    groups = (
        "".join(secrets.choice(ALPHABET) for _ in range(_ONE_TIME_GROUP_CHARACTERS)) for _ in range(_ONE_TIME_GROUPS)
    )
    return "-".join(groups)


def normalise_password(password: str) -> str:
    """Return the password in the form to stretch, the same for every keyboard that typed it.

    Source: NIST SP 800-63B-3 section 5.1.1.2, NFKC before hashing.

    Raises:
        PasswordTooLong: it is longer than any password that was ever accepted.

    """
    if len(password) > LONGEST_PASSWORD:
        raise PasswordTooLong
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, username: str) -> None:
    """Return if the password may be chosen for that username. There are no rules of composition.

    Source: NIST SP 800-63B-3 section 5.1.1.2 and NCSC, "Password policy: updating your approach".

    Raises:
        PasswordTooShort: under SHORTEST_PASSWORD, counted as typed and as normalised.
        PasswordTooLong: over LONGEST_PASSWORD, counted likewise.
        PasswordNamesAccount: the username, or its part before an @, stands in it.
        PasswordTooObvious: it repeats few characters, or is an obvious word with little around it.

    """
    normalised = normalise_password(password)
    if len(normalised) > LONGEST_PASSWORD:
        raise PasswordTooLong
    if min(len(password), len(normalised)) < SHORTEST_PASSWORD:
        raise PasswordTooShort
    folded = normalised.casefold()
    name = unicodedata.normalize("NFKC", username).casefold()
    if any(len(part) >= SHORTEST_TELLING_NAME and part in folded for part in (name, name.partition("@")[0])):
        raise PasswordNamesAccount
    if len(set(folded)) < FEWEST_DIFFERENT or _is_obvious(folded):
        raise PasswordTooObvious


def _is_obvious(folded: str) -> bool:
    """Say whether little remains when the obvious words are taken out."""
    compact = folded.translate(_NO_FILLING)
    rest = compact
    for word in OBVIOUS:
        rest = rest.replace(word, "")
    return rest != compact and len(rest) < FEWEST_BESIDE_OBVIOUS


def split_stretched(stretched: bytes, pepper: bytes) -> tuple[bytes, bytes]:
    """Return the verifier to store and the key that wraps the account's seed; neither tells the other.

    The pepper is kept outside the database, so that a stolen database is no ground for guessing passwords.

    Raises:
        ValueError: either input is not KEY_BYTES long.

    """
    if len(stretched) != KEY_BYTES or len(pepper) != KEY_BYTES:
        raise ValueError("the stretched password and the pepper are 32 bytes each")
    peppered = hmac.digest(pepper, stretched, "sha256")
    return fields.derive(peppered, "password-verifier"), fields.derive(peppered, "password-wrapping-key")


def new_unlock_secret() -> str:
    """Return a new unlock secret of 256 bits in base64url. The client alone keeps it."""
    return secrets.token_urlsafe(KEY_BYTES)


def seal_session_key(unlock_secret: str, seed: bytes, session_id: UUID, account_id: UUID) -> bytes:
    """Return the account's seed sealed under the unlock secret, for this session of this account only.

    Raises:
        SealBroken: the unlock secret is not one that new_unlock_secret makes.

    """
    return fields.seal(_unlock_key(unlock_secret), _session_context(session_id, account_id), seed)


def open_session_key(unlock_secret: str, sealed: bytes, session_id: UUID, account_id: UUID) -> bytes:
    """Return the seed that was sealed for this session.

    Raises:
        SealBroken: another unlock secret, session or account, or damaged bytes.

    """
    return fields.open_(_unlock_key(unlock_secret), _session_context(session_id, account_id), sealed)


def _session_context(session_id: UUID, account_id: UUID) -> bytes:
    return contexts.encode("session", account_id, session_id)


def _unlock_key(unlock_secret: str) -> bytes:
    """Return the key that an unlock secret spells, in its one spelling."""
    try:
        key = base64.urlsafe_b64decode(unlock_secret + "=" * (-len(unlock_secret) % 4))
    except ValueError:
        raise SealBroken from None
    if len(key) != KEY_BYTES or base64.urlsafe_b64encode(key).rstrip(b"=").decode() != unlock_secret:
        raise SealBroken
    return key
