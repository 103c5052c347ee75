"""Keys of people in a file under a passphrase; see docs/formats.md, "Key file".

Blocks for a fraction of a second. Knows nothing of disks: a file is its bytes. Vectors: tests/crypto/vectors/keyfiles.json.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.crypto import contexts, documents, fields, fingerprints, hpke, passwords, signing
from app.crypto.errors import DocumentInvalid, SealBroken

FORMAT = "candour/key-file/1"
MEMORY_KIB = 65_536
ITERATIONS = 3
"""Source: RFC 9106 section 4, the second recommended option (64 MiB, t=3); here with one lane."""
MOST_MEMORY_KIB = 4 * 1024 * 1024
MOST_ITERATIONS = 64
"""A file that asks for more is not opened: it would only keep this machine busy."""
SALT_BYTES = 16
_SEALED_BYTES = 73
"""What a field adds to its content, while that is short."""


class Kind(StrEnum):
    """What the keys of a file are for. Nobody uses one key for two of these."""

    CUSTODIAN = "custodian"
    REQUESTER = "requester"
    ROOT = "root"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What everybody may know of somebody's keys. Only custodians have a sealing key."""

    kind: Kind
    sealing_key: bytes | None
    signing_key: bytes

    def __post_init__(self) -> None:
        """Hold the keys of that kind.

        Raises:
            DocumentInvalid: a custodian's sealing key is missing, or somebody else has one.

        """
        if (self.kind is Kind.CUSTODIAN) != (self.sealing_key is not None):
            raise DocumentInvalid("custodians, and nobody else, have a sealing key")

    @property
    def words(self) -> str:
        """Return the fingerprint words of the keys."""
        return fingerprints.words((self.sealing_key or b"") + self.signing_key)


@dataclass(frozen=True, slots=True)
class Keys:
    """Somebody's private keys."""

    kind: Kind
    sealing_seed: bytes | None = field(repr=False)
    signing_seed: bytes = field(repr=False)

    @property
    def public(self) -> PublicKeys:
        """Return their public halves.

        Raises:
            DocumentInvalid: they are not the keys of that kind.

        """
        sealing_key = None if self.sealing_seed is None else hpke.public_key(self.sealing_seed)
        return PublicKeys(self.kind, sealing_key, signing.public_key(self.signing_seed))


def new_keys(kind: Kind) -> Keys:
    """Return fresh random keys for that."""
    return Keys(kind, hpke.new_seed() if kind is Kind.CUSTODIAN else None, signing.new_seed())


def seal_keys(keys: Keys, passphrase: str) -> bytes:
    """Return the file that holds the keys under a passphrase. Blocks."""
    public, salt = keys.public, secrets.token_bytes(SALT_BYTES)
    key = passwords.stretch(passphrase, salt, MEMORY_KIB, ITERATIONS)
    sealed = fields.seal(key, _context(public), (keys.sealing_seed or b"") + keys.signing_seed)
    content = {
        "format": FORMAT,
        "kind": public.kind.value,
        "sealing_key": None if public.sealing_key is None else documents.spell(public.sealing_key),
        "signing_key": documents.spell(public.signing_key),
        "salt": documents.spell(salt),
        "memory_kib": MEMORY_KIB,
        "iterations": ITERATIONS,
        "sealed": documents.spell(sealed),
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def read_public(file: bytes) -> PublicKeys:
    """Return what a key file says of its public keys. That it holds their private halves shows when it is opened.

    Raises:
        DocumentInvalid: it is no key file.

    """
    return _read(file)[0]


def open_keys(file: bytes, passphrase: str) -> Keys:
    """Return the keys of a file. Blocks.

    Raises:
        DocumentInvalid: it is no key file.
        SealBroken: the passphrase is another, or the file was altered.

    """
    public, found = _read(file)
    key = passwords.stretch(passphrase, found["salt"], found["memory_kib"], found["iterations"])
    seeds = fields.open_(key, _context(public), found["sealed"])
    keys = Keys(public.kind, seeds[: -signing.SEED_BYTES] or None, seeds[-signing.SEED_BYTES :])
    if keys.public != public:
        raise SealBroken
    return keys


def _read(file: bytes) -> tuple[PublicKeys, dict[str, Any]]:
    found = documents.read(file, _MEMBERS)
    return PublicKeys(found["kind"], found["sealing_key"], found["signing_key"]), found


def _context(public: PublicKeys) -> bytes:
    return contexts.encode("key-file", public.kind.value, public.sealing_key or b"", public.signing_key)


def _sealed(value: Any) -> bytes:  # noqa: ANN401 any JSON
    """Return the sealed seeds: one or two of them."""
    try:
        return documents.octets(_SEALED_BYTES + signing.SEED_BYTES)(value)
    except ValueError:
        return documents.octets(_SEALED_BYTES + hpke.SEED_BYTES + signing.SEED_BYTES)(value)


_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "format": documents.exactly(FORMAT),
    "kind": Kind,
    "sealing_key": documents.optional(documents.octets(hpke.PUBLIC_KEY_BYTES)),
    "signing_key": documents.octets(signing.PUBLIC_KEY_BYTES),
    "salt": documents.octets(SALT_BYTES),
    "memory_kib": documents.number(MEMORY_KIB, MOST_MEMORY_KIB),
    "iterations": documents.number(ITERATIONS, MOST_ITERATIONS),
    "sealed": _sealed,
}
