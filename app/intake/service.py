"""Stores what came in, and reads it back to those who work the case and to the representative who wrote it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import Entry
from app.cases import opening
from app.cases.lifecycle import CaseState
from app.cases.models import Case, Wall
from app.crypto.errors import SealBroken
from app.duties.profiles import LawProfile
from app.intake import classifying, conversations, headcount, status
from app.intake.case_schemas import CaseGrievanceOut
from app.intake.models import Confidentiality, Grievance, GrievanceKind, HeadcountClaim, RaisedAllegation, Supporter
from app.intake.schemas import (
    CollectiveGrievanceOut,
    CollectiveItem,
    HeadcountClaimIn,
    HeadcountClaimOut,
    OpeningNoticeOut,
    OpeningNoticesOut,
    RaisedAllegationOut,
    ReceiptProofOut,
    StatusOut,
)
from app.intake.submission import Rows, Submission
from app.kernel import clock
from app.kernel.db import insert_rows
from app.kernel.pages import Page, PageQuery
from app.kernel.problems import Conflict
from app.kernel.sealed import SealedContentBroken, open_keys
from app.notifications import outbox
from app.policy.actors import Staff
from app.prooflog import queries
from app.vault import notices
from app.vault.notices import Told

STATUS_COLUMNS = (Case.reference, Case.state, Case.acknowledge_by, Case.acknowledged_on, Case.feedback_by)
"""All that anybody outside a case is told of it."""
CASE_OF_GRIEVANCE: ColumnElement[bool] = and_(
    Case.organisation_id == Grievance.organisation_id, Case.id == Grievance.case_id
)


RECEIVED = "grievance.received"
"""The event that commits to what was said."""


class ReceiptTaken(Conflict):
    """A grievance belongs to this receipt already: draw a new one. If you repeat what may have arrived, use its Idempotency-Key."""

    title = "A grievance belongs to this receipt"


async def store(session: AsyncSession, submission: Submission, submitted_by: Staff | None) -> None:
    """The submission is stored with its case, and the chain of the case begins with what arrived.

    Raises:
        ReceiptTaken: another grievance belongs to the keys that the client made.
        AuditUnavailable: the log cannot be written; the transaction must not commit.

    """
    new_case = submission.case
    entries = [Entry("case.opened", await opening.store(session, new_case))]
    if submission.identities:
        entries.append(Entry("identity.sealed", await _insert(session, submission.identities)))
    try:
        content = await _insert(session, submission.content)
        entries.append(Entry(RECEIVED, content, stated=[submission.statement]))
    except IntegrityError as error:
        if "receipt_lookup" not in str(error.orig):
            raise
        raise ReceiptTaken from error
    await log.append(
        session,
        new_case.organisation_id,
        new_case.id,
        entries,
        actor_id=None if submitted_by is None else submitted_by.account_id,
        at=clock.start_of_day() if submitted_by is None else clock.to_the_minute(),
        is_new=True,
    )
    by_reporter = submitted_by is None
    await outbox.tell(session, new_case.organisation_id, new_case.officers, new_case.id, by_reporter=by_reporter)


async def _insert(session: AsyncSession, tables: Sequence[Rows]) -> list[tuple[str, dict[str, Any]]]:
    await insert_rows(session, tables)
    return [(table.name, columns) for table, rows in tables for columns in rows]


def status_of(row: Any, submitted_on: Any) -> dict[str, Any]:  # noqa: ANN401 a row that has STATUS_COLUMNS
    """Return where a grievance stands, as it may be told outside its case: the members of `StatusOut`."""
    state = status.told(CaseState(row.state))
    return StatusOut(
        reference=row.reference,
        status=state,
        status_in_words=status.IN_WORDS[state],
        submitted_on=submitted_on,
        acknowledge_by=row.acknowledge_by,
        acknowledged_on=row.acknowledged_on,
        feedback_by=row.feedback_by,
    ).model_dump()


def of_grievance(model: Any, organisation_id: UUID, grievance_ids: Sequence[UUID]) -> Select[Any]:  # noqa: ANN401 a table
    """Return the statement of the rows of `model` that belong to those grievances, in their order."""
    return (
        select(model)
        .where(model.organisation_id == organisation_id, model.grievance_id.in_(grievance_ids))
        .order_by(model.grievance_id, model.position)
    )


def said(raised: RaisedAllegation) -> RaisedAllegationOut:
    """Return one thing alleged, in clear.

    Raises:
        Locked: the request does not hold the conversation's key.

    """
    return RaisedAllegationOut(id=raised.id, label=raised.label, statement=raised.statement)


def claimed(claim: HeadcountClaim) -> HeadcountClaimOut:
    """Return one headcount claim, in clear.

    Raises:
        Locked: the request does not hold the conversation's key.

    """
    return HeadcountClaimOut(
        id=claim.id,
        number=claim.number,
        in_words=headcount.in_words(claim.number, claim.wording),
        basis=headcount.Basis(claim.basis),
        source=claim.source,
        claimed_on=claim.claimed_on,
    )


async def _allegations_and_claims(
    session: AsyncSession, organisation_id: UUID, grievance_ids: Sequence[UUID]
) -> tuple[dict[UUID, list[RaisedAllegationOut]], dict[UUID, list[HeadcountClaimOut]]]:
    allegations: dict[UUID, list[RaisedAllegationOut]] = {key: [] for key in grievance_ids}
    claims: dict[UUID, list[HeadcountClaimOut]] = {key: [] for key in grievance_ids}
    for raised in (await session.execute(of_grievance(RaisedAllegation, organisation_id, grievance_ids))).scalars():
        allegations[raised.grievance_id].append(said(raised))
    for claim in (await session.execute(of_grievance(HeadcountClaim, organisation_id, grievance_ids))).scalars():
        claims[claim.grievance_id].append(claimed(claim))
    return allegations, claims


async def _supporters(session: AsyncSession, organisation_id: UUID, grievance_ids: Sequence[UUID]) -> dict[UUID, int]:
    statement = (
        select(Supporter.grievance_id, func.count())
        .where(Supporter.organisation_id == organisation_id, Supporter.grievance_id.in_(grievance_ids))
        .group_by(Supporter.grievance_id)
    )
    return {grievance_id: count for grievance_id, count in (await session.execute(statement)).all()}  # noqa: C416 rows are no pairs


def open_conversation(grievance: Grievance) -> None:
    """This request, which holds the key of the case, holds that of the grievance's conversation too.

    Raises:
        Locked: the request does not hold the case key of the grievance.
        SealedContentBroken: the row was altered.

    """
    _, case_key = open_keys.get().find("case_id", grievance.case_id, grievance.case_key_version)
    try:
        key = conversations.open_in_case(grievance, case_key)
    except SealBroken as error:
        raise SealedContentBroken from error
    open_keys.get().add(grievance.id, grievance.key_version, key)


async def grievances_of(session: AsyncSession, case: Case) -> list[CaseGrievanceOut]:
    """Return every grievance of a case whose key this request holds; how many identities are held, never whose.

    Raises:
        Locked: the request does not hold the case key of a grievance.
        SealedContentBroken: a row was altered.

    """
    statement = (
        select(Grievance)
        .where(Grievance.organisation_id == case.organisation_id, Grievance.case_id == case.id)
        .order_by(Grievance.id)
    )
    grievances = (await session.execute(statement)).scalars().all()
    ids = [grievance.id for grievance in grievances]
    for grievance in grievances:
        open_conversation(grievance)
    allegations, claims = await _allegations_and_claims(session, case.organisation_id, ids)
    supporters = await _supporters(session, case.organisation_id, ids)
    corrected = await classifying.corrections(session, case, {one.id: one.submitted_on for one in grievances})
    relays = await classifying.relays(session, case)
    return [
        CaseGrievanceOut(
            id=grievance.id,
            kind=GrievanceKind(grievance.kind),
            confidentiality=(openness := Confidentiality.from_initial(grievance.confidentiality)),
            submitted_on=grievance.submitted_on,
            representative_id=grievance.representative_id,
            headline=grievance.headline,
            narrative=grievance.narrative,
            capacity=grievance.capacity,
            classification=classifying.as_said(grievance, LawProfile(case.law_profile)),
            corrected=corrected.get(grievance.id),
            relayed=relays.get(grievance.id),
            allegations=allegations[grievance.id],
            headcount_claims=claims[grievance.id],
            statement_salt=grievance.statement_salt,
            identities_held=_identities_held(grievance, openness, supporters),
        )
        for grievance in grievances
    ]


def _identities_held(grievance: Grievance, openness: Confidentiality, supporters: dict[UUID, int]) -> int:
    if grievance.identity_id is not None:
        return int(openness is not Confidentiality.ANONYMOUS)
    return supporters.get(grievance.id, 0)


async def list_own(session: AsyncSession, actor: Staff, page: PageQuery) -> Page[CollectiveItem]:
    """Return one page of the collective grievances that the actor submitted and is not walled off from."""
    wall = exists().where(
        Wall.organisation_id == Grievance.organisation_id,
        Wall.case_id == Grievance.case_id,
        Wall.account_id == actor.account_id,
    )
    statement = (
        select(Grievance.id, Grievance.submitted_on, *STATUS_COLUMNS)
        .join(Case, CASE_OF_GRIEVANCE)
        .where(
            Grievance.organisation_id == actor.organisation_id, Grievance.representative_id == actor.account_id, ~wall
        )
    )
    rows, following = page.cut((await session.execute(page.apply(statement, Grievance.id))).all())
    return Page(items=[CollectiveItem(id=row.id, **status_of(row, row.submitted_on)) for row in rows], next=following)


def told(openings: Sequence[Told], *, in_clear: bool) -> OpeningNoticesOut:
    """Return the openings that an inbox shows; their texts too, where this request holds the conversation's key."""
    items = [
        OpeningNoticeOut(
            requested_on=one.requested_on,
            by=one.by,
            notice=one.notice.text if in_clear else None,
            state=one.state,
            expires_on=one.expires_on,
        )
        for one in openings
    ]
    return OpeningNoticesOut(count=len(items), items=items)


async def read_own(session: AsyncSession, grievance: Grievance, case: Case) -> CollectiveGrievanceOut:
    """Return a collective grievance as its representative wrote it, and where it stands.

    Raises:
        Locked: the request does not hold the conversation's key.

    """
    ids = [grievance.id]
    allegations, claims = await _allegations_and_claims(session, grievance.organisation_id, ids)
    supporters = await _supporters(session, grievance.organisation_id, ids)
    openings = await notices.told_in(session, grievance.organisation_id, grievance.id)
    return CollectiveGrievanceOut(
        id=grievance.id,
        **status_of(case, grievance.submitted_on),
        confidentiality=Confidentiality.from_initial(grievance.confidentiality),
        headline=grievance.headline,
        narrative=grievance.narrative,
        capacity=grievance.capacity,
        allegations=allegations[grievance.id],
        headcount_claims=claims[grievance.id],
        supporters=supporters.get(grievance.id, 0),
        statement_salt=grievance.statement_salt,
        proof=await proof_of(session, grievance),
        openings=told(openings, in_clear=True),
    )


async def proof_of(session: AsyncSession, grievance: Grievance) -> ReceiptProofOut:
    """Return the proof that the log holds what was said in a grievance, or from which day it may."""
    proof = await queries.receipt_proof(session, grievance.organisation_id, grievance.case_id, RECEIVED)
    return ReceiptProofOut.model_validate(proof.to_document())


async def claim_headcount(
    session: AsyncSession, actor: Staff, grievance: Grievance, draft: HeadcountClaimIn
) -> HeadcountClaimOut:
    """Return one more headcount claim of the grievance; those before it stand."""
    of_this = (HeadcountClaim.organisation_id == actor.organisation_id, HeadcountClaim.grievance_id == grievance.id)
    before = await session.scalar(select(func.count()).select_from(HeadcountClaim).where(*of_this))
    claim = HeadcountClaim(
        organisation_id=actor.organisation_id,
        case_id=grievance.case_id,
        grievance_id=grievance.id,
        position=(before or 0) + 1,
        **draft.model_dump(),
    )
    session.add(claim)
    await log.record(session, actor, "headcount.claimed", claim, case_id=grievance.case_id)
    return claimed(claim)
