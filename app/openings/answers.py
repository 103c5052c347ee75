"""Custodians approve or refuse. What they approve with is sealed to the requester's key: it passes through, and stays sealed."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.models import Case
from app.crypto import openings, sharing
from app.crypto.errors import NotAuthentic
from app.crypto.identity import Sharing
from app.crypto.openings import Purpose
from app.kernel import clock
from app.kernel.problems import Conflict, InvalidInput, Problem
from app.openings import participants, subjects
from app.openings.schemas import HEADER, PIECE_BYTES, SEALED_OVERHEAD, RefusalIn, ShareReleaseIn
from app.policy.actors import Staff
from app.vault.lifecycle import STANDING
from app.vault.opening_models import AnswerKind, Opening, OpeningAnswer, OpeningPaper, OpeningState


class OpeningExpired(Conflict):
    """The request is past its end. Nothing of it is given out any more, also of what was approved. Make a new one."""

    title = "The request has ended"


class OpeningOver(Conflict):
    """The request is not one that stands: too many custodians refused, or its outcome is recorded."""

    title = "The request stands no more"


class AnsweredAlready(Conflict):
    """You have answered this request. An answer is given once."""

    title = "You have answered already"


class AnswerNotSigned(Problem):
    """The signature is not by your key in the manifest that the request names, or over another request, sharing or other bytes."""

    status = 422
    title = "The answer is not signed as it must be"


def require_not_expired(opening: Opening) -> None:
    """Return if the request is not past its end.

    Raises:
        OpeningExpired: it is.

    """
    if opening.expires_at <= clock.now():
        raise OpeningExpired


def require_standing(opening: Opening) -> None:
    """Return if custodians may answer the request and its requester may fetch.

    Raises:
        OpeningExpired: its end is past.
        OpeningOver: it was refused, or its outcome is recorded.

    """
    require_not_expired(opening)
    if opening.state not in STANDING:
        raise OpeningOver


async def answers_to(session: AsyncSession, opening: Opening) -> list[OpeningAnswer]:
    """Return every answer to a request, by rising custodian."""
    statement = select(OpeningAnswer).where(
        OpeningAnswer.organisation_id == opening.organisation_id, OpeningAnswer.opening_id == opening.id
    )
    return sorted((await session.execute(statement)).scalars(), key=lambda answer: answer.custodian_id)


async def approve(
    session: AsyncSession, actor: Staff, case: Case, opening: Opening, custodian_id: UUID, draft: ShareReleaseIn
) -> OpeningAnswer:
    """Return the custodian's approval, stored.

    Raises:
        OpeningExpired: the request has ended.
        OpeningOver: it stands no more.
        AnsweredAlready: they answered before.
        InvalidInput: the release is not sealed to the key of this request, or cannot hold what was dealt to them.
        AnswerNotSigned: they did not sign it.
        ManifestUnknown: the manifest was altered.
        EscrowUnknown: the key of the case was exchanged since it was asked for.

    """
    subject = await subjects.find(session, case, Purpose(opening.purpose), opening.subject_id)
    pieces = sharing.held_by(subject.sharing.threshold, len(subject.sharing.custodians))[0]
    if len(draft.release) != SEALED_OVERHEAD + len(pieces) * PIECE_BYTES:
        raise _refused("/release", "must have the length of what was dealt to you")
    given = _Given(AnswerKind.APPROVAL, custodian_id, draft.release, draft.signature, subject.sharing)
    return await _answer(session, actor, case, opening, given)


async def refuse(
    session: AsyncSession, actor: Staff, case: Case, opening: Opening, custodian_id: UUID, draft: RefusalIn
) -> OpeningAnswer:
    """Return the custodian's refusal, stored. Once too few are left who could approve, the request is refused.

    Raises:
        OpeningExpired, OpeningOver, AnsweredAlready, InvalidInput, AnswerNotSigned, ManifestUnknown: as `approve`.

    """
    return await _answer(
        session, actor, case, opening, _Given(AnswerKind.REFUSAL, custodian_id, draft.reason_sealed, draft.signature)
    )


@dataclass(frozen=True)
class _Given:
    """What a custodian sent."""

    kind: AnswerKind
    custodian_id: UUID
    content: bytes
    signature: bytes
    of: Sharing | None = None
    """How what they approve is shared; a refusal is of no sharing."""

    def require_signed(self, public: bytes, request: bytes) -> None:
        """Return if it is signed with that key, over this request.

        Raises:
            NotAuthentic: otherwise.

        """
        if self.of is None:
            openings.require_refusal(public, self.signature, request, self.custodian_id, self.content)
        else:
            openings.require_approval(public, self.signature, request, self.of, self.custodian_id, self.content)


_FIELDS = {AnswerKind.APPROVAL: "/release", AnswerKind.REFUSAL: "/reason_sealed"}
_EVENTS = {AnswerKind.APPROVAL: "opening.approved", AnswerKind.REFUSAL: "opening.declined"}


async def _answer(session: AsyncSession, actor: Staff, case: Case, opening: Opening, given: _Given) -> OpeningAnswer:
    require_standing(opening)
    before = await answers_to(session, opening)
    if any(one.custodian_id == given.custodian_id for one in before):
        raise AnsweredAlready
    if not given.content.startswith(HEADER + opening.key_id):
        raise _refused(_FIELDS[given.kind], "must be sealed to the key of this request")
    manifest = await participants.manifest_of(session, opening)
    entry = manifest.custodian(given.custodian_id)
    if entry is None or entry.account != actor.account_id:
        raise AnswerNotSigned
    try:
        given.require_signed(entry.signing_key, opening.digest)
    except NotAuthentic as error:
        raise AnswerNotSigned from error
    answer = OpeningAnswer(
        organisation_id=opening.organisation_id,
        case_id=opening.case_id,
        opening_id=opening.id,
        custodian_id=given.custodian_id,
        account_id=actor.account_id,
        kind=given.kind,
        content=given.content,
        signature=given.signature,
        answered_at=clock.to_the_minute(),
        is_false=False,
    )
    session.add(answer)
    changed = [opening] if await _settle(session, case, opening, [*before, answer]) else []
    await log.record(session, actor, _EVENTS[given.kind], answer, *changed, case_id=opening.case_id)
    return answer


async def _settle(session: AsyncSession, case: Case, opening: Opening, answers: list[OpeningAnswer]) -> bool:
    """Whether the request is refused from now on: nothing was released, and those who may take part and did not refuse are too few."""
    if opening.state == OpeningState.RELEASED:
        return False
    statement = select(OpeningPaper.account_id).where(
        OpeningPaper.organisation_id == opening.organisation_id,
        OpeningPaper.opening_id == opening.id,
        OpeningPaper.custodian_id.is_not(None),
    )
    able = await participants.able(session, case, list(await session.scalars(statement)))
    refused = {one.account_id for one in answers if one.kind == AnswerKind.REFUSAL}
    if len(able - refused) >= opening.threshold:
        return False
    opening.state = OpeningState.REFUSED
    return True


def _refused(pointer: str, rule: str) -> InvalidInput:
    return InvalidInput(errors=[{"in": "body", "pointer": pointer, "rule": rule}])
