"""What each may read of a count: everybody its public words, its representative and the case its numbers, nobody its supporters."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import Case
from app.crypto import receipts, supporter_tokens
from app.intake import service as intake
from app.intake.channel_schemas import ReceiptFormatOut
from app.intake.models import Grievance, GrievanceKind, HeadcountClaim
from app.intake.receipts import salt
from app.kernel import clock
from app.kernel.keyring import ServiceKeys
from app.kernel.octets import spell
from app.kernel.problems import NotFound
from app.supporting import counts, tallies
from app.supporting.counts import Count
from app.supporting.models import CountedAllegation, SupportTally
from app.supporting.schemas import (
    CaseSupportOut,
    CountedAllegationOut,
    HeadcountOut,
    OwnSupportOut,
    SupportCountOut,
    SupportPageOut,
    TalliedAllegationOut,
    TallyOut,
)

_KEPT = (
    "Of you the service keeps which allegations you support, sealed so that it is counted and not read, the day, and a digest of "
    "your receipt; your identity if you give it, sealed for the custodians together and not joined to what you support. A code "
    "or token is forgotten or kept apart, so that nobody can tell afterwards whose it was. What remains: who watches the "
    "service while you send, or has copies of it from before and after, may see what came. Whoever gave out a code "
    "and knows to whom can see that it was used, not what for. Fewer supporters than the threshold are never shown."
)


async def public_page(session: AsyncSession, keys: ServiceKeys, grievance_id: UUID) -> SupportPageOut:
    """Return what everybody may read of the count of a grievance.

    Raises:
        NotFound: there is no such grievance, or no count of it.
        SupportCountAltered: it is not as the service wrote it down.

    """
    count = await counts.of_grievance(session, grievance_id)
    if count is None:
        raise NotFound
    return SupportPageOut(
        **_public(count),
        allegations=[CountedAllegationOut(**_named(one)) for one in count.allegations],
        receipt=ReceiptFormatOut(
            words=receipts.WORDS_IN_A_RECEIPT,
            salt=spell(salt(keys)),
            memory_kib=receipts.MEMORY_KIB,
            iterations=receipts.ITERATIONS,
        ),
        what_is_kept=_KEPT,
    )


def _public(count: Count) -> dict[str, Any]:
    row, issuers = count.row, count.issuer_keys
    return {
        "mode": count.mode,
        "opens_on": row.opens_on,
        "closes_on": row.closes_on,
        "is_open": tallies.is_open(row.opens_on, row.closes_on, row.ended_on, clock.today()),
        "threshold": row.threshold,
        "statement": row.statement,
        "issuer_key": None if row.issuer_key is None else spell(row.issuer_key),
        "issuer_words": supporter_tokens.words(issuers) if issuers else None,
    }


def _named(allegation: CountedAllegation) -> dict[str, Any]:
    key = allegation.issuer_key
    return {
        "number": allegation.position,
        "wording": allegation.wording,
        "issuer_key": None if key is None else spell(key),
    }


async def shown(session: AsyncSession, count: Count) -> SupportCountOut:
    """Return a count with its numbers, as far as they may be told."""
    row = count.row
    statement = select(SupportTally).where(
        SupportTally.organisation_id == row.organisation_id, SupportTally.count_id == row.id
    )
    told = {one.allegation_id: one for one in (await session.execute(statement)).scalars()}
    people = told.get(None)
    return SupportCountOut(
        **_public(count),
        id=row.id,
        ended_on=row.ended_on,
        roll=row.roll,
        tallied_on=row.tallied_on,
        headcount=None if people is None else HeadcountOut(number=people.number, counted_on=people.counted_on),
        allegations=[
            TalliedAllegationOut(**_named(one), allegation_id=one.raised_id, tally=_tally(told.get(one.id)))
            for one in count.allegations
        ],
    )


def _tally(told: SupportTally | None) -> TallyOut | None:
    if told is None:
        return None
    return TallyOut(number=told.number, is_exact=told.is_exact, counted_on=told.counted_on)


async def own(session: AsyncSession, grievance: Grievance) -> OwnSupportOut:
    """Return the count of a representative's own grievance, beside what they claimed.

    Raises:
        Locked: the request does not hold the conversation's key.
        SupportCountAltered: the count is not as the service wrote it down.

    """
    (found,) = await _all(session, [grievance])
    return found


async def in_case(session: AsyncSession, case: Case) -> CaseSupportOut:
    """Return the counts of the collective grievances of a case, beside what was claimed.

    Raises:
        Locked: the request does not hold the key of the case.
        SupportCountAltered: a count is not as the service wrote it down.

    """
    statement = (
        select(Grievance)
        .where(
            Grievance.organisation_id == case.organisation_id,
            Grievance.case_id == case.id,
            Grievance.kind == GrievanceKind.COLLECTIVE,
        )
        .order_by(Grievance.id)
    )
    grievances = (await session.execute(statement)).scalars().all()
    for grievance in grievances:
        intake.open_conversation(grievance)
    return CaseSupportOut(items=await _all(session, grievances))


async def _all(session: AsyncSession, grievances: Sequence[Grievance]) -> list[OwnSupportOut]:
    ids = [grievance.id for grievance in grievances]
    found = await counts.of_grievances(session, ids)
    claims: dict[UUID, list[HeadcountClaim]] = {grievance_id: [] for grievance_id in ids}
    for grievance in grievances:
        statement = intake.of_grievance(HeadcountClaim, grievance.organisation_id, [grievance.id])
        claims[grievance.id] += (await session.execute(statement)).scalars()
    return [
        OwnSupportOut(
            count=await shown(session, found[grievance_id]) if grievance_id in found else None,
            headcount_claims=[intake.claimed(claim) for claim in claims[grievance_id]],
        )
        for grievance_id in ids
    ]
