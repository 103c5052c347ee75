"""Takes a grievance that was sealed where it was written. It checks that those who are to open it can be the ones, and opens nothing."""

from typing import Any
from uuid import UUID

from app.cases import opening
from app.cases.opening import Grant
from app.crypto import case_keys, conversation_keys, hpke, identity, ids, logproofs, sharing
from app.crypto.events import Touched
from app.intake import conversations
from app.intake.doors import ChannelUnattended, Door
from app.intake.models import GrievanceKind
from app.intake.receipts import stored_lookup
from app.intake.sealed_schemas import SealedGrievanceIn, SealedIdentityIn
from app.intake.submission import Submission, content_of, unresolved
from app.kernel import clock
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import Conflict, InvalidInput
from app.vault import sealing
from app.vault.erasure import ErasureKeys

_PIECE_BYTES = 1 + sharing.SECRET_BYTES


class SealedToOthers(Conflict):
    """What you sent is sealed to other officers or custodians than the channel has now. Read the channel again, and seal anew.

    Nothing was stored.
    """

    title = "This is sealed to others"


class SealedToBarred(Conflict):
    """You barred somebody and yet granted them the key of the case. Nothing was stored. Seal anew, with no grant for whom you bar."""

    title = "This is sealed to somebody whom you bar"


def take(door: Door, draft: SealedGrievanceIn, keys: ServiceKeys, kept: ErasureKeys) -> Submission:
    """Return the grievance ready to be stored, the erasure key of its identity on the disk. Blocks.

    Raises:
        SealedToBarred: somebody whom it bars has a grant.
        SealedToOthers: its keys or its shares are for others than the channel names.
        ChannelUnattended: no officer could open the case.
        InvalidInput: an id was not made for this day.

    """
    if not door.officers:
        raise ChannelUnattended
    _require_of_today(draft)
    if not door.barred.isdisjoint(one.account_id for one in draft.grants):
        raise SealedToBarred
    _require_officers(door, draft)
    require_custodians(door, draft.identity)
    attending = {officer.account_id for officer in door.officers}
    grants = [Grant(one.account_id, one.sealed_key) for one in draft.grants if one.account_id in attending]
    today = clock.today()
    new_case = opening.adopt(door.origin, draft.case_id, grants, today, keys)
    kept.keep({draft.identity.id: draft.identity.shred_key})
    return Submission(
        draft.grievance_id,
        opening.walled_off(new_case, door.barred),
        _identity(door, draft),
        _content(door, draft, keys),
        Touched(logproofs.STATEMENT, draft.grievance_id, draft.statement),
    )


def _require_of_today(draft: SealedGrievanceIn) -> None:
    """A key of a row tells its day: one that tells another day, or an hour, would stand out for ever."""
    today = clock.today()
    made: list[tuple[str, UUID]] = [
        ("/case_id", draft.case_id),
        ("/grievance_id", draft.grievance_id),
        ("/identity/id", draft.identity.id),
        *((f"/allegations/{number}/id", one.id) for number, one in enumerate(draft.allegations)),
        *((f"/conflicted/{number}/id", one.id) for number, one in enumerate(draft.conflicted)),
    ]
    rule = "must be a UUIDv7 of the first instant of this day, UTC"
    errors = [{"in": "body", "pointer": place, "rule": rule} for place, one in made if not ids.is_of(one, today)]
    if errors:
        raise InvalidInput(errors=errors)


def _require_officers(door: Door, draft: SealedGrievanceIn) -> None:
    """Everybody who attends the channel is granted the key. The manifest may name more, whose grants are not kept."""
    keys = {officer.account_id: officer.public_key.public for officer in door.officers}
    granted = {one.account_id: one.sealed_key for one in draft.grants}
    if len(granted) != len(draft.grants) or not granted.keys() >= keys.keys():
        raise SealedToOthers
    if not all(hpke.is_sealed_to(key, granted[account_id]) for account_id, key in keys.items()):
        raise SealedToOthers
    if not hpke.is_sealed_to(draft.reporter_keys.inbox_public_key, draft.key_for_sender):
        raise SealedToOthers


def require_custodians(door: Door, sealed: SealedIdentityIn) -> None:
    """Return if every custodian of the door has a share of the identity, sealed to them.

    Raises:
        SealedToOthers: otherwise.

    """
    keys = {one.id: _public(one) for one in door.custodians}
    shares = {one.custodian_id: one.share for one in sealed.shares}
    held = dict(zip(sorted(keys), sharing.held_by(door.threshold, len(keys)), strict=True))
    if len(shares) != len(sealed.shares) or shares.keys() != keys.keys():
        raise SealedToOthers
    if len(sealed.commitments) != sharing.pieces_of(door.threshold, len(keys)):
        raise SealedToOthers
    if not all(hpke.is_sealed_to(keys[one], share, len(held[one]) * _PIECE_BYTES) for one, share in shares.items()):
        raise SealedToOthers


def _public(custodian: identity.Custodian) -> bytes:
    key = custodian.public_key
    return key.public if isinstance(key, hpke.PublicKey) else key


def _identity(door: Door, draft: SealedGrievanceIn) -> sealing.Rows:
    found = draft.identity
    shares = {one.custodian_id: one.share for one in found.shares}
    sealed = identity.SealedIdentity(found.ciphertext, found.check, found.commitments, shares)
    return sealing.rows_of(door.organisation_id, draft.case_id, {found.id: sealed}, door.threshold)


def _content(door: Door, draft: SealedGrievanceIn, keys: ServiceKeys) -> sealing.Rows:
    of_case = {"organisation_id": door.organisation_id, "case_id": draft.case_id}
    reporter = draft.reporter_keys
    grievance: dict[str, Any] = of_case | {
        "id": draft.grievance_id,
        "channel_id": door.channel_id,
        "kind": GrievanceKind.INDIVIDUAL.value,
        "submitted_on": clock.today(),
        "receipt_lookup": stored_lookup(keys, reporter.lookup),
        "reporter_public_key": reporter.inbox_public_key,
        "reporter_signing_key": reporter.signing_public_key,
        "representative_id": None,
        "identity_id": draft.identity.id,
        "key_version": conversation_keys.FIRST_VERSION,
        "sender_tag": conversations.sender_tag(
            keys, door.organisation_id, draft.grievance_id, reporter.inbox_public_key
        ),
        "case_key_version": case_keys.FIRST_VERSION,
        "key_for_case": draft.key_for_case,
        "key_for_sender": draft.key_for_sender,
        **{f"{name}_sealed": sealed for name, sealed in draft.texts},
    }
    allegations: list[dict[str, Any]] = [
        of_case
        | {
            "id": one.id,
            "grievance_id": draft.grievance_id,
            "position": position,
            "label_sealed": one.label,
            "statement_sealed": one.statement,
        }
        for position, one in enumerate(draft.allegations, 1)
    ]
    conflicts = [
        unresolved(door.organisation_id, draft.case_id, draft.grievance_id, one.id, position, one.description)
        for position, one in enumerate(draft.conflicted, 1)
    ]
    return content_of(grievance, allegations, conflicts)
