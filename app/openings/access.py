"""The door of an opening for the custodians who are asked; for anybody else, and behind a wall, it does not exist."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases import access as case_access
from app.cases import turning
from app.cases.escrow import FindHolders
from app.cases.holding import hold
from app.cases.models import Case
from app.cases.resealing import Part
from app.kernel.db import DbSession
from app.kernel.idempotency import Replay
from app.kernel.problems import Busy, NotFound, Problem
from app.kernel.sealed import open_keys
from app.openings import participants
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, Guard, Refusal, refuse_unless
from app.policy.permissions import Permission
from app.policy.rules import decide
from app.vault.opening_models import Opening, OpeningPaper


class CustodianBarred(Problem):
    """Who asks for an opening, works the case, worked it once or submitted its grievance is not its custodian as well."""

    status = 403
    title = "You cannot take part in this opening"


@dataclass(frozen=True)
class Asked:
    """A request in the hands of a custodian who may answer it."""

    opening: Opening
    case: Case
    custodian_id: UUID
    paper: bytes | None
    """None once the request is past its end."""


class OnOpening(Guard):
    """The door of a request, for a custodian of the channel who may take part."""

    relation = "opening"
    permission = Permission.OPENING_ANSWER

    async def __call__(self, opening_id: UUID, request: Request, session: DbSession, staff: CurrentActor) -> Asked:
        """Return the request as the custodian was asked it, its reading recorded; that of an earlier answer too.

        Raises:
            Replay: the request was answered before. It is no failure: the transaction is committed.
            NotFound: there is no such request, they were not asked, or a wall bars them from the case.
            CustodianBarred: they play or played another part in the case, or ask themselves.

        """
        opening = await session.get(Opening, (staff.organisation_id, opening_id))
        if opening is None:
            raise self._hidden(staff, None)
        if request.method != "GET":
            await hold(session, staff.organisation_id, opening.case_id)
            await session.refresh(opening)
        case, facts, _ = await case_access.load(session, staff, opening.case_id)
        refuse_unless(decide(self.permission, staff, facts), Refusal(staff, self.permission, case.id))
        statement = select(OpeningPaper).where(
            OpeningPaper.organisation_id == staff.organisation_id,
            OpeningPaper.opening_id == opening.id,
            OpeningPaper.account_id == staff.account_id,
        )
        paper = (await session.execute(statement)).scalar_one_or_none()
        able = await participants.able(session, case, [staff.account_id])
        if paper is None or paper.custodian_id is None or staff.account_id not in able:
            if facts.appointed or facts.represents or staff.account_id == opening.requester_id:
                raise CustodianBarred  # who knows of the case may be told why
            raise self._hidden(staff, case.id)
        try:
            await self.admit(request, session, str(staff.account_id))
        except Replay:
            await log.record(session, staff, "read.replayed", case_id=case.id)
            raise
        if request.method == "GET":
            await log.record(session, staff, f"read.{request.scope['endpoint'].__name__}", case_id=case.id)
        return Asked(opening, case, paper.custodian_id, paper.paper)

    def _hidden(self, staff: Staff, case_id: UUID | None) -> NotFound:
        problem = NotFound()
        problem.refusal = Refusal(staff, self.permission, case_id)
        return problem


on_opening: Any = Depends(OnOpening())
"""The dependency that yields a request that the actor was asked as a custodian."""


async def again_locked(session: AsyncSession, staff: Staff, case_id: UUID, permission: Permission) -> Case:
    """Return a case that this request let go of for slow work, held again, if the actor still may.

    Raises:
        NotFound: they may not know of it any more.
        NotAllowed: they may not do this any more.

    """
    await hold(session, staff.organisation_id, case_id)
    case, facts, _ = await case_access.load(session, staff, case_id)
    refuse_unless(decide(permission, staff, facts, on_case=True), Refusal(staff, permission, case_id))
    return case


async def again(
    session: AsyncSession,
    staff: Staff,
    case_id: UUID,
    permission: Permission,
    find_holders: FindHolders,
    parts: Sequence[Part],
) -> Case:
    """Return a case as `again_locked` does, if this request holds its present key.

    Raises:
        NotFound, NotAllowed: as `again_locked`.
        Busy: the key of the case was exchanged meanwhile.

    """
    case = await again_locked(session, staff, case_id, permission)
    if case.key_version not in open_keys.get().held(case_id):
        raise Busy
    await turning.deal_missing(session, staff, case, find_holders, parts)  # what the door did of it was let go too
    return case
