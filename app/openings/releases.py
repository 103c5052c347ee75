"""Gives what custodians approved to the requester alone, and records what their client found. The service opens nothing."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.appointments import DifferentPeopleRequired
from app.cases.models import Case
from app.crypto import openings
from app.crypto.errors import NotAuthentic
from app.crypto.identity import Sharing
from app.crypto.openings import Purpose
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.problems import Conflict, InvalidInput, NotFound
from app.kernel.settings import Settings
from app.openings import answers, notices, participants, queries, subjects
from app.openings.answers import OpeningOver, require_standing
from app.openings.schemas import OutcomeIn, RefusalOut, ReleasesOut, ShareReleaseOut
from app.policy.actors import Staff
from app.vault.lifecycle import NoticeState, notice_state, release_after
from app.vault.opening_models import AnswerKind, Opening, OpeningAnswer, OpeningState


class ApprovalsMissing(Conflict):
    """Fewer custodians have approved than it takes. `approvals` and `threshold` say how many. Those barred since do not count."""

    title = "Approvals are missing"


class NoticeOwed(Conflict):
    """The reporter is told before anything opens: nothing is given out before `release_after`.

    It is null where one person recorded why the reporter is not told, and a second person has not.
    """

    title = "The reporter must be told first"


class RequestOfAnother(Conflict):
    """Only who made a request is given what custodians approved for it, and says what became of it."""

    title = "Somebody else made this request"


class NoticeGiven(Conflict):
    """The reporter is told already, or two people have recorded why not."""

    title = "There is nothing to withhold"


async def find(session: AsyncSession, case: Case, purpose: Purpose, opening_id: UUID) -> Opening:
    """Return a request that was made in the case for this purpose.

    Raises:
        NotFound: there is none with that id.

    """
    opening = await session.get(Opening, (case.organisation_id, opening_id))
    if opening is None or opening.case_id != case.id or opening.purpose != purpose:
        raise NotFound
    return opening


def _require_requester(actor: Staff, opening: Opening) -> None:
    if opening.requester_id != actor.account_id:
        raise RequestOfAnother


async def release(
    session: AsyncSession, actor: Staff, case: Case, purpose: Purpose, opening_id: UUID, settings: Settings
) -> ReleasesOut:
    """Return what the requester combines: every approval that counts, what is sealed, its erasure key. Who, and when, is kept.

    The caller holds the case.

    Raises:
        NotFound: there is no such request in the case.
        RequestOfAnother: somebody else made it.
        OpeningExpired: it has ended.
        OpeningOver: it was refused, or its outcome is recorded.
        NoticeOwed: an identity is asked for, and the reporter was not told for long enough, nor did two people record why not.
        ApprovalsMissing: fewer approvals count than it takes.
        IdentityErased: the erasure key is gone.
        EscrowUnknown: the key of the case was exchanged since.
        ManifestUnknown: the manifest was altered.

    """
    opening = await find(session, case, purpose, opening_id)
    _require_requester(actor, opening)
    require_standing(opening)
    if purpose is Purpose.IDENTITY:
        await _require_told(session, opening, settings.opening_notice_hours)
    subject = await subjects.find(session, case, purpose, opening.subject_id)
    approvals, refusals = await _counting(session, case, opening, subject.sharing)
    if len(approvals) < opening.threshold:
        raise ApprovalsMissing(approvals=len(approvals), threshold=opening.threshold)
    shred_key = subjects.shred_key(settings.erasure_folder, subject)
    opening.state = OpeningState.RELEASED
    await log.record(session, actor, "opening.released", opening, case_id=case.id)
    return ReleasesOut(
        sharing=subjects.shown(subject.sharing),
        ciphertext=spell(subject.row.ciphertext),
        check=spell(subject.row.check_value),
        shred_key=spell(shred_key),
        releases=[
            ShareReleaseOut(custodian_id=one.custodian_id, release=spell(content), signature=spell(one.signature))
            for one, content in approvals
        ],
        refusals=[
            RefusalOut(custodian_id=one.custodian_id, reason_sealed=spell(content), signature=spell(one.signature))
            for one, content in refusals
        ],
    )


async def _require_told(session: AsyncSession, opening: Opening, notice_hours: int) -> None:
    notice, withheld_by = await queries.notice_of(session, opening)
    at = release_after(opening, notice, withheld_by, clock.now(), notice_hours)
    if at is None or clock.now() < at:
        raise NoticeOwed(release_after=None if at is None else at.isoformat())


_Sealed = tuple[OpeningAnswer, bytes]


async def _counting(
    session: AsyncSession, case: Case, opening: Opening, of: Sharing
) -> tuple[list[_Sealed], list[_Sealed]]:
    """Return the approvals and the refusals of those who may take part now, every signature checked again."""
    given = await answers.answers_to(session, opening)
    able = await participants.able(session, case, [one.account_id for one in given])
    manifest = await participants.manifest_of(session, opening)
    found: dict[AnswerKind, list[_Sealed]] = {kind: [] for kind in AnswerKind}
    for one in given:
        entry = manifest.custodian(one.custodian_id)
        if one.account_id not in able or one.content is None or entry is None or entry.account != one.account_id:
            continue
        kind, signed = AnswerKind(one.kind), (one.custodian_id, one.content)
        try:
            if kind is AnswerKind.APPROVAL:
                openings.require_approval(entry.signing_key, one.signature, opening.digest, of, *signed)
            else:
                openings.require_refusal(entry.signing_key, one.signature, opening.digest, *signed)
        except NotAuthentic:  # somebody wrote it into the database, or altered how it is shared
            continue
        found[kind].append((one, one.content))
    return found[AnswerKind.APPROVAL], found[AnswerKind.REFUSAL]


async def record_outcome(
    session: AsyncSession, actor: Staff, case: Case, purpose: Purpose, opening_id: UUID, draft: OutcomeIn
) -> Opening:
    """Return the request with what its requester found, on their word: a custodian who lied is named in the record.

    It stands on where the requester found only who lied, and others may still approve.

    Raises:
        NotFound: there is no such request in the case.
        RequestOfAnother: somebody else made it.
        OpeningOver: nothing was released, or its outcome is recorded.
        InvalidInput: a custodian is named who did not approve.

    """
    opening = await find(session, case, purpose, opening_id)
    _require_requester(actor, opening)
    if opening.state != OpeningState.RELEASED:
        raise OpeningOver
    approved = {
        one.custodian_id: one for one in await answers.answers_to(session, opening) if one.kind == AnswerKind.APPROVAL
    }
    errors = [
        {"in": "body", "pointer": f"/liars/{number}", "rule": "must be a custodian who approved"}
        for number, custodian_id in enumerate(draft.liars)
        if custodian_id not in approved
    ]
    if errors:
        raise InvalidInput(errors=errors)
    event = "opening.liars_named"
    if draft.opened is not None:
        opening.state = OpeningState.OPENED if draft.opened else OpeningState.FAILED
        event = f"opening.{opening.state}"
    named = [approved[custodian_id] for custodian_id in sorted(set(draft.liars))]
    for answer in named:
        answer.is_false = True
    await log.record(session, actor, event, opening, *named, case_id=case.id)
    return opening


async def withhold(session: AsyncSession, actor: Staff, case: Case, opening_id: UUID, reason: str) -> Opening:
    """Return the request, of which the reporter is not told before the day that its requester named: two people said why.

    Raises:
        NotFound: there is no such request in the case.
        OpeningExpired: it has ended, and the reporter is told.
        OpeningOver: it was refused, or its outcome is recorded.
        DifferentPeopleRequired: the actor made the request.
        NoticeGiven: there is nothing to withhold.

    """
    opening = await find(session, case, Purpose.IDENTITY, opening_id)
    require_standing(opening)
    if actor.account_id == opening.requester_id:
        raise DifferentPeopleRequired
    notice, withheld_by = await queries.notice_of(session, opening)
    if notice_state(opening, notice, withheld_by, clock.now()) is not NoticeState.WITHHELD_PENDING:
        raise NoticeGiven
    row = notices.withholding(actor, case, opening, reason)
    session.add(row)
    await log.record(session, actor, "opening.notice_withheld", row, case_id=case.id)
    return opening
