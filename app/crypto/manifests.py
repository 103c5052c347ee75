"""Whose keys count in a channel: a chain of manifests signed by an offline root; see docs/formats.md, "Manifest".

Clients pin the root's public key. What a service says about custodians, requesters or officers counts for them only if the
newest manifest says it too. Vectors: tests/crypto/vectors/manifests.json.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.crypto import documents, hpke, sharing, signing
from app.crypto.documents import Signed, spell
from app.crypto.errors import DocumentInvalid, NotAuthentic

MANIFEST_LABEL = "manifest"
FORMAT = "candour/manifest/1"
LONGEST_NAME = 300
MOST_PEOPLE = 100
MOST_EPOCHS = 1_000_000


@dataclass(frozen=True, slots=True)
class CustodianEntry:
    """A custodian and their two public keys: what shares are sealed to, and what answers are signed with."""

    id: UUID
    account: UUID
    label: str
    sealing_key: bytes
    signing_key: bytes


@dataclass(frozen=True, slots=True)
class RequesterEntry:
    """Somebody who may ask for an opening, and the key that requests are signed with."""

    account: UUID
    label: str
    signing_key: bytes


@dataclass(frozen=True, slots=True)
class OfficerEntry:
    """A case officer of the channel, and the key of their account, which a client seals a case key to."""

    account: UUID
    label: str
    sealing_key: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the root says of one channel, until the next epoch."""

    organisation: UUID
    channel: UUID
    slug: str
    epoch: int
    previous: bytes | None
    """Digest of the manifest before; None for the first epoch."""
    issued_on: date
    threshold: int
    custodians: tuple[CustodianEntry, ...]
    requesters: tuple[RequesterEntry, ...]
    officers: tuple[OfficerEntry, ...]
    root: bytes

    def __post_init__(self) -> None:
        """Hold only manifests that make sense.

        Raises:
            DocumentInvalid: somebody is named twice, the threshold does not fit, or the first epoch has a predecessor.

        """
        if (self.epoch == 1) != (self.previous is None):
            raise DocumentInvalid("previous is missing exactly in the first epoch")
        if not 1 <= self.threshold <= len(self.custodians) <= sharing.MOST_HOLDERS:
            raise DocumentInvalid("threshold is at least 1 and at most the number of custodians, who are at most 9")
        for name in ("id", "account", "sealing_key", "signing_key"):
            _require_different("custodians", [getattr(one, name) for one in self.custodians])
        _require_different("requesters", [one.account for one in self.requesters])
        _require_different("officers", [one.account for one in self.officers])

    def custodian(self, custodian_id: UUID) -> CustodianEntry | None:
        """Return the custodian with that id, if there is one."""
        return next((one for one in self.custodians if one.id == custodian_id), None)

    def requester(self, account_id: UUID) -> RequesterEntry | None:
        """Return whoever of that account may ask, if the manifest names them."""
        return next((one for one in self.requesters if one.account == account_id), None)


def _require_different(what: str, values: Sequence[object]) -> None:
    if len(set(values)) != len(values):
        raise DocumentInvalid(f"{what} names somebody twice")


def sign_manifest(manifest: Manifest, root_seed: bytes) -> Signed:
    """Return the manifest as a document, signed by its root.

    Raises:
        ValueError: the seed is not that of the manifest's root.

    """
    if signing.public_key(root_seed) != manifest.root:
        raise ValueError("this is not the seed of the manifest's root")
    content = {
        "format": FORMAT,
        "organisation": str(manifest.organisation),
        "channel": str(manifest.channel),
        "slug": manifest.slug,
        "epoch": manifest.epoch,
        "previous": None if manifest.previous is None else spell(manifest.previous),
        "issued_on": manifest.issued_on.isoformat(),
        "threshold": manifest.threshold,
        "custodians": [
            {
                "id": str(one.id),
                "account": str(one.account),
                "label": one.label,
                "sealing_key": spell(one.sealing_key),
                "signing_key": spell(one.signing_key),
            }
            for one in manifest.custodians
        ],
        "requesters": [
            {"account": str(one.account), "label": one.label, "signing_key": spell(one.signing_key)}
            for one in manifest.requesters
        ],
        "officers": [
            {"account": str(one.account), "label": one.label, "sealing_key": spell(one.sealing_key)}
            for one in manifest.officers
        ],
        "root": spell(manifest.root),
    }
    return documents.write_signed(root_seed, MANIFEST_LABEL, content)


def read(signed: Signed) -> Manifest:
    """Return the manifest in a document that the root named in it signed. Whether that root is the right one is not asked.

    Raises:
        DocumentInvalid: it breaks a rule of the format.
        NotAuthentic: that root did not sign it.

    """
    found = documents.read(signed.document, _MEMBERS)
    del found["format"]
    manifest = Manifest(**found)
    signed.require_signed_by(manifest.root, MANIFEST_LABEL)
    return manifest


def digest(signed: Signed) -> bytes:
    """Return the 32 bytes that name a manifest."""
    return signed.name_under(MANIFEST_LABEL)


def require_follows(manifest: Manifest, before: Manifest, digest_before: bytes) -> None:
    """Return if a manifest is the next one of the same chain.

    Raises:
        NotAuthentic: another channel, organisation or root, or it does not name the one before.

    """
    same = ("organisation", "channel", "slug", "root")
    is_next = manifest.epoch == before.epoch + 1 and manifest.previous == digest_before
    if not is_next or any(getattr(manifest, name) != getattr(before, name) for name in same):
        raise NotAuthentic


def read_chain(chain: Sequence[Signed], root: bytes) -> list[Manifest]:
    """Return the manifests of a whole chain, oldest first, all signed by the pinned root.

    Raises:
        DocumentInvalid: one of them breaks a rule of the format.
        NotAuthentic: the chain is empty, does not start with the first epoch, has a gap, or another root.

    """
    manifests: list[Manifest] = []
    for number, signed in enumerate(chain):
        manifest = read(signed)
        if manifest.root != root:
            raise NotAuthentic
        if number:
            require_follows(manifest, manifests[-1], digest(chain[number - 1]))
        elif manifest.epoch != 1:
            raise NotAuthentic
        manifests.append(manifest)
    if not manifests:
        raise NotAuthentic
    return manifests


def _people(kind: Callable[..., Any], name: str, members: dict[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def reader(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 any JSON
        if not isinstance(value, list) or len(value) > MOST_PEOPLE:
            raise ValueError
        return tuple(kind(**documents.read_object(one, members, f"{name}: ")) for one in value)

    return reader


_PERSON = {"account": documents.uuid, "label": documents.text(LONGEST_NAME)}
_SEALING = {"sealing_key": documents.octets(hpke.PUBLIC_KEY_BYTES)}
_SIGNING = {"signing_key": documents.octets(signing.PUBLIC_KEY_BYTES)}
_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "format": documents.exactly(FORMAT),
    "organisation": documents.uuid,
    "channel": documents.uuid,
    "slug": documents.text(LONGEST_NAME),
    "epoch": documents.number(1, MOST_EPOCHS),
    "previous": documents.optional(documents.octets(32)),
    "issued_on": documents.day,
    "threshold": documents.number(1, sharing.MOST_HOLDERS),
    "custodians": _people(CustodianEntry, "custodians", {"id": documents.uuid, **_PERSON, **_SEALING, **_SIGNING}),
    "requesters": _people(RequesterEntry, "requesters", {**_PERSON, **_SIGNING}),
    "officers": _people(OfficerEntry, "officers", {**_PERSON, **_SEALING}),
    "root": documents.octets(signing.PUBLIC_KEY_BYTES),
}
