"""What a custodian or requester hands to whoever holds the root: their public keys, signed with their own; docs/formats.md, "Enrolment".

The signature shows that whoever enrols has the signing key. That the person is who they say is for the root's holder to see.
Vectors: tests/crypto/vectors/enrolments.json.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.crypto import documents, hpke, signing
from app.crypto.documents import Signed, spell
from app.crypto.errors import DocumentInvalid
from app.crypto.keyfiles import Keys, Kind, PublicKeys
from app.crypto.manifests import LONGEST_NAME

ENROLMENT_LABEL = "enrolment"
FORMAT = "candour/enrolment/1"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Somebody wants to be named in a manifest, under this label and with these keys."""

    account: UUID
    label: str
    keys: PublicKeys

    def __post_init__(self) -> None:
        """Hold only enrolments that a manifest has a place for.

        Raises:
            DocumentInvalid: it is neither of a custodian nor of a requester.

        """
        if self.keys.kind not in {Kind.CUSTODIAN, Kind.REQUESTER}:
            raise DocumentInvalid("only custodians and requesters enrol")


def sign_enrolment(account: UUID, label: str, keys: Keys) -> Signed:
    """Return the enrolment of these keys as a document, signed with their own signing key.

    Raises:
        DocumentInvalid: they are neither a custodian's nor a requester's.

    """
    enrolment = Enrolment(account, label, keys.public)
    content = {
        "format": FORMAT,
        "kind": enrolment.keys.kind.value,
        "account": str(account),
        "label": label,
        "sealing_key": None if enrolment.keys.sealing_key is None else spell(enrolment.keys.sealing_key),
        "signing_key": spell(enrolment.keys.signing_key),
    }
    return documents.write_signed(keys.signing_seed, ENROLMENT_LABEL, content)


def read_enrolment(signed: Signed) -> Enrolment:
    """Return the enrolment in a document that the key named in it signed.

    Raises:
        DocumentInvalid: it breaks a rule of the format.
        NotAuthentic: that key did not sign it.

    """
    found = documents.read(signed.document, _MEMBERS)
    keys = PublicKeys(found["kind"], found["sealing_key"], found["signing_key"])
    signed.require_signed_by(keys.signing_key, ENROLMENT_LABEL)
    return Enrolment(found["account"], found["label"], keys)


_MEMBERS: dict[str, Callable[[Any], Any]] = {
    "format": documents.exactly(FORMAT),
    "kind": Kind,
    "account": documents.uuid,
    "label": documents.text(LONGEST_NAME),
    "sealing_key": documents.optional(documents.octets(hpke.PUBLIC_KEY_BYTES)),
    "signing_key": documents.octets(signing.PUBLIC_KEY_BYTES),
}
