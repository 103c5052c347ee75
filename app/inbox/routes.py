"""HTTP for what passes between a case and whoever raised it. Whatever answers a reporter has one of a few lengths."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel

from app.audit.log import AuditUnavailable
from app.cases.access import DOOR, on_case
from app.cases.models import Case
from app.custodianship.access import ErasedAfterwards
from app.inbox import conversation, identities, messages, progress
from app.inbox.conversation import InboxSealed, NotSignedByReporter, SentBefore
from app.inbox.identities import IdentityReleased
from app.inbox.models import Side
from app.inbox.progress import FindingsNotFinal
from app.inbox.schemas import (
    ExplanationIn,
    IdentityIn,
    InboxIdentityOut,
    InboxMessageIn,
    InboxMessagesOut,
    InboxProgressOut,
    InboxSentOut,
    MessageIn,
    MessagesOut,
    OutcomesToldOut,
    ProgressOut,
    SealedIdentityReplacementIn,
    SentOut,
)
from app.intake import status
from app.intake.access import KeptWithTheRows, OwnGrievance, as_reporter, on_own_grievance
from app.intake.doors import ChannelAltered
from app.intake.inbox import InboxClosed, Visit
from app.intake.sealed_submission import SealedToOthers
from app.kernel import routing
from app.kernel.db import DbSession, reads
from app.kernel.http import problems
from app.kernel.idempotency import SameRequestRunning
from app.kernel.problems import BodyTooLarge, Busy, IdempotencyKeyReused, InvalidInput
from app.kernel.runtime import RuntimeOf
from app.kernel.sealed import KeyTurned
from app.policy.guard import CurrentActor
from app.policy.permissions import Permission
from app.vault.erasure import ErasureKeyTaken

reporter_router = routing.router("reporting", prefix="/v1/inbox")
staff_router = routing.router(prefix="/v1")
CONVERSATIONS, COLLECTIVE = "conversations", "collective grievances"
OPEN = (InboxClosed, KeyTurned)
WRITES = (
    *OPEN, InvalidInput, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge, AuditUnavailable, Busy, InboxSealed,
    NotSignedByReporter, SentBefore,
)  # fmt: skip
REPLACES = (
    *OPEN, InvalidInput, BodyTooLarge, AuditUnavailable, Busy, InboxSealed, IdentityReleased, ChannelAltered,
)  # fmt: skip
CREATES = (*DOOR, IdempotencyKeyReused, SameRequestRunning, BodyTooLarge)
InInbox = Annotated[Visit, as_reporter]
Own = Annotated[OwnGrievance, on_own_grievance]
ReadsConversations = Annotated[Case, on_case(Permission.CONVERSATION_READ)]
Writes = Annotated[Case, on_case(Permission.CONVERSATION_WRITE)]
After = Annotated[int, Query(ge=0, le=2_000_000_000, description="Show what comes after this position.")]


def padded(out: BaseModel, status_code: int = 200) -> Response:
    """Return an answer whose length is one of a few."""
    return Response(status.padded(out.model_dump_json().encode()), status_code, media_type="application/json")


@reporter_router.get("/messages", response_model=InboxMessagesOut, responses=problems(*OPEN, InvalidInput))
@reads
async def read_inbox_messages(visit: InInbox, session: DbSession, after: After = 0) -> Response:
    """Read what was written to you and what you wrote, oldest first. Nothing keeps that you read it."""
    found = await messages.read(session, visit.grievance, after, in_clear=not visit.opens_for_itself)
    return padded(InboxMessagesOut(**found.model_dump()))


@reporter_router.post("/messages", status_code=201, response_model=InboxSentOut, responses=problems(*WRITES))
async def write_inbox_message(draft: InboxMessageIn, visit: InInbox, session: DbSession) -> Response:
    """Write to those who work the case: case officers and investigators.

    The service seals what you write before it is stored. A client that opens the inbox for itself sends it sealed and signed.
    """
    sent = await messages.write_as_reporter(session, visit, draft)
    return padded(InboxSentOut(**sent.model_dump()), 201)


@reporter_router.put("/identity", response_model=InboxIdentityOut, responses=problems(*REPLACES))
async def give_identity(
    kept: KeptWithTheRows,
    erased: ErasedAfterwards,
    draft: IdentityIn,
    visit: InInbox,
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Say who you are, after all, or anew.

    It is sealed for the custodians together, in place of the record that stood for you, which is erased.
    """
    return padded(await identities.give(runtime, session, visit, draft, kept, erased))


@reporter_router.delete("/identity", response_model=InboxIdentityOut, responses=problems(*REPLACES))
async def withdraw_identity(
    kept: KeptWithTheRows, erased: ErasedAfterwards, visit: InInbox, runtime: RuntimeOf, session: DbSession
) -> Response:
    """Withdraw who you are: it is erased, and a record of nobody stands in its place.

    What was released to somebody cannot be withdrawn until they say what came of it: they may have read it.
    """
    return padded(await identities.withdraw(runtime, session, visit, kept, erased))


@reporter_router.put(
    "/sealed-identity",
    response_model=InboxIdentityOut,
    responses=problems(*REPLACES, NotSignedByReporter, SentBefore, SealedToOthers, ErasureKeyTaken),
)
async def replace_sealed_identity(
    kept: KeptWithTheRows,
    erased: ErasedAfterwards,
    draft: SealedIdentityReplacementIn,
    visit: InInbox,
    runtime: RuntimeOf,
    session: DbSession,
) -> Response:
    """Give or withdraw who you are by a record that your client sealed. The service cannot tell which of the two it is."""
    return padded(await identities.take_sealed(runtime, session, visit, draft, kept, erased))


@reporter_router.get("/progress", response_model=InboxProgressOut, responses=problems(*OPEN))
@reads
async def read_inbox_progress(visit: InInbox, session: DbSession) -> Response:
    """Read where your grievance stands, what you are owed by when, and what became of each thing that you alleged."""
    found = await progress.read(session, visit.grievance, visit.case, in_clear=not visit.opens_for_itself)
    return padded(InboxProgressOut(**found.model_dump()))


@staff_router.get(
    "/cases/{case_id}/conversations/{grievance_id}/messages", responses=problems(*DOOR), tags=[CONVERSATIONS]
)
async def list_case_messages(
    grievance_id: UUID, case: ReadsConversations, session: DbSession, after: After = 0
) -> MessagesOut:
    """Read the conversation with whoever raised a grievance of the case, oldest first."""
    return await messages.read(session, await conversation.of_case(session, case, grievance_id), after)


@staff_router.post(
    "/cases/{case_id}/conversations/{grievance_id}/messages",
    status_code=201,
    responses=problems(*CREATES),
    tags=[CONVERSATIONS],
)
async def write_case_message(
    grievance_id: UUID, draft: MessageIn, case: Writes, actor: CurrentActor, session: DbSession
) -> SentOut:
    """Write to whoever raised a grievance of the case. They see in which part of the case you write, not who you are."""
    grievance = await conversation.of_case(session, case, grievance_id)
    side = await conversation.side_of(session, actor, case)
    return await messages.write_as(session, actor, grievance, side, draft)


@staff_router.post(
    "/cases/{case_id}/conversations/{grievance_id}/explanations",
    status_code=201,
    responses=problems(*CREATES),
    tags=[CONVERSATIONS],
)
async def explain_outcome(
    grievance_id: UUID, draft: ExplanationIn, case: Writes, actor: CurrentActor, session: DbSession
) -> SentOut:
    """Explain the outcome of one allegation to whoever raised it, in words for them. The newest explanation counts."""
    grievance = await conversation.of_case(session, case, grievance_id)
    return await progress.explain(session, actor, grievance, draft)


@staff_router.post("/cases/{case_id}/outcomes-told", responses=problems(*DOOR, FindingsNotFinal), tags=[CONVERSATIONS])
async def tell_outcomes(
    case: Annotated[Case, on_case(Permission.OUTCOME_TELL)], actor: CurrentActor, session: DbSession
) -> OutcomesToldOut:
    """Let whoever raised the grievances read what was found on each thing that they alleged.

    A release does the same. Telling it again changes nothing.
    """
    return await progress.tell(session, actor, case)


@staff_router.get("/collective-grievances/{grievance_id}/messages", responses=problems(*DOOR), tags=[COLLECTIVE])
async def list_own_messages(grievance_id: UUID, own: Own, session: DbSession, after: After = 0) -> MessagesOut:
    """Read the conversation about the grievance that you submitted, oldest first."""
    return await messages.read(session, own.grievance, after)


@staff_router.post(
    "/collective-grievances/{grievance_id}/messages", status_code=201, responses=problems(*CREATES), tags=[COLLECTIVE]
)
async def write_own_message(
    grievance_id: UUID, draft: MessageIn, own: Own, actor: CurrentActor, session: DbSession
) -> SentOut:
    """Write to those who work the case, as the representative."""
    return await messages.write_as(session, actor, own.grievance, Side.REPRESENTATIVE, draft)


@staff_router.get("/collective-grievances/{grievance_id}/progress", responses=problems(*DOOR), tags=[COLLECTIVE])
async def read_own_progress(grievance_id: UUID, own: Own, session: DbSession) -> ProgressOut:
    """Read where the grievance stands, what is owed by when, and what became of each thing that was alleged."""
    return await progress.read(session, own.grievance, own.case)
