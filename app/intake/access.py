"""The ways to hold a grievance from outside its case: a reporter's open inbox, and a representative's own grievance."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.accounts.authentication import bearer_token, private_key
from app.audit import log
from app.cases import access as case_access
from app.cases.holding import hold
from app.cases.models import Case
from app.crypto import conversation_keys
from app.crypto.errors import SealBroken
from app.intake import inbox, status
from app.intake.inbox import Visit
from app.intake.models import Grievance
from app.kernel.db import DbSession
from app.kernel.idempotency import Replay
from app.kernel.problems import Locked, NotFound
from app.kernel.runtime import RuntimeOf
from app.kernel.sealed import open_keys
from app.policy.actors import Staff
from app.policy.guard import CurrentActor, Guard, Refusal, refuse_unless, unlock
from app.policy.permissions import Permission
from app.policy.rules import decide
from app.vault.erasure import ErasureKeys

inbox_bearer = HTTPBearer(
    auto_error=False, scheme_name="inbox", bearerFormat="opaque", description="The token from /v1/inbox/sessions."
)


class AsReporter(Guard):
    """The door of an inbox: whoever holds the token of its session."""

    relation = "reporter"

    async def __call__(
        self, request: Request, session: DbSession, _token: Annotated[object, Depends(inbox_bearer)]
    ) -> Visit:
        """Return the visit, its conversation's key open for this request.

        Raises:
            InboxClosed: the token opens no inbox, or no longer.

        """
        request.state.fill = status.padded  # refusals too have one of a few lengths
        visit, key = await inbox.enter(session, bearer_token(request))
        if key is not None:
            open_keys.get().add(visit.grievance.id, visit.grievance.key_version, key)
        await self.admit(request, session, f"reporter {visit.reporter.grievance_id}")
        return visit


as_reporter: Any = Depends(AsReporter())
"""The dependency that yields a reporter's visit to their inbox."""


@dataclass(frozen=True)
class OwnGrievance:
    """A collective grievance in the hands of its representative, and the case that it opened."""

    grievance: Grievance
    case: Case


class OnOwnGrievance(Guard):
    """The door of a collective grievance, for the representative who submitted it. For anybody else it does not exist."""

    relation = "own grievance"
    permission = Permission.GRIEVANCE_FOLLOW

    async def __call__(
        self,
        grievance_id: UUID,
        request: Request,
        session: DbSession,
        staff: CurrentActor,
        _unlock: Annotated[object, Depends(unlock)],
    ) -> OwnGrievance:
        """Return the grievance, its conversation's key open for this request, its reading recorded; an earlier answer's too.

        Raises:
            Replay: the request was answered before. It is no failure: the transaction is committed.
            NotFound: there is no such grievance, it is another's, or a wall stands before it.
            Locked: the unlock secret is missing or wrong.

        """
        statement = select(Grievance).where(
            Grievance.organisation_id == staff.organisation_id, Grievance.id == grievance_id
        )
        grievance = (await session.execute(statement)).scalar_one_or_none()
        if grievance is None:
            problem = NotFound()
            problem.refusal = Refusal(staff, self.permission)
            raise problem
        if request.method != "GET":
            await hold(session, staff.organisation_id, grievance.case_id)
            await session.refresh(grievance)  # its key may have been turned until now
        case, facts, _ = await case_access.load(session, staff, grievance.case_id)
        refuse_unless(decide(self.permission, staff, facts), Refusal(staff, self.permission, case.id))
        self._open(request, staff, grievance)
        try:
            await self.admit(request, session, str(staff.account_id))
        except Replay:  # the answer of before holds what the grievance holds
            await log.record(session, staff, "read.replayed", case_id=case.id)
            raise
        if request.method == "GET":
            await log.record(session, staff, f"read.{request.scope['endpoint'].__name__}", case_id=case.id)
        return OwnGrievance(grievance, case)

    @staticmethod
    def _open(request: Request, staff: Staff, grievance: Grievance) -> None:
        private = private_key(request, staff)
        try:
            key = conversation_keys.open_as_sender(
                grievance.key_for_sender, grievance.organisation_id, grievance.id, private
            )
        except SealBroken as error:
            raise Locked from error
        open_keys.get().add(grievance.id, grievance.key_version, key)


on_own_grievance: Any = Depends(OnOwnGrievance())
"""The dependency that yields a representative's own grievance."""


async def _erasure_keys(runtime: RuntimeOf) -> AsyncIterator[ErasureKeys]:
    kept = ErasureKeys(runtime.settings.erasure_folder)
    try:
        yield kept
    except Exception as failure:
        is_doubtful = isinstance(failure, DBAPIError) and failure.connection_invalidated
        if not is_doubtful:  # else the rows may be stored: without their erasure keys the identities would be lost
            kept.forget()
        raise


KeptWithTheRows = Annotated[ErasureKeys, Depends(_erasure_keys, scope="function")]
"""The erasure keys that the request makes. It stands first in a signature, before the guard begins the session: so it ends
after the commit, and a transaction that is not kept takes the keys with it."""
