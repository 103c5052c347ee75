"""How a supporter is counted in, changes what they support, and withdraws. Nothing of it is in the log, and no row tells the minute.

A code or token is shown, is spent, and leads nowhere afterwards: the row of a code is removed, that of a token is no row of the
supporter, and neither has a column in common with what they chose.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.escrow import Holders
from app.crypto import receipts, supporter_tokens
from app.crypto.errors import NotAuthentic
from app.crypto.supporter_tokens import EVERY_ALLEGATION
from app.intake import doors
from app.intake.doors import ChannelAltered
from app.intake.inbox import ReceiptNotKnown
from app.intake.models import Grievance
from app.intake.receipts import derive
from app.kernel import clock
from app.kernel.db import table_of
from app.kernel.ids import new_id
from app.kernel.keyring import ServiceKeys
from app.kernel.octets import spell
from app.kernel.problems import Conflict, InvalidInput, NotFound
from app.supporting import ballots, codes, counts, tallies
from app.supporting.counts import Count
from app.supporting.models import CountedSupporter, Mode, SpentToken, SupportCount, SupporterCode, SupporterIdentity
from app.supporting.schemas import SupportIn, SupportOut, SupportPatch, SupportWithdrawalIn
from app.vault import sealing
from app.vault.erasure import ErasureKeys

_CODES, _TOKENS = table_of(SupporterCode), table_of(SpentToken)
_SUPPORTERS, _IDENTITIES = table_of(CountedSupporter), table_of(SupporterIdentity)
NOBODY = b""


class SupportersNotCounted(Conflict):
    """Supporters are not counted today. The page of the grievance says from when to when they are."""

    title = "Supporters are not counted today"


class NotCountedIn(Conflict):
    """This code or token counts nobody in: it is not of this grievance, was altered, or was used before. The three look alike.

    If it was you who used it and the answer was lost, repeat that request with the same Idempotency-Key: the receipt comes again.
    """

    title = "This code or token counts nobody in"


class RollFull(Conflict):
    """As many tokens were used as the union said that it has members to count in. Tell the union: somebody signed too many."""

    title = "More tokens than members"


class SupportsOneAllegation(Conflict):
    """This count signs a token for each allegation apart, so that a support stays with its own. Withdraw it, or support another too."""

    title = "This support is for one allegation"


class SupporterReceiptTaken(Conflict):
    """A supporter has this receipt already: draw a new one for each."""

    title = "A supporter has this receipt"


@dataclass(frozen=True)
class Booth:
    """All that counting one supporter in takes, read before anything slow is done."""

    count: Count
    holders: Holders


@dataclass(frozen=True)
class Proof:
    """What was shown: the digest of a code, or the serial number of a token and which key signed it."""

    lookup: bytes = field(repr=False)
    position: int | None
    """None for a code."""


@dataclass(frozen=True)
class Prepared:
    """One supporter, sealed and not stored yet."""

    supporter: dict[str, Any] = field(repr=False)
    identity: dict[str, Any] = field(repr=False)
    receipt: str | None = field(repr=False)


async def find(session: AsyncSession, grievance_id: UUID) -> Booth:
    """Return the booth of a grievance, open.

    Raises:
        NotFound: there is no such grievance, or no count of it.
        SupportersNotCounted: it is not open today.
        SupportCountAltered: it is not as the service wrote it down.
        ChannelAltered: nor is whom its channel seals to.

    """
    count = await counts.of_grievance(session, grievance_id)
    if count is None:
        raise NotFound
    require_open(count.row)
    place = (Grievance.organisation_id == count.row.organisation_id, Grievance.id == grievance_id)
    channel_id = (await session.execute(select(Grievance.channel_id).where(*place))).scalar_one()
    holders = await doors.find_holders(session, count.row.organisation_id, channel_id)
    if holders is None:
        raise ChannelAltered
    return Booth(count, holders)


def require_open(row: SupportCount) -> None:
    """Return if supporters are counted today.

    Raises:
        SupportersNotCounted: otherwise.

    """
    if not tallies.is_open(row.opens_on, row.closes_on, row.ended_on, clock.today()):
        raise SupportersNotCounted


def shown(count: Count, draft: SupportIn, keys: ServiceKeys) -> Proof:
    """Return what somebody showed, if it can count them in for what they name.

    Raises:
        NotCountedIn: it is no code, the key did not sign the token for this, or the count takes the other kind.
        InvalidInput: they name an allegation that the count has not, or not the one that the token is for.

    """
    require_known(count, draft.allegations)
    if (draft.code is None) == (count.mode is Mode.CODES):
        raise NotCountedIn
    if draft.code is not None:
        try:
            return Proof(codes.stored_lookup(keys, count.row.id, codes.normalise(draft.code)), None)
        except ValueError as error:
            raise NotCountedIn from error
    position = draft.allegations[0] if count.mode is Mode.TOKENS_BY_ALLEGATION else EVERY_ALLEGATION
    issuer = count.issuer_of(position)
    if issuer is None or draft.token is None:
        raise NotCountedIn
    try:
        key = supporter_tokens.read_public(issuer)
        return Proof(supporter_tokens.serial_of(key, count.row.grievance_id, position, draft.token), position)
    except NotAuthentic as error:
        raise NotCountedIn from error


def require_known(count: Count, allegations: list[int]) -> None:
    """Return if somebody may support these together.

    Raises:
        InvalidInput: otherwise.

    """
    rule = None
    if max(allegations, default=0) > len(count.allegations):
        rule = "must be numbers of the allegations on the page"
    elif count.mode is Mode.TOKENS_BY_ALLEGATION and len(allegations) != 1:
        rule = "must name the one allegation that the token is for"
    if rule is not None:
        raise InvalidInput(errors=[{"in": "body", "pointer": "/allegations", "rule": rule}])


async def require_unspent(session: AsyncSession, booth: Booth, proof: Proof) -> None:
    """Return if what was shown is not known to be used: before anything slow is done for it, and not instead of spending it.

    Raises:
        NotCountedIn: otherwise.

    """
    row = booth.count.row
    if proof.position is None:
        statement = select(_CODES.c.id).where(
            _CODES.c.organisation_id == row.organisation_id,
            _CODES.c.count_id == row.id,
            SupporterCode.lookup == proof.lookup,
        )
    else:
        statement = select(_TOKENS.c.id).where(
            _TOKENS.c.organisation_id == row.organisation_id,
            _TOKENS.c.count_id == row.id,
            SpentToken.serial == proof.lookup,
        )
    is_there = (await session.execute(statement)).first() is not None
    if is_there != (proof.position is None):
        raise NotCountedIn


def prepare(booth: Booth, draft: SupportIn, keys: ServiceKeys, kept: ErasureKeys) -> Prepared:
    """Return a supporter sealed, the erasure key of their identity on the disk; of nobody's too. Blocks."""
    row = booth.count.row
    receipt, lookup = None, draft.lookup
    if lookup is None:
        receipt = receipts.new_receipt()
        lookup = derive(keys, receipt).lookup
    person = NOBODY if draft.identity is None else draft.identity.to_bytes()
    sealed = sealing.prepare(
        row.organisation_id, row.case_id, [person], booth.holders.custodians, booth.holders.threshold
    )
    kept.keep(sealed.erasure_keys)
    (identity_id,) = sealed.ids
    place, found_by = (row.organisation_id, row.id), ballots.choice_lookup(keys, lookup)
    supporter = {
        "organisation_id": row.organisation_id,
        "id": new_id(),
        "count_id": row.id,
        "lookup": found_by,
        "choice": ballots.seal_choice(
            row.counting_key, *place, found_by, draft.allegations, len(booth.count.allegations)
        ),
        "changed_on": clock.today(),
        "is_shuffled": False,
    }
    identity = {
        "organisation_id": row.organisation_id,
        "id": new_id(),
        "count_id": row.id,
        "lookup": ballots.identity_lookup(keys, lookup),
        "identity_id": identity_id,
        "left_on": clock.today(),
        "marker": ballots.seal_marker(row.counting_key, *place, identity_id, is_somebody=person != NOBODY),
        "waiting": _waiting(sealed),
        "is_withdrawn": False,
    }
    return Prepared(supporter, identity, receipt)


def _waiting(sealed: sealing.Sealing) -> bytes:
    """Return the rows of one sealed identity, to be moved to the vault by the round of the day."""
    (_, [identity]), (_, shares) = sealed.rows
    content = {
        "threshold": identity["threshold"],
        "ciphertext": spell(identity["ciphertext"]),
        "check": spell(identity["check_value"]),
        "commitments": spell(identity["commitments"]),
        "shares": {str(one["custodian_id"]): spell(one["share"]) for one in shares},
    }
    return json.dumps(content, separators=(",", ":")).encode()


async def store(session: AsyncSession, booth: Booth, proof: Proof, prepared: Prepared) -> SupportOut:
    """Return that the supporter is counted; what they showed is spent.

    Raises:
        SupportersNotCounted: the count ended meanwhile.
        NotCountedIn: somebody else was faster with the same code or token.
        RollFull: the union signed more tokens than it has members.
        SupporterReceiptTaken: another supporter has the receipt that the client drew.

    """
    row = booth.count.row
    place = (SupportCount.organisation_id == row.organisation_id, SupportCount.id == row.id)
    held = (await session.execute(select(SupportCount).where(*place).with_for_update())).scalar_one()
    require_open(held)
    await _spend(session, held, proof)
    session.add(CountedSupporter(**prepared.supporter))
    session.add(SupporterIdentity(**prepared.identity))
    try:
        await session.flush()
    except IntegrityError as error:
        if "lookup" not in str(error.orig):
            raise
        raise SupporterReceiptTaken from error
    return SupportOut(receipt=prepared.receipt, counted_on=clock.today())


async def _spend(session: AsyncSession, row: SupportCount, proof: Proof) -> None:
    if proof.position is None:
        spent = await session.execute(
            delete(_CODES).where(
                _CODES.c.organisation_id == row.organisation_id,
                _CODES.c.count_id == row.id,
                SupporterCode.lookup == proof.lookup,
            )
        )
        if spent.rowcount != 1:  # type: ignore[attr-defined]
            raise NotCountedIn
        return
    session.add(
        SpentToken(organisation_id=row.organisation_id, count_id=row.id, position=proof.position, serial=proof.lookup)
    )
    try:
        await session.flush()
    except IntegrityError as error:
        raise NotCountedIn from error
    of_key = (
        _TOKENS.c.organisation_id == row.organisation_id,
        _TOKENS.c.count_id == row.id,
        _TOKENS.c.position == proof.position,
    )
    if (await session.execute(select(func.count()).select_from(_TOKENS).where(*of_key))).scalar_one() > row.roll:
        raise RollFull


def lookup_of(draft: SupportWithdrawalIn, keys: ServiceKeys) -> bytes:
    """Return the lookup secret that somebody showed. Blocks.

    Raises:
        ReceiptNotKnown: what they showed is no receipt.

    """
    if draft.lookup is not None:
        return draft.lookup
    try:
        return derive(keys, draft.receipt or "").lookup
    except ValueError as error:
        raise ReceiptNotKnown from error


async def amend(session: AsyncSession, count: Count, draft: SupportPatch, lookup: bytes, keys: ServiceKeys) -> None:
    """The supporter supports these from now on, and not what they chose before.

    Raises:
        ReceiptNotKnown: no supporter of the count has this receipt.
        SupportersNotCounted: the count ended meanwhile.
        SupportsOneAllegation: its tokens are each for one allegation.

    """
    row = count.row
    if count.mode is Mode.TOKENS_BY_ALLEGATION:
        raise SupportsOneAllegation
    require_known(count, draft.allegations)
    of_count = (SupportCount.organisation_id == row.organisation_id, SupportCount.id == row.id)
    require_open((await session.execute(select(SupportCount).where(*of_count).with_for_update())).scalar_one())
    found_by = ballots.choice_lookup(keys, lookup)
    mine = (
        _SUPPORTERS.c.organisation_id == row.organisation_id,
        _SUPPORTERS.c.count_id == row.id,
        CountedSupporter.lookup == found_by,
    )
    place = (row.counting_key, row.organisation_id, row.id)
    choice = ballots.seal_choice(*place, found_by, draft.allegations, len(count.allegations))
    values = {"choice": choice, "changed_on": clock.today(), "is_shuffled": False}
    changed = await session.execute(update(_SUPPORTERS).where(*mine).values(values))
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise ReceiptNotKnown


async def withdraw(session: AsyncSession, count: Count, lookup: bytes, keys: ServiceKeys) -> None:
    """The supporter is not counted any more, and nobody can open what they left for the custodians once the next round has run.

    Raises:
        ReceiptNotKnown: no supporter of the count has this receipt.

    """
    row = count.row
    gone = await session.execute(
        delete(_SUPPORTERS).where(
            _SUPPORTERS.c.organisation_id == row.organisation_id,
            _SUPPORTERS.c.count_id == row.id,
            CountedSupporter.lookup == ballots.choice_lookup(keys, lookup),
        )
    )
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise ReceiptNotKnown
    await session.execute(
        update(_IDENTITIES)
        .where(
            _IDENTITIES.c.organisation_id == row.organisation_id,
            _IDENTITIES.c.count_id == row.id,
            SupporterIdentity.lookup == ballots.identity_lookup(keys, lookup),
        )
        .values(is_withdrawn=True)
    )
