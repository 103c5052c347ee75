"""Reads openings for those who work the case and for the custodians who are asked. It decides nothing."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.cases.queries import of_case
from app.crypto import hpke, openings
from app.crypto.errors import SealBroken
from app.crypto.openings import Purpose
from app.intake.models import Channel
from app.kernel import clock
from app.kernel.octets import spell
from app.kernel.pages import Page, PageQuery
from app.kernel.sealed import SealedContentBroken
from app.openings import participants, subjects
from app.openings.schemas import AskedItem, AskedOut, OpeningDetail, OpeningOut
from app.policy.actors import Staff
from app.vault.lifecycle import notice_state, state_of
from app.vault.notices import withheld_by
from app.vault.opening_models import AnswerKind, Opening, OpeningAnswer, OpeningNotice, OpeningPaper


async def notice_of(session: AsyncSession, opening: Opening) -> tuple[OpeningNotice, set[UUID]]:
    """Return the notice of a request, and who recorded why it is withheld."""
    statement = select(OpeningNotice).where(
        OpeningNotice.organisation_id == opening.organisation_id, OpeningNotice.opening_id == opening.id
    )
    notice = (await session.execute(statement)).scalar_one()
    return notice, (await withheld_by(session, opening.organisation_id, [opening.id]))[opening.id]


async def shown(session: AsyncSession, case: Case, found: Sequence[Opening]) -> list[OpeningOut]:
    """Return openings of the case as those who work it see them."""
    now, ids = clock.now(), [opening.id for opening in found]
    answers: dict[UUID, list[OpeningAnswer]] = defaultdict(list)
    for answer in await of_case(session, case, OpeningAnswer):
        answers[answer.opening_id].append(answer)
    able = await participants.able(session, case, [one.account_id for given in answers.values() for one in given])
    notices = {notice.opening_id: notice for notice in await of_case(session, case, OpeningNotice)}
    withheld = await withheld_by(session, case.organisation_id, ids)

    def count(opening: Opening, kind: AnswerKind) -> int:
        return sum(answer.kind == kind and answer.account_id in able for answer in answers[opening.id])

    def told(opening: Opening) -> Literal["given", "withheld", "withheld_pending"] | None:
        notice = notices.get(opening.id)
        return None if notice is None else notice_state(opening, notice, withheld[opening.id], now).value

    return [
        OpeningOut(
            id=opening.id,
            purpose=opening.purpose,
            subject_id=opening.subject_id,
            requester_id=opening.requester_id,
            state=state_of(opening, now),
            made_at=opening.made_at,
            expires_at=opening.expires_at,
            notice=told(opening),
            approvals=count(opening, AnswerKind.APPROVAL),
            refusals=count(opening, AnswerKind.REFUSAL),
            threshold=opening.threshold,
            liars=sorted(answer.custodian_id for answer in answers[opening.id] if answer.is_false),
        )
        for opening in found
    ]


async def in_case(
    session: AsyncSession, actor: Staff, case: Case, purpose: Purpose, private: hpke.PrivateKey
) -> list[OpeningDetail]:
    """Return every request of the case for this purpose, newest first, its paper opened where one was sealed to the actor.

    Raises:
        SealedContentBroken: a paper was altered.

    """
    made = [one for one in await of_case(session, case, Opening) if one.purpose == purpose]
    found = sorted(made, key=lambda one: (one.made_at, one.id), reverse=True)
    papers = {
        paper.opening_id: paper.paper
        for paper in await of_case(session, case, OpeningPaper)
        if paper.account_id == actor.account_id and paper.custodian_id is None
    }
    return [
        OpeningDetail(**opening.model_dump(), **_paper(actor, private, opening.id, papers.get(opening.id)))
        for opening in await shown(session, case, found)
    ]


def _paper(actor: Staff, private: hpke.PrivateKey, opening_id: UUID, paper: bytes | None) -> dict[str, Any]:
    if paper is None:
        return dict.fromkeys(("reason", "legal_basis", "document", "signature"))
    try:
        signed = openings.open_paper(private, opening_id, actor.account_id, paper)
    except SealBroken as error:
        raise SealedContentBroken from error
    request = openings.read_request(signed)
    return {
        "reason": request.reason,
        "legal_basis": request.legal_basis,
        "document": spell(signed.document),
        "signature": spell(signed.signature),
    }


_OF_CUSTODIAN = (
    select(Opening, Channel.slug, OpeningAnswer.kind)
    .join(
        OpeningPaper,
        and_(OpeningPaper.organisation_id == Opening.organisation_id, OpeningPaper.opening_id == Opening.id),
    )
    .join(Channel, and_(Channel.organisation_id == Opening.organisation_id, Channel.id == Opening.channel_id))
    .outerjoin(
        OpeningAnswer,
        and_(
            OpeningAnswer.organisation_id == Opening.organisation_id,
            OpeningAnswer.opening_id == Opening.id,
            OpeningAnswer.custodian_id == OpeningPaper.custodian_id,
        ),
    )
)


async def asked_of(session: AsyncSession, actor: Staff, page: PageQuery) -> Page[AskedItem]:
    """Return one page of the requests made to a custodian that are not past their end, but those of cases they are barred from."""
    statement = _OF_CUSTODIAN.where(
        Opening.organisation_id == actor.organisation_id,
        OpeningPaper.account_id == actor.account_id,
        OpeningPaper.custodian_id.is_not(None),
        Opening.expires_at > clock.now(),
        ~participants.barred_from(Opening, actor.account_id),
    )
    rows = (await session.execute(page.apply(statement, Opening.id))).all()
    kept, following = page.cut([_Row(*row) for row in rows])
    return Page(items=[row.shown() for row in kept], next=following)


class _Row:
    """A row of the custodian's list."""

    def __init__(self, opening: Opening, slug: str, kind: str | None) -> None:
        self.id, self.opening, self.slug, self.kind = opening.id, opening, slug, kind

    def shown(self) -> AskedItem:
        """Return it as the list shows it."""
        return AskedItem(
            id=self.id,
            purpose=self.opening.purpose,
            channel=self.slug,
            state=state_of(self.opening, clock.now()),
            threshold=self.opening.threshold,
            expires_at=self.opening.expires_at,
            my_answer=None if self.kind is None else AnswerKind(self.kind).value,
        )


async def for_custodian(
    session: AsyncSession, case: Case, opening: Opening, custodian_id: UUID, paper: bytes
) -> AskedOut:
    """Return all that a custodian's own machine needs to judge the request and to answer it."""
    channel = await session.get_one(Channel, (opening.organisation_id, opening.channel_id))
    subject = await subjects.find(session, case, Purpose(opening.purpose), opening.subject_id)
    return AskedOut(
        id=opening.id,
        purpose=opening.purpose,
        channel=channel.slug,
        custodian_id=custodian_id,
        state=state_of(opening, clock.now()),
        expires_at=opening.expires_at,
        paper=spell(paper),
        sharing=subjects.shown(subject.sharing),
        share=spell(subject.shares[custodian_id]),
    )
