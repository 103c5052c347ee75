"""Reads the findings of one case. An id of another case is as unknown as one that never was."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.models import Allegation
from app.cases.models import Case
from app.cases.queries import of_case
from app.evidence import queries as evidence
from app.findings.models import Finding, FindingExhibit, FindingReview
from app.findings.outcomes import FindingState
from app.kernel.db import table_of
from app.kernel.problems import NotFound

_CITATIONS = table_of(FindingExhibit).c
_CITED = select(_CITATIONS.finding_id, _CITATIONS.exhibit_id).where(
    _CITATIONS.organisation_id == bindparam("organisation"), _CITATIONS.case_id == bindparam("case")
)


async def standing(session: AsyncSession, case: Case) -> dict[UUID, Finding]:
    """Return the final finding of each allegation that has one, by the allegation's id. Drafts are not among them."""
    return await _by_allegation(session, case, FindingState.FINAL)


async def drafts(session: AsyncSession, case: Case) -> dict[UUID, Finding]:
    """Return the draft on each allegation that has one, by the allegation's id: a first finding, or one to supersede."""
    return await _by_allegation(session, case, FindingState.DRAFT)


async def _by_allegation(session: AsyncSession, case: Case, state: FindingState) -> dict[UUID, Finding]:
    statement = select(Finding).where(
        Finding.organisation_id == case.organisation_id, Finding.case_id == case.id, Finding.state == state
    )
    return {finding.allegation_id: finding for finding in await session.scalars(statement)}


async def all_of(session: AsyncSession, case: Case) -> list[Finding]:
    """Return every finding of the case, superseded ones too; those of one allegation in the order they were recorded."""
    return _in_line(await of_case(session, case, Finding))


async def history_of(session: AsyncSession, allegation: Allegation) -> list[Finding]:
    """Return every finding on the allegation, oldest first."""
    statement = select(Finding).where(
        Finding.organisation_id == allegation.organisation_id, Finding.allegation_id == allegation.id
    )
    return _in_line(list(await session.scalars(statement)))


def _in_line(findings: Sequence[Finding]) -> list[Finding]:
    """Put each finding after the one it supersedes."""
    after = {finding.supersedes_id: finding for finding in findings if finding.supersedes_id is not None}
    line: list[Finding] = []
    for first in findings:
        following: Finding | None = first if first.supersedes_id is None else None
        while following is not None:
            line.append(following)
            following = after.get(following.id)
    return line


async def citations_of(session: AsyncSession, case: Case) -> dict[UUID, list[UUID]]:
    """Return the ids of the exhibits that each finding of the case cites, in the order of their numbers, by the finding's id."""
    place = {exhibit.id: number for number, exhibit in enumerate(await evidence.exhibits_of(session, case))}
    cited = await session.execute(_CITED, {"organisation": case.organisation_id, "case": case.id})
    citations: dict[UUID, list[UUID]] = defaultdict(list)
    for row in sorted(cited, key=lambda row: place[row.exhibit_id]):
        citations[row.finding_id].append(row.exhibit_id)
    return citations


async def citations_by(session: AsyncSession, finding: Finding) -> list[FindingExhibit]:
    """Return the citations of one finding, in no particular order."""
    statement = select(FindingExhibit).where(
        FindingExhibit.organisation_id == finding.organisation_id, FindingExhibit.finding_id == finding.id
    )
    return list(await session.scalars(statement))


async def cited_by_final(session: AsyncSession, case: Case) -> set[UUID]:
    """Return the ids of the exhibits that a final finding of the case rests on."""
    finals = await standing(session, case)
    citations = await citations_of(session, case)
    return {exhibit_id for finding in finals.values() for exhibit_id in citations[finding.id]}


async def reviews_of(session: AsyncSession, case: Case) -> dict[UUID, list[FindingReview]]:
    """Return what reviewers said of each finding of the case, by the finding's id, earliest first."""
    found = await of_case(session, case, FindingReview)
    reviews: dict[UUID, list[FindingReview]] = {}
    for review in sorted(found, key=lambda review: (review.finding_version, review.agrees)):
        reviews.setdefault(review.finding_id, []).append(review)
    return reviews


async def find(session: AsyncSession, case: Case, finding_id: UUID) -> Finding:
    """Return one finding of the case.

    Raises:
        NotFound: the case has no such finding.

    """
    finding = await session.get(Finding, (case.organisation_id, finding_id))
    if finding is None or finding.case_id != case.id:
        raise NotFound
    return finding
