"""Empties what a request needs no more once it is past its end: who asked and who answered stays, what they sealed goes."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.audit.log import AuditUnavailable
from app.cases.holding import hold
from app.kernel import clock
from app.kernel.db import Database
from app.vault.opening_models import Opening, OpeningAnswer, OpeningPaper

_FULL_PAPER = (OpeningPaper.custodian_id.is_not(None), OpeningPaper.paper.is_not(None))
_FULL_ANSWER = OpeningAnswer.content.is_not(None)


async def empty_ended(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> None:
    """Every request of the case that is past its end has lost its custodians' papers and what their answers held.

    The papers of those who work the case stay: they say why it was asked. The caller holds the case.
    """
    of_case = (Opening.organisation_id == organisation_id, Opening.case_id == case_id)
    ended = select(Opening.id).where(*of_case, Opening.expires_at <= clock.now())
    papers = select(OpeningPaper).where(
        OpeningPaper.organisation_id == organisation_id, OpeningPaper.opening_id.in_(ended), *_FULL_PAPER
    )
    answers = select(OpeningAnswer).where(
        OpeningAnswer.organisation_id == organisation_id, OpeningAnswer.opening_id.in_(ended), _FULL_ANSWER
    )
    rows = [*await session.scalars(papers), *await session.scalars(answers)]
    if not rows:
        return
    for row in rows:
        if isinstance(row, OpeningPaper):
            row.paper = None
        else:
            row.content = None
    await session.flush()
    entry = log.Entry("opening.ended", [(row.__tablename__, log.columns_of(row)) for row in rows])
    await log.append(session, organisation_id, case_id, [entry], actor_id=None, at=clock.to_the_minute())


async def empty_all_ended(database: Database) -> None:
    """Every request past its end, in every case, is as `empty_ended` leaves it, but where the log of the case was altered."""
    paper = (OpeningPaper.organisation_id == Opening.organisation_id) & (OpeningPaper.opening_id == Opening.id)
    answer = (OpeningAnswer.organisation_id == Opening.organisation_id) & (OpeningAnswer.opening_id == Opening.id)
    statement = (
        select(Opening.organisation_id, Opening.case_id)
        .outerjoin(OpeningPaper, paper)
        .outerjoin(OpeningAnswer, answer)
        .where(Opening.expires_at <= clock.now(), or_(_FULL_PAPER[0] & _FULL_PAPER[1], _FULL_ANSWER))
        .distinct()
    )
    async with database.session(write=False) as reading:
        places = (await reading.execute(statement)).all()
    for organisation_id, case_id in places:
        try:
            async with database.session(write=True) as session:
                await hold(session, organisation_id, case_id)
                await empty_ended(session, organisation_id, case_id)
        except AuditUnavailable:  # a forged chain is for `audit verify` to report, and keeps no other case waiting
            continue
