"""The acts on findings: record, revise, review, supersede. Every act supposes that its guard holds the row of the case."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations import queries as allegations
from app.allegations.models import Allegation
from app.allegations.service import mark_decided, require_standing
from app.audit import log
from app.cases.lifecycle import CaseState
from app.cases.models import Case
from app.cases.service import advance, require_under_investigation
from app.cases.telling import tell_appointed
from app.evidence import queries as evidence
from app.evidence.models import Exhibit
from app.evidence.service import mark_cited
from app.findings import completeness, matrix, outcomes, queries
from app.findings.models import Finding, FindingExhibit, FindingReview
from app.findings.outcomes import FindingState, Outcome
from app.findings.schemas import FindingIn, ReviewIn, SupersessionIn
from app.kernel import clock
from app.kernel.db import Base
from app.kernel.problems import Conflict, NotFound
from app.policy.actors import Capacity, Staff


class FindingAlreadyRecorded(Conflict):
    """The allegation has a finding. Revise it while it is a draft; supersede it once it is final."""

    title = "The allegation has a finding"


class FindingCitesNothing(Conflict):
    """A finding cites one received exhibit at least, unless no view could be formed."""

    title = "The finding cites no evidence that was received"


class AllegationOutOfScope(Conflict):
    """Nobody investigated this allegation, so that no view of it can be formed: the outcome is no_view."""

    title = "The allegation is out of scope"


class FindingIsFinal(Conflict):
    """A final finding never changes. Supersede it by another that gives the reason."""

    title = "The finding is final"


class FindingNotFinal(Conflict):
    """Only the final finding that stands can be superseded. Revise a draft; look for what superseded an older one."""

    title = "The finding is not the final one"


class ReviewerIsAuthor(Conflict):
    """Whoever wrote any part of a finding cannot be the second pair of eyes on it."""

    title = "Somebody else has to review the finding"


class FindingsIncomplete(Conflict):
    """Not every allegation in scope has a final finding. `gaps` lists each that has none, and what is missing."""

    title = "Not every allegation has its finding"


async def record(session: AsyncSession, actor: Staff, case: Case, allegation: Allegation, draft: FindingIn) -> Finding:
    """The allegation has its first finding, a draft.

    Raises:
        FindingAlreadyRecorded: it has one.
        NotFound: a cited exhibit is not of the case.
        AllegationNotStanding, AllegationOutOfScope, FindingCitesNothing: this cannot be found on it.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    cited = await _cited(session, case, draft.exhibit_ids)
    require_under_investigation(case)
    if await queries.history_of(session, allegation):
        raise FindingAlreadyRecorded
    finding, citations = await _draft(session, actor, allegation, draft, cited)
    await log.record(session, actor, "finding.recorded", finding, *citations, case_id=case.id)
    await _ask_reviewers(session, actor, case)
    return finding


async def supersede(
    session: AsyncSession, actor: Staff, case: Case, finding: Finding, draft: SupersessionIn
) -> Finding:
    """There is a draft that supersedes the final finding once a reviewer agrees; until then the final one stands.

    Raises:
        FindingNotFinal: the finding is a draft, or was superseded.
        FindingAlreadyRecorded: a draft to supersede it exists.
        NotFound: a cited exhibit is not of the case.
        AllegationOutOfScope, FindingCitesNothing: this cannot be found on the allegation.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    cited = await _cited(session, case, draft.draft.exhibit_ids)
    require_under_investigation(case)
    if finding.state != FindingState.FINAL:
        raise FindingNotFinal
    allegation = await allegations.find(session, case, finding.allegation_id)
    if any(one.state == FindingState.DRAFT for one in await queries.history_of(session, allegation)):
        raise FindingAlreadyRecorded
    new, citations = await _draft(session, actor, allegation, draft.draft, cited, finding.id, draft.reason)
    await log.record(session, actor, "finding.supersession_drafted", new, *citations, case_id=case.id)
    await _ask_reviewers(session, actor, case)
    return new


async def _ask_reviewers(session: AsyncSession, actor: Staff, case: Case) -> None:
    """The reviewers of the case will be told that there is something for them."""
    await tell_appointed(session, case.organisation_id, case.id, Capacity.REVIEWER, but=actor.account_id)


async def revise(session: AsyncSession, actor: Staff, case: Case, finding: Finding, draft: FindingIn) -> None:
    """The draft says this instead. Who changed it cannot review it.

    Raises:
        FindingIsFinal: it is no draft any more.
        NotFound: a cited exhibit is not of the case.
        AllegationNotStanding, AllegationOutOfScope, FindingCitesNothing: this cannot be found on its allegation.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    cited = await _cited(session, case, draft.exhibit_ids)
    require_under_investigation(case)
    _require_draft(finding)
    _require_possible(await allegations.find(session, case, finding.allegation_id), draft.outcome, cited)
    finding.outcome = draft.outcome
    finding.no_view_reason = draft.no_view_reason
    finding.standard_of_proof = draft.standard_of_proof
    finding.paragraphs = draft.paragraphs
    finding.reasons = draft.reasons
    if actor.account_id != finding.author_id and str(actor.account_id) not in finding.contributor_ids:
        finding.contributor_ids = [*finding.contributor_ids, str(actor.account_id)]
    before = {citation.exhibit_id: citation for citation in await queries.citations_by(session, finding)}
    wanted = {exhibit.id for exhibit in cited}
    removed = [citation for exhibit_id, citation in before.items() if exhibit_id not in wanted]
    for citation in removed:
        await session.delete(citation)
    added = _cite(session, finding, [exhibit for exhibit in cited if exhibit.id not in before])
    await log.record(session, actor, "finding.revised", finding, *added, case_id=case.id, removed=removed)


async def review(session: AsyncSession, actor: Staff, case: Case, finding: Finding, draft: ReviewIn) -> None:
    """With the reviewer's agreement the finding is final and what it supersedes is superseded; without, it stays a draft.

    Raises:
        FindingIsFinal: it is no draft any more.
        ReviewerIsAuthor: the reviewer wrote part of it.
        AllegationNotStanding, AllegationOutOfScope, FindingCitesNothing: what it was found on has changed since.
        CaseNotUnderInvestigation: the case is not being investigated.

    """
    require_under_investigation(case)
    _require_draft(finding)
    contributors = [UUID(contributor) for contributor in finding.contributor_ids]
    if not outcomes.may_review(actor.account_id, finding.author_id, contributors):
        raise ReviewerIsAuthor
    said = FindingReview(
        organisation_id=case.organisation_id,
        case_id=case.id,
        finding_id=finding.id,
        finding_version=finding.version,
        reviewer_id=actor.account_id,
        agrees=draft.agrees,
        made_on=clock.today(),
        note=draft.note,
    )
    session.add(said)
    if not draft.agrees:
        await log.record(session, actor, "finding.disagreed", said, case_id=case.id)
        return
    changed = await _make_final(session, actor, case, finding)
    await log.record(session, actor, "finding.agreed", finding, said, *changed, case_id=case.id)


async def complete(session: AsyncSession, actor: Staff, case: Case) -> None:
    """The findings of the case are complete.

    Raises:
        FindingsIncomplete: an allegation in scope has no final finding, or the case has no allegation.
        TransitionNotPossible: the case is not being investigated, or its findings were complete before.

    """
    gaps = completeness.gaps(matrix.standings(await matrix.gather(session, case)))
    step = await advance(session, actor, case, CaseState.FINDINGS_COMPLETE, None)
    if gaps:
        raise FindingsIncomplete(gaps=[asdict(gap, dict_factory=_as_json) for gap in gaps])
    await log.record(session, actor, "findings.completed", case, step, case_id=case.id)


async def _make_final(session: AsyncSession, actor: Staff, case: Case, finding: Finding) -> Sequence[Base]:
    """Make the draft the one final finding of its allegation, and return the other rows that changed."""
    allegation = await allegations.find(session, case, finding.allegation_id)
    exhibits = {exhibit.id: exhibit for exhibit in await evidence.exhibits_of(session, case)}
    cited = [exhibits[citation.exhibit_id] for citation in await queries.citations_by(session, finding)]
    _require_possible(allegation, finding.outcome, cited)
    changed: list[Base] = []
    if finding.supersedes_id is not None:
        before = await queries.find(session, case, finding.supersedes_id)
        before.state = FindingState.SUPERSEDED
        await session.flush()  # one finding is final at a time: the index sees the old one go first
        cited += [exhibits[citation.exhibit_id] for citation in await queries.citations_by(session, before)]
        changed.append(before)
    finding.state = FindingState.FINAL
    finding.reviewer_id = actor.account_id
    finding.final_on = clock.today()
    if not allegation.is_decided:
        mark_decided(allegation)
        changed.append(allegation)
    await session.flush()  # what final findings cite is read next
    rests = await queries.cited_by_final(session, case)
    for exhibit in {exhibit.id: exhibit for exhibit in cited}.values():
        if exhibit.is_cited != (exhibit.id in rests):
            mark_cited(exhibit, is_cited=exhibit.id in rests)
            changed.append(exhibit)
    return changed


async def _draft(
    session: AsyncSession,
    actor: Staff,
    allegation: Allegation,
    draft: FindingIn,
    cited: Sequence[Exhibit],
    supersedes_id: UUID | None = None,
    supersession_reason: str | None = None,
) -> tuple[Finding, list[FindingExhibit]]:
    _require_possible(allegation, draft.outcome, cited)
    finding = Finding(
        organisation_id=allegation.organisation_id,
        case_id=allegation.case_id,
        allegation_id=allegation.id,
        outcome=draft.outcome,
        no_view_reason=draft.no_view_reason,
        standard_of_proof=draft.standard_of_proof,
        paragraphs=draft.paragraphs,
        state=FindingState.DRAFT,
        author_id=actor.account_id,
        contributor_ids=[],
        recorded_on=clock.today(),
        supersedes_id=supersedes_id,
        reasons=draft.reasons,
        supersession_reason=supersession_reason,
    )
    session.add(finding)
    await session.flush()  # its citations refer to it
    return finding, _cite(session, finding, cited)


def _cite(session: AsyncSession, finding: Finding, exhibits: Sequence[Exhibit]) -> list[FindingExhibit]:
    citations = [
        FindingExhibit(
            organisation_id=finding.organisation_id,
            case_id=finding.case_id,
            finding_id=finding.id,
            exhibit_id=exhibit.id,
        )
        for exhibit in exhibits
    ]
    session.add_all(citations)
    return citations


async def _cited(session: AsyncSession, case: Case, exhibit_ids: Sequence[UUID]) -> list[Exhibit]:
    """Return the exhibits of those ids, each once.

    Raises:
        NotFound: one of them is not of the case.

    """
    exhibits = {exhibit.id: exhibit for exhibit in await evidence.exhibits_of(session, case)}
    wanted = dict.fromkeys(exhibit_ids)
    if not exhibits.keys() >= wanted.keys():
        raise NotFound
    return [exhibits[exhibit_id] for exhibit_id in wanted]


def _require_draft(finding: Finding) -> None:
    if finding.state != FindingState.DRAFT:
        raise FindingIsFinal


def _require_possible(allegation: Allegation, outcome: Outcome, cited: Sequence[Exhibit]) -> None:
    require_standing(allegation)
    if not outcomes.is_within_scope(outcome, allegation.state):
        raise AllegationOutOfScope
    if not outcomes.rests_on_evidence(outcome, [exhibit.state for exhibit in cited]):
        raise FindingCitesNothing


def _as_json(items: list[tuple[str, object]]) -> dict[str, object]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in items}
