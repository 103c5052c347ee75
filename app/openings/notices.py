"""Tells the reporter that somebody asks to learn who they are, or keeps why they are not told yet."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.intake import service as intake
from app.intake.models import Grievance
from app.kernel import clock
from app.kernel.problems import InvalidInput
from app.openings.schemas import OpeningIn
from app.openings.subjects import Subject
from app.policy.actors import Staff
from app.vault.opening_models import Opening, OpeningNotice, OpeningWithholding

LONGEST_WITHHOLDING = timedelta(days=90)


def require_withholding_ends(draft: OpeningIn) -> None:
    """Return if the reporter is told at once, or from a day on that is near enough.

    Raises:
        InvalidInput: otherwise.

    """
    if draft.withhold is not None and not timedelta() < draft.withhold.until - clock.today() <= LONGEST_WITHHOLDING:
        rule = f"must be a day to come, at most {LONGEST_WITHHOLDING.days} days away"
        raise InvalidInput(errors=[{"in": "body", "pointer": "/withhold/until", "rule": rule}])


async def tell(
    session: AsyncSession, actor: Staff, case: Case, opening: Opening, subject: Subject, draft: OpeningIn
) -> list[OpeningNotice | OpeningWithholding]:
    """Write the notice under the conversation's key; if it is withheld, the first person's reason under the case's."""
    grievance = await session.get_one(Grievance, (case.organisation_id, subject.grievance_id))
    intake.open_conversation(grievance)
    of_opening = {"organisation_id": case.organisation_id, "case_id": case.id, "opening_id": opening.id}
    told: list[OpeningNotice | OpeningWithholding] = [
        OpeningNotice(
            **of_opening,
            grievance_id=grievance.id,
            made_on=clock.today(),
            withheld_until=None if draft.withhold is None else draft.withhold.until,
            text=draft.notice,
        )
    ]
    if draft.withhold is not None:
        told.append(withholding(actor, case, opening, draft.withhold.reason))
    session.add_all(told)
    return told


def withholding(actor: Staff, case: Case, opening: Opening, reason: str) -> OpeningWithholding:
    """Return one person's reason why the reporter is not told yet, sealed under the case key."""
    return OpeningWithholding(
        organisation_id=case.organisation_id,
        case_id=case.id,
        opening_id=opening.id,
        account_id=actor.account_id,
        recorded_on=clock.today(),
        reason=reason,
    )
