"""Gathers what was alleged, found and evidenced in a case, for the gate to judge and the report to say."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations import queries as allegations
from app.allegations.arrangement import AllegationState
from app.allegations.models import Allegation, Theme
from app.cases.models import Case
from app.evidence.models import Exhibit
from app.evidence.requests import EXPLAINED, ExhibitState
from app.findings import completeness, matrix
from app.findings import queries as findings
from app.findings.completeness import Gap
from app.findings.outcomes import NoViewReason, Outcome, StandardOfProof
from app.intake.models import RaisedAllegation
from app.reports import content, gate
from app.reports.models import Report


@dataclass(frozen=True)
class Investigation:
    """What a case has come to."""

    raised: list[tuple[UUID, int]]
    """Id of each thing that the grievance said, and its place there."""
    themes: list[Theme]
    allegations: list[Allegation]
    """All of them, those that were merged or split too."""
    gathered: matrix.Gathered
    citations: dict[UUID, list[UUID]]

    def gaps(self) -> list[Gap]:
        """Return what is missing before a report may be sealed, in the order of the allegations. Empty: it may.

        It is the rule by which the findings are complete, asked again: what was complete then may have been reopened.
        """
        return completeness.gaps(matrix.standings(self.gathered))

    def orphans(self) -> list[gate.Orphan[UUID]]:
        """Return what led nowhere."""
        raised = [gate.RaisedFacts(key, str(position)) for key, position in self.raised]
        themes = [gate.ThemeFacts(row.id, row.label, row.merged_into_id is not None) for row in self.themes]
        exhibits = [gate.ExhibitFacts(row.id, row.number, ExhibitState(row.state)) for row in self._exhibits]
        cited = {exhibit for finding in self.gathered.final.values() for exhibit in self.citations[finding.id]}
        return gate.orphans(raised, themes, self._allegation_facts(), exhibits, cited)

    @property
    def _exhibits(self) -> Iterable[Exhibit]:
        return self.gathered.exhibits.values()

    def _allegation_facts(self) -> list[gate.AllegationFacts[UUID]]:
        return [
            gate.AllegationFacts(row.id, row.label, AllegationState(row.state), row.theme_id, row.raised_allegation_id)
            for row in self.allegations
        ]

    def themed(self) -> list[content.ReportedTheme]:
        """Return the themes with what was found; last, without a title, the allegations in no theme."""
        groups: list[Theme | None] = [*(theme for theme in self.themes if theme.merged_into_id is None), None]
        found = []
        for theme in groups:
            reported = [self._reported(row) for row in self._in_scope(None if theme is None else theme.id)]
            if theme is not None or reported:
                label, title = (None, None) if theme is None else (theme.label, theme.title)
                counts = content.count(allegation.outcome for allegation in reported)
                found.append(content.ReportedTheme(label=label, title=title, counts=counts, allegations=reported))
        return found

    def _in_scope(self, theme_id: UUID | None) -> Iterable[Allegation]:
        return (row for row in self.allegations if row.state == AllegationState.IN_SCOPE and row.theme_id == theme_id)

    def _reported(self, allegation: Allegation) -> content.ReportedAllegation:
        finding = self.gathered.final[allegation.id]
        cited = set(self.citations[finding.id])
        reason = finding.no_view_reason
        assert finding.final_on is not None  # noqa: S101 the table says so of a final finding
        return content.ReportedAllegation(
            label=allegation.label,
            statement=allegation.statement,
            paragraphs=list(dict.fromkeys([*allegation.paragraphs, *finding.paragraphs])),
            outcome=Outcome(finding.outcome),
            no_view_reason=None if reason is None else NoViewReason(reason),
            standard_of_proof=StandardOfProof(finding.standard_of_proof),
            reasons=finding.reasons,
            found_on=finding.final_on,
            exhibits=[
                content.ReportedExhibit(
                    number=exhibit.number, kind=exhibit.kind, reliability=exhibit.reliability, title=exhibit.title
                )
                for exhibit in self._exhibits
                if exhibit.id in cited
            ],
        )

    def left_out(self) -> list[content.LeftOut]:
        """Return the allegations out of scope."""
        return [
            content.LeftOut(label=row.label, statement=row.statement, reason=row.scope_reason)
            for row in self.allegations
            if row.state == AllegationState.OUT_OF_SCOPE
        ]

    def not_available(self) -> list[content.NotAvailable]:
        """Return the evidence that was asked for and cannot be had."""
        return [
            content.NotAvailable(
                number=row.number, kind=row.kind, title=row.title, state=ExhibitState(row.state), note=row.state_note
            )
            for row in self._exhibits
            if row.state in EXPLAINED
        ]


async def gather(session: AsyncSession, case: Case) -> Investigation:
    """Return what the case has come to."""
    raised = (
        select(RaisedAllegation.id, RaisedAllegation.position)
        .where(RaisedAllegation.organisation_id == case.organisation_id, RaisedAllegation.case_id == case.id)
        .order_by(RaisedAllegation.grievance_id, RaisedAllegation.position)
    )
    return Investigation(
        [(row.id, row.position) for row in await session.execute(raised)],
        await allegations.themes_of(session, case),
        await allegations.all_of(session, case),
        await matrix.gather(session, case),
        await findings.citations_of(session, case),
    )


def assemble(case: Case, report: Report, investigation: Investigation, sealed_on: date) -> content.ReportContent:
    """Return the whole report. The investigation has no gaps."""
    themes = investigation.themed()
    return content.ReportContent(
        format=content.FORMAT,
        salt=secrets.token_hex(content.SALT_BYTES),
        case_reference=case.reference,
        number=report.number,
        sealed_on=sealed_on,
        title=report.title,
        introduction=report.introduction,
        method=report.method,
        counts=content.count(allegation.outcome for theme in themes for allegation in theme.allegations),
        themes=themes,
        out_of_scope=investigation.left_out(),
        not_available=investigation.not_available(),
        orphans=[content.LedNowhere(kind=orphan.kind, label=orphan.label) for orphan in investigation.orphans()],
        conclusions=report.conclusions,
    )
