"""Remembers what was changed in the arrangement of a case, whose row the guard holds."""

from typing import Self
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.allegations.models import ArrangementChange, ChangeKind
from app.cases.models import Case
from app.kernel import clock
from app.policy.actors import Staff


class History:
    """The history of one case, open at its end. `added` are the changes of this act, for its audit event."""

    def __init__(self, session: AsyncSession, actor: Staff, case: Case, last: int) -> None:
        """Go on after change number `last`."""
        self._session, self._actor, self._case, self._last = session, actor, case, last
        self.added: list[ArrangementChange] = []

    @classmethod
    async def open(cls, session: AsyncSession, actor: Staff, case: Case) -> Self:
        """Return the history. What was added to the session before is stored first, since changes refer to it."""
        await session.flush()
        last = select(func.max(ArrangementChange.sequence)).where(
            ArrangementChange.organisation_id == case.organisation_id, ArrangementChange.case_id == case.id
        )
        return cls(session, actor, case, await session.scalar(last) or 0)

    def add(self, kind: ChangeKind, reason: str | None, *, before: str | None = None, **about: UUID | None) -> None:
        """One change more is remembered; `about` names the allegations and themes."""
        self._last += 1
        change = ArrangementChange(
            organisation_id=self._case.organisation_id,
            case_id=self._case.id,
            sequence=self._last,
            kind=kind,
            made_by=self._actor.account_id,
            made_on=clock.today(),
            reason=reason,
            before=before,
            **about,
        )
        self._session.add(change)
        self.added.append(change)
