"""Lays every allegation against the evidence and the findings: reads a case, decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations import queries as allegations
from app.allegations.arrangement import STANDING, standing_for
from app.allegations.models import Allegation
from app.cases.models import Case
from app.evidence import queries as evidence
from app.evidence.models import Exhibit, ExhibitLink
from app.evidence.requests import ExhibitState
from app.findings import completeness, queries
from app.findings.models import Finding
from app.findings.outcomes import Outcome
from app.findings.schemas import Matrix, MatrixExhibit, MatrixFinding, MatrixRow


@dataclass(frozen=True)
class Gathered:
    """What the matrix is made of. `bearing` holds, per allegation that stands, the link of each exhibit that bears on it."""

    standing: Sequence[Allegation]
    exhibits: Mapping[UUID, Exhibit]
    bearing: Mapping[UUID, Mapping[UUID, ExhibitLink]]
    final: Mapping[UUID, Finding]
    drafts: Mapping[UUID, Finding]


async def gather(session: AsyncSession, case: Case) -> Gathered:
    """Return what the case holds. What bears on a merged allegation bears on the one that stands for it."""
    every = await allegations.all_of(session, case)
    merged_into = {one.id: one.merged_into_id for one in every}
    bearing: dict[UUID, dict[UUID, ExhibitLink]] = {one.id: {} for one in every}
    links = await evidence.links_of(session, case)
    for link in sorted(links, key=lambda one: merged_into[one.allegation_id] is None):  # what is said of itself counts
        bearing[standing_for(link.allegation_id, merged_into)][link.exhibit_id] = link
    return Gathered(
        standing=[one for one in every if one.state in STANDING],
        exhibits={exhibit.id: exhibit for exhibit in await evidence.exhibits_of(session, case)},
        bearing=bearing,
        final=await queries.standing(session, case),
        drafts=await queries.drafts(session, case),
    )


def standings(gathered: Gathered) -> list[completeness.Standing]:
    """Return how far each allegation that stands is."""
    return [
        completeness.Standing(
            id=one.id,
            label=one.label,
            state=one.state,
            has_theme=one.theme_id is not None,
            has_evidence=any(
                gathered.exhibits[exhibit_id].state == ExhibitState.RECEIVED for exhibit_id in gathered.bearing[one.id]
            ),
            has_final=one.id in gathered.final,
            has_draft=one.id in gathered.drafts,
            is_without_view=one.id in gathered.final and gathered.final[one.id].outcome == Outcome.NO_VIEW,
        )
        for one in gathered.standing
    ]


async def lay_out(session: AsyncSession, case: Case) -> Matrix:
    """Return the matrix of the case."""
    gathered = await gather(session, case)
    citations = await queries.citations_of(session, case)
    placed = {exhibit_id for one in gathered.standing for exhibit_id in gathered.bearing[one.id]}
    return Matrix(
        rows=[
            MatrixRow(
                allegation_id=one.id,
                label=one.label,
                statement=one.statement,
                state=one.state,
                theme_id=one.theme_id,
                exhibits=[
                    _exhibit(exhibit, gathered.bearing[one.id][exhibit_id])
                    for exhibit_id, exhibit in gathered.exhibits.items()
                    if exhibit_id in gathered.bearing[one.id]
                ],
                finding=_finding(gathered.final.get(one.id) or gathered.drafts.get(one.id), citations),
                missing=completeness.missing(progress),
            )
            for one, progress in zip(gathered.standing, standings(gathered), strict=True)
        ],
        exhibits_without_allegation=[
            _exhibit(exhibit, None) for exhibit_id, exhibit in gathered.exhibits.items() if exhibit_id not in placed
        ],
    )


def _exhibit(exhibit: Exhibit, link: ExhibitLink | None) -> MatrixExhibit:
    return MatrixExhibit(
        id=exhibit.id,
        number=exhibit.number,
        kind=exhibit.kind,
        state=exhibit.state,
        title=exhibit.title,
        bearing=None if link is None else link.bearing,
    )


def _finding(finding: Finding | None, citations: Mapping[UUID, Sequence[UUID]]) -> MatrixFinding | None:
    if finding is None:
        return None
    return MatrixFinding(
        id=finding.id,
        outcome=finding.outcome,
        no_view_reason=finding.no_view_reason,
        state=finding.state,
        exhibit_ids=list(citations[finding.id]),
    )
