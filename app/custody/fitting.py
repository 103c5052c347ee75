"""Whether what a root signed fits what the service knows of a channel. Pure; a difference names a place and a rule, no value."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.crypto import hpke
from app.crypto.manifests import Manifest

Difference = dict[str, str]
"""Where in the document, and the rule."""


@dataclass(frozen=True)
class Known:
    """What the service knows of a channel and of the accounts that a manifest names."""

    threshold: int
    standing: Mapping[UUID, tuple[UUID, bytes]]
    """Account and sealing key of each custodian who stands, by id."""
    is_first: bool
    taken: Collection[UUID]
    """Ids that a custodian of the organisation has or had."""
    fit: Collection[UUID]
    """Accounts among those named that are active and hold the role of custodian."""
    officers: Mapping[UUID, bytes | None]
    """The channel's case officers and the keys of their accounts; None where the account is not active in that role."""
    active: Collection[UUID]
    """Accounts among the requesters that are active."""


def differences(manifest: Manifest, known: Known) -> list[Difference]:
    """Return in what the manifest does not fit; nothing if it does."""
    return [
        {"in": "document", "pointer": pointer, "rule": rule}
        for part in (_of_the_first, _of_accounts, _of_custodians, _of_others)
        for pointer, rule in part(manifest, known)
    ]


def _of_the_first(manifest: Manifest, known: Known) -> Iterator[tuple[str, str]]:
    if known.is_first:
        if {one.id: (one.account, one.sealing_key) for one in manifest.custodians} != known.standing:
            yield "/custodians", "the first manifest names the custodians and keys that the channel has"
        if manifest.threshold != known.threshold:
            yield "/threshold", "the first manifest has the threshold that the channel has"


def _of_accounts(manifest: Manifest, known: Known) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(manifest.custodians):
        if one.account not in known.fit:
            yield f"/custodians/{number}/account", "must be an active account that holds the role custodian"
        if one.account in known.officers:
            yield f"/custodians/{number}/account", "must not be a case officer of the channel"


def _of_custodians(manifest: Manifest, known: Known) -> Iterator[tuple[str, str]]:
    accounts = {custodian_id: account for custodian_id, (account, _) in known.standing.items()}
    ids = {account: custodian_id for custodian_id, account in accounts.items()}
    for number, one in enumerate(manifest.custodians):
        if ids.get(one.account, one.id) != one.id or accounts.get(one.id, one.account) != one.account:
            yield f"/custodians/{number}/id", "a custodian who stands keeps their id"
        elif one.id in known.taken and one.id not in accounts:
            yield f"/custodians/{number}/id", "who joins has an id that nobody had before"
        if not _is_usable(one.sealing_key):
            yield f"/custodians/{number}/sealing_key", "must be a usable MLKEM768-X25519 public key"


def _of_others(manifest: Manifest, known: Known) -> Iterator[tuple[str, str]]:
    if {one.account: one.sealing_key for one in manifest.officers} != known.officers:
        yield "/officers", "must be the channel's case officers, all active, each with the key of their account"
    for number, one in enumerate(manifest.requesters):
        if one.account not in known.active:
            yield f"/requesters/{number}/account", "must be an active account"


def _is_usable(public_key: bytes) -> bool:
    try:
        hpke.seal(public_key, b"", b"")
    except ValueError:
        return False
    return True
