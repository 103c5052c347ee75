"""The acts on a full report. Every act supposes that its guard holds the row of the case."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.lifecycle import CaseState
from app.cases.models import Case
from app.cases.service import advance
from app.kernel import clock
from app.kernel.canonical import canonical, digest
from app.kernel.db import Base
from app.kernel.problems import Conflict
from app.policy.actors import Staff
from app.reports import assembly, queries
from app.reports.models import Report, ReportState
from app.reports.schemas import ReportIn

ALREADY_REPORTED = frozenset({CaseState.REPORTED, CaseState.RELEASED, CaseState.MONITORED})
"""The states in which a further report corrects one, and moves nothing."""


class ReportHasGaps(Conflict):
    """The report cannot be sealed: `gaps` lists each allegation in scope that lacks a final finding, and what is missing."""

    title = "Not every allegation has its finding"


class ReportIsSealed(Conflict):
    """A sealed report never changes. Write a new one: once it is sealed, it supersedes this one."""

    title = "The report is sealed"


class ReportBeingWritten(Conflict):
    """The case has a report that is not sealed yet. Change that one."""

    title = "A report is being written already"


async def write(session: AsyncSession, actor: Staff, case: Case, draft: ReportIn) -> Report:
    """The case has a new report, a draft with the next number.

    Raises:
        ReportBeingWritten: it has a draft already.

    """
    before = await queries.all_of(session, case)
    if any(report.state == ReportState.DRAFT for report in before):
        raise ReportBeingWritten
    report = Report(
        organisation_id=case.organisation_id,
        case_id=case.id,
        number=len(before) + 1,
        state=ReportState.DRAFT,
        author_id=actor.account_id,
        **draft.model_dump(),
    )
    session.add(report)
    await log.record(session, actor, "report.written", report, case_id=case.id)
    return report


async def rewrite(session: AsyncSession, actor: Staff, report: Report, draft: ReportIn) -> None:
    """The draft says this instead.

    Raises:
        ReportIsSealed: it is no draft any more.

    """
    _require_draft(report)
    report.title, report.introduction = draft.title, draft.introduction
    report.method, report.conclusions = draft.method, draft.conclusions
    await log.record(session, actor, "report.rewritten", report, case_id=report.case_id)


async def seal(session: AsyncSession, actor: Staff, case: Case, report: Report) -> None:
    """The report is sealed with every finding in it, supersedes the one before, and the case is reported.

    Raises:
        ReportIsSealed: it was sealed before.
        ReportHasGaps: an allegation in scope has no final finding.
        TransitionNotPossible: the case cannot be reported from its state, such as before its findings are complete.

    """
    _require_draft(report)
    investigation = await assembly.gather(session, case)
    gaps = investigation.gaps()
    if gaps:
        raise ReportHasGaps(gaps=[asdict(gap, dict_factory=_as_json) for gap in gaps])
    touched: list[Base] = [report]
    if case.state not in ALREADY_REPORTED:
        touched += [await advance(session, actor, case, CaseState.REPORTED, None), case]
    before = await queries.standing(session, case)
    if before is not None:
        before.state = ReportState.SUPERSEDED
        touched.append(before)
        await session.flush()  # one report stands at a time: the index sees the old one go first
    sealed_on = clock.today()
    report.content = text = canonical(assembly.assemble(case, report, investigation, sealed_on))
    report.content_hash = digest(text)
    report.state, report.sealed_on = ReportState.SEALED, sealed_on
    await log.record(session, actor, "report.sealed", *touched, case_id=case.id)


def _as_json(items: list[tuple[str, object]]) -> dict[str, object]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in items}


def _require_draft(report: Report) -> None:
    if report.state != ReportState.DRAFT:
        raise ReportIsSealed
