"""Turns what somebody sends into rows, all of it sealed, before any transaction. It blocks: it runs in a pool of threads, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from app.cases import opening
from app.cases.escrow import Holders
from app.cases.models import DescribedConflict
from app.cases.opening import NewCase
from app.crypto import classifications, conversation_keys, hpke, logproofs, receipts
from app.crypto.events import Touched
from app.intake import conversations, headcount, relaying
from app.intake.before_sending_schemas import RelayIn
from app.intake.doors import ChannelUnattended, Door
from app.intake.models import Grievance, GrievanceKind, HeadcountClaim, RaisedAllegation, Supporter
from app.intake.receipts import derive, stored_lookup
from app.intake.relay_models import Relay
from app.intake.schemas import CollectiveGrievanceIn, GrievanceIn, HeadcountClaimIn, RelayedGrievanceIn
from app.kernel import clock
from app.kernel.db import table_of
from app.kernel.ids import new_id
from app.kernel.keyring import ServiceKeys
from app.vault import sealing
from app.vault.erasure import ErasureKeys

Rows = tuple[Table, list[dict[str, Any]]]
GRIEVANCES, ALLEGATIONS = table_of(Grievance), table_of(RaisedAllegation)
_CLAIMS, _SUPPORTERS, _RELAYS = table_of(HeadcountClaim), table_of(Supporter), table_of(Relay)
_CONFLICTS = table_of(DescribedConflict)
NOBODY = b""
"""The identity of who gave none. Sealed like any other, so that the table does not show it."""


@dataclass(frozen=True)
class Submission:
    """A grievance, sealed and not stored yet, with the case that it opens."""

    grievance_id: UUID
    case: NewCase
    identities: tuple[Rows, ...] = field(repr=False)
    content: tuple[Rows, ...] = field(repr=False)
    statement: Touched
    """The commitment to what is said in it."""
    receipt: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Sender:
    """The columns that say by whom a grievance came, and the key it is answered to."""

    public_key: hpke.PublicKey
    receipt_lookup: bytes | None = None
    signing_key: bytes | None = None
    representative_id: UUID | None = None


class _Writer:
    """Seals the texts of one grievance under its own fresh key."""

    def __init__(self, new_case: NewCase, case_key: bytes, service_keys: ServiceKeys) -> None:
        self.case, self.case_key = new_case, case_key
        self.service_keys = service_keys
        self.id = new_id()
        self.key = conversation_keys.new_key()
        self.statement_salt = logproofs.new_statement_salt()

    def of_case(self, row: UUID) -> dict[str, Any]:
        return {"organisation_id": self.case.organisation_id, "id": row, "case_id": self.case.id}

    def text(self, column: Any, row: UUID, text: str | None) -> bytes | None:  # noqa: ANN401 a Sealed column of any model
        return conversations.seal_text(self.key, column, self.case.organisation_id, self.id, row, text)

    def grievance(
        self, door: Door, draft: GrievanceIn | CollectiveGrievanceIn, sender: _Sender, identity_id: UUID | None
    ) -> dict[str, Any]:
        organisation_id = self.case.organisation_id
        return self.of_case(self.id) | {
            "channel_id": door.channel_id,
            "kind": (GrievanceKind.INDIVIDUAL if sender.representative_id is None else GrievanceKind.COLLECTIVE).value,
            "submitted_on": self.case.received_on,
            "receipt_lookup": sender.receipt_lookup,
            "reporter_public_key": sender.public_key.public if sender.representative_id is None else None,
            "reporter_signing_key": sender.signing_key,
            "representative_id": sender.representative_id,
            "identity_id": identity_id,
            "key_version": conversation_keys.FIRST_VERSION,
            "sender_tag": conversations.sender_tag(
                self.service_keys, organisation_id, self.id, sender.public_key.public
            ),
            "case_key_version": self.case.version,
            "key_for_case": conversation_keys.seal_for_case(
                self.key, self.case_key, organisation_id, self.case.id, self.id
            ),
            "key_for_sender": conversation_keys.seal_for_sender(self.key, organisation_id, self.id, sender.public_key),
            "confidentiality_sealed": self.text(Grievance.confidentiality, self.id, draft.confidentiality.initial),
            "headline_sealed": self.text(Grievance.headline, self.id, draft.headline),
            "narrative_sealed": self.text(Grievance.narrative, self.id, draft.narrative),
            "capacity_sealed": self.text(Grievance.capacity, self.id, draft.capacity),
            "classification_sealed": self.text(
                Grievance.classification, self.id, classifications.encode(draft.categories, draft.relation)
            ),
            "statement_salt_sealed": self.text(Grievance.statement_salt, self.id, self.statement_salt.hex()),
        }

    def statement(self, draft: GrievanceIn | CollectiveGrievanceIn) -> Touched:
        claims = draft.headcount_claims if isinstance(draft, CollectiveGrievanceIn) else ()
        said = logproofs.statement(
            headline=draft.headline,
            narrative=draft.narrative,
            capacity=draft.capacity,
            confidentiality=draft.confidentiality.value,
            allegations=[(raised.label, raised.statement) for raised in draft.allegations],
            headcount_claims=[
                {
                    "in_words": headcount.in_words(claim.number, claim.wording),
                    "number": claim.number,
                    "basis": claim.basis.value,
                    "source": claim.source,
                    "claimed_on": claim.claimed_on.isoformat(),
                }
                for claim in claims
            ],
        )
        return logproofs.commit_to_statement(self.statement_salt, self.case.organisation_id, self.id, said)

    def allegation(self, position: int, label: str | None, statement: str) -> dict[str, Any]:
        row = new_id()
        return self.of_case(row) | {
            "grievance_id": self.id,
            "position": position,
            "label_sealed": self.text(RaisedAllegation.label, row, label),
            "statement_sealed": self.text(RaisedAllegation.statement, row, statement),
        }

    def claim(self, position: int, claim: HeadcountClaimIn) -> dict[str, Any]:
        row = new_id()
        return self.of_case(row) | {
            "grievance_id": self.id,
            "position": position,
            "number": claim.number,
            "basis": claim.basis.value,
            "claimed_on": claim.claimed_on,
            "wording_sealed": self.text(HeadcountClaim.wording, row, claim.wording),
            "source_sealed": self.text(HeadcountClaim.source, row, claim.source),
        }

    def conflict(self, position: int, description: str) -> dict[str, Any]:
        row = new_id()
        sealed = self.text(DescribedConflict.description, row, description)
        return unresolved(self.case.organisation_id, self.case.id, self.id, row, position, sealed)

    def relay(self, draft: RelayIn, entered_by: UUID) -> dict[str, Any]:
        row = new_id()
        return self.of_case(row) | {
            "grievance_id": self.id,
            "entered_by": entered_by,
            "entered_on": clock.today(),
            "how_sealed": self.text(Relay.how, row, relaying.encode(draft)),
        }

    def supporter(self, identity_id: UUID) -> dict[str, Any]:
        return self.of_case(new_id()) | {
            "grievance_id": self.id,
            "identity_id": identity_id,
            "joined_on": clock.today(),
        }


def unresolved(
    organisation_id: UUID, case_id: UUID, grievance_id: UUID, row: UUID, position: int, description: bytes | None
) -> dict[str, Any]:
    """Return the row of a description that nobody resolved yet."""
    of_grievance = {"organisation_id": organisation_id, "id": row, "case_id": case_id, "grievance_id": grievance_id}
    nothing = dict.fromkeys(("outcome", "wall_id", "resolved_by", "resolved_on", "reason_sealed"))
    return of_grievance | nothing | {"position": position, "description_sealed": description}


def seal_individual(door: Door, draft: GrievanceIn, keys: ServiceKeys, kept: ErasureKeys) -> Submission:
    """Return the grievance of one person sealed, the erasure key of their identity on the disk. Blocks.

    Raises:
        ChannelUnattended: no officer could open the case.

    """
    return _sealed_individual(door, draft, _Writer(*_new_case(door, clock.today(), None, keys), keys), kept)


def _sealed_individual(
    door: Door, draft: GrievanceIn, writer: _Writer, kept: ErasureKeys, besides: tuple[Rows, ...] = ()
) -> Submission:
    receipt, sender = _reporter(draft, writer.service_keys)
    person = NOBODY if draft.identity is None else draft.identity.to_bytes()
    sealed = _seal(door, writer.case, [person], kept)
    grievance = writer.grievance(door, draft, sender, sealed.ids[0])
    content = (*_content(writer, grievance, draft), *besides)
    return Submission(writer.id, writer.case, sealed.rows, content, writer.statement(draft), receipt)


def seal_relayed(
    door: Door, draft: RelayedGrievanceIn, entered_by: UUID, keys: ServiceKeys, kept: ErasureKeys
) -> Submission:
    """Return the grievance of one person that an officer entered for them: the same rows, and one that says how it came. Blocks.

    Raises:
        ChannelUnattended: no officer could open the case.

    """
    writer = _Writer(*_new_case(door, draft.received_on, None, keys), keys)
    return _sealed_individual(door, draft, writer, kept, ((_RELAYS, [writer.relay(draft.relay, entered_by)]),))


def seal_collective(
    door: Door,
    draft: CollectiveGrievanceIn,
    representative_id: UUID,
    public_key: bytes,
    keys: ServiceKeys,
    kept: ErasureKeys,
) -> Submission:
    """Return the grievance of many sealed, the erasure key of each supporter's identity on the disk. Blocks.

    Raises:
        ChannelUnattended: no officer, but perhaps the representative, could open the case.

    """
    writer = _Writer(*_new_case(door, draft.submitted_on or clock.today(), representative_id, keys), keys)
    sender = _Sender(hpke.PublicKey(public_key), representative_id=representative_id)
    sealed = _seal(door, writer.case, [supporter.identity.to_bytes() for supporter in draft.supporters], kept)
    content = _content(writer, writer.grievance(door, draft, sender, None), draft)
    claims = [writer.claim(position, claim) for position, claim in enumerate(draft.headcount_claims, 1)]
    supporters = [writer.supporter(identity_id) for identity_id in sealed.ids]
    content = (*content, (_CLAIMS, claims), *([(_SUPPORTERS, supporters)] if supporters else []))
    return Submission(writer.id, writer.case, sealed.rows, content, writer.statement(draft))


def _new_case(
    door: Door, received_on: date, representative_id: UUID | None, keys: ServiceKeys
) -> tuple[NewCase, bytes]:
    if all(officer.account_id == representative_id for officer in door.officers):
        raise ChannelUnattended
    new_case, key = opening.prepare(
        door.origin,
        door.officers,
        Holders(door.custodians, door.threshold),
        received_on,
        keys,
        representative_id,
    )
    return opening.walled_off(new_case, door.barred), key


def _reporter(draft: GrievanceIn, keys: ServiceKeys) -> tuple[str | None, _Sender]:
    if draft.reporter_keys is not None:
        made = draft.reporter_keys
        lookup = stored_lookup(keys, made.lookup)
        return None, _Sender(hpke.PublicKey(made.inbox_public_key), lookup, made.signing_public_key)
    receipt = receipts.new_receipt()
    derived = derive(keys, receipt)
    public_key = hpke.PublicKey(hpke.public_key(derived.inbox_seed))
    return receipt, _Sender(public_key, stored_lookup(keys, derived.lookup))


def _seal(door: Door, new_case: NewCase, people: Sequence[bytes], kept: ErasureKeys) -> sealing.Sealing:
    sealed = sealing.prepare(door.organisation_id, new_case.id, people, door.custodians, door.threshold)
    kept.keep(sealed.erasure_keys)
    return sealed


def _content(
    writer: _Writer, grievance: dict[str, Any], draft: GrievanceIn | CollectiveGrievanceIn
) -> tuple[Rows, ...]:
    allegations = [
        writer.allegation(position, raised.label, raised.statement)
        for position, raised in enumerate(draft.allegations, 1)
    ]
    conflicts = [writer.conflict(position, described) for position, described in enumerate(draft.conflicted, 1)]
    return content_of(grievance, allegations, conflicts)


def content_of(
    grievance: dict[str, Any], allegations: list[dict[str, Any]], conflicts: list[dict[str, Any]]
) -> tuple[Rows, ...]:
    """Return the rows of a grievance, table by table, in the order in which they can be inserted."""
    more = ((ALLEGATIONS, allegations), (_CONFLICTS, conflicts))
    return ((GRIEVANCES, [grievance]), *((table, rows) for table, rows in more if rows))
