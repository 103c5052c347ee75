"""What a grievance is about: as it was said, as a case officer corrected it, and what the law of the day of receipt makes of it."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.models import Case
from app.crypto import classifications
from app.crypto.classifications import Classification
from app.duties.profiles import LawProfile
from app.intake import categories, relaying
from app.intake.before_sending_schemas import (
    CategoryOut,
    ClassificationOut,
    ReclassificationIn,
    ReclassificationOut,
    RelayOut,
)
from app.intake.channel_settings import own_categories_of
from app.intake.classification_models import Reclassification
from app.intake.doors import Door
from app.intake.models import Channel, Grievance
from app.intake.relay_models import Relay
from app.kernel import clock
from app.kernel.problems import InvalidInput, NotFound
from app.policy.actors import Staff


def require_known(door: Door, named: Sequence[str]) -> None:
    """Return if the law of the channel or the organisation has every category that is named.

    Raises:
        InvalidInput: otherwise.

    """
    _require_known(door.law_profile, door.own_categories, named)


def _require_known(profile: LawProfile, own: Any, named: Sequence[str]) -> None:  # noqa: ANN401 codes
    strange = set(categories.unknown(profile, own, named))
    errors = [
        {"in": "body", "pointer": f"/categories/{number}", "rule": "must be a category of this channel"}
        for number, code in enumerate(named)
        if code in strange
    ]
    if errors:
        raise InvalidInput(errors=errors)


def shown(found: Classification, profile: LawProfile, received_on: date) -> ClassificationOut:
    """Return a classification with what the law says of each category on the day of receipt."""
    return ClassificationOut(
        categories=[
            CategoryOut(
                code=code,
                is_qualifying=categories.qualifies(profile, code, received_on),
                source=None if (law := categories.of_law(profile, code)) is None else law.source,
            )
            for code in found.categories
        ],
        relation=found.relation,
    )


def as_said(grievance: Grievance, profile: LawProfile) -> ClassificationOut:
    """Return what whoever raised a grievance said that it is about.

    Raises:
        Locked: the request does not hold the conversation's key.

    """
    said = classifications.decode(grievance.classification or "")
    return shown(said, profile, grievance.submitted_on)


async def corrections(
    session: AsyncSession, case: Case, submitted_on: dict[UUID, date]
) -> dict[UUID, ClassificationOut]:
    """Return the newest correction of each grievance of the case that has one."""
    statement = (
        select(Reclassification)
        .where(Reclassification.organisation_id == case.organisation_id, Reclassification.case_id == case.id)
        .order_by(Reclassification.position)
    )
    return {
        one.grievance_id: shown(
            classifications.decode(one.classification), LawProfile(case.law_profile), submitted_on[one.grievance_id]
        )
        for one in await session.scalars(statement)
    }


async def relays(session: AsyncSession, case: Case) -> dict[UUID, RelayOut]:
    """Return how each grievance of the case came that an officer entered."""
    statement = select(Relay).where(Relay.organisation_id == case.organisation_id, Relay.case_id == case.id)
    return {
        one.grievance_id: relaying.decode(one.how, one.entered_by, one.entered_on)
        for one in await session.scalars(statement)
    }


async def correct(
    session: AsyncSession, actor: Staff, case: Case, grievance_id: UUID, draft: ReclassificationIn
) -> ReclassificationOut:
    """The grievance is about this, as a case officer sees it. What was said stays as it was said.

    Raises:
        NotFound: the case has no such grievance.
        InvalidInput: a category is none of the channel's.

    """
    grievance = await session.get(Grievance, (case.organisation_id, grievance_id))
    if grievance is None or grievance.case_id != case.id:
        raise NotFound
    channel = await session.get_one(Channel, (case.organisation_id, grievance.channel_id))
    profile = LawProfile(case.law_profile)
    _require_known(profile, {one.code for one in own_categories_of(channel)}, draft.categories)
    before = select(Reclassification.position).where(
        Reclassification.organisation_id == case.organisation_id, Reclassification.grievance_id == grievance.id
    )
    row = Reclassification(
        organisation_id=case.organisation_id,
        case_id=case.id,
        grievance_id=grievance.id,
        position=max((await session.scalars(before)).all(), default=0) + 1,
        made_by=actor.account_id,
        made_on=clock.today(),
        classification=classifications.encode(draft.categories, draft.relation),
        reason=draft.reason,
    )
    session.add(row)
    await log.record(session, actor, "grievance.reclassified", row, case_id=case.id)
    found = shown(Classification(tuple(draft.categories), draft.relation), profile, grievance.submitted_on)
    return ReclassificationOut(
        **found.model_dump(), id=row.id, made_by=row.made_by, made_on=row.made_on, reason=draft.reason
    )
