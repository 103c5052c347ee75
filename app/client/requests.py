"""A request that somebody made on this machine: kept sealed until it is combined, since its key is nowhere else."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from app.client import places
from app.client.terminal import Failure
from app.crypto import case_keys, contexts, fields, hpke, identity, openings, signing
from app.crypto.documents import Signed
from app.crypto.errors import SealBroken
from app.crypto.keyfiles import Keys
from app.crypto.openings import Purpose, Request

FOLDER = "requests"
_LABEL = "opening-request-kept"
_VERSION_BYTES = 8
_NOT_FOR = {
    Purpose.IDENTITY: "This request is for the key of a case, not for an identity: use recover-case combine.",
    Purpose.CASE_KEY: "This request is for an identity, not for the key of a case: use openings combine.",
}


@dataclass(frozen=True)
class Kept:
    """A request, as signed, and the seed of its key."""

    request: Request
    signed: Signed
    seed: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """Return what releases are bound to."""
        return openings.request_digest(self.signed)

    @property
    def private(self) -> hpke.PrivateKey:
        """Return what opens the releases."""
        return hpke.PrivateKey(self.seed)


def _path(request_id: UUID) -> Path:
    folder = places.folder() / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{request_id}.sealed"


def keep(request: Request, seed: bytes, own: Keys) -> Kept:
    """Return the request, signed; a file of this machine has it, which opens with the requester's key alone."""
    kept = Kept(request, openings.sign_request(request, own.signing_seed), seed)
    content = seed + kept.signed.signature + kept.signed.document
    sealed = fields.seal(_key(own, request.id), contexts.encode(_LABEL, request.id), content)
    places.write_new(_path(request.id), sealed, places.OWNER_ALONE)
    return kept


def find(request_id: UUID, own: Keys, purpose: Purpose) -> Kept:
    """Return a request that was made here for this purpose.

    Raises:
        Failure: it was not, it is done, it is for the other purpose, or other keys made it.

    """
    try:
        sealed = places.read_private(_path(request_id))
        opened = fields.open_(_key(own, request_id), contexts.encode(_LABEL, request_id), sealed)
    except FileNotFoundError:
        raise Failure(
            "This request was not made on this machine, or is done: only where it was made can it be opened."
        ) from None
    except (SealBroken, places.OpenToOthers):
        raise Failure("The file of this request does not open with these keys.") from None
    seed, rest = opened[: hpke.SEED_BYTES], opened[hpke.SEED_BYTES :]
    signed = Signed(rest[signing.SIGNATURE_BYTES :], rest[: signing.SIGNATURE_BYTES])
    request = openings.read_request(signed)
    if request.purpose is not purpose:
        raise Failure(_NOT_FOR[purpose])
    return Kept(request, signed, seed)


def forget(request_id: UUID) -> None:
    """The seed of the request's key is gone from this machine, so that what was released for it opens no more."""
    _path(request_id).unlink(missing_ok=True)


def _key(own: Keys, request_id: UUID) -> bytes:
    return fields.derive(own.signing_seed, _LABEL, request_id)


def reference_of(purpose: Purpose, organisation: UUID, case: UUID, subject: UUID, shown: bytes) -> bytes:
    """Return what the sharing of something is bound to. Of a case key, the version is the one in the reference that is shown."""
    if purpose is Purpose.IDENTITY:
        return identity.reference_of(organisation, case, subject)
    return case_keys.reference_of(organisation, case, version_in(shown))


def version_in(reference: bytes) -> int:
    """Return the version of the case key that a sharing is bound to: the last part of its reference."""
    return int.from_bytes(reference[-_VERSION_BYTES:])
