"""Turns the key of a case: from then on, new content is under a key that whoever left has never had.

What stands under the older versions is sealed anew in the background (`resealing.py`); until that is done, those who
remain keep their grants of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, event, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts import provenance
from app.accounts.models import Account, AccountState
from app.audit import log
from app.cases import escrow, service
from app.cases.escrow import FindHolders
from app.cases.grants import tag_of
from app.cases.models import Appointment, Case, CaseKeyEscrow, CaseKeyGrant, CaseKeyShare, Wall
from app.cases.resealing import Part
from app.crypto import case_keys, hpke
from app.kernel.db import Base, table_of
from app.kernel.logs import log as logger
from app.kernel.problems import Conflict
from app.kernel.sealed import open_keys
from app.policy.actors import Capacity, Staff

_MODELS: dict[Any, type[Base]] = {table_of(model): model for model in (CaseKeyEscrow, CaseKeyShare)}
_IS_DEALT = select(
    exists().where(
        CaseKeyEscrow.organisation_id == bindparam("organisation"),
        CaseKeyEscrow.case_id == bindparam("case"),
        CaseKeyEscrow.key_version == bindparam("version"),
    )
)
# Made once: every act on a case comes by here, and making a statement costs more than running it.


class LastCaseOfficer(Conflict):
    """Nobody else could act as case officer. Appoint another one first, so that the case is never left alone.

    To bar another case officer, or to end their appointment, needs a third: nobody takes a case for themselves alone.
    """

    title = "The case would have no case officer"


class SealedWrongly(Conflict):
    """What was sent does not open with the key that came with it for you. Nothing was written.

    Whoever sealed the grievance sealed it wrongly, so that this is nothing that you can mend. Ask another case officer to act on the
    case: if their key fits, the case has a new key from then on, which is yours too. If theirs does not fit either, each of you declares that,
    by POST on `/v1/cases/{case_id}/unreadability`: whoever reported is told so then.
    """

    title = "This was sealed wrongly"


def grant(case: Case, version: int, key: bytes, account_id: UUID, public_key: bytes) -> CaseKeyGrant:
    """Return one version of the case key, granted to an account."""
    place = (version, case.organisation_id, case.id, account_id)
    sealed = case_keys.seal_grant(key, *place, hpke.PublicKey(public_key))
    return CaseKeyGrant(
        organisation_id=case.organisation_id,
        case_id=case.id,
        account_id=account_id,
        key_version=version,
        sealed_key=sealed,
        tag=tag_of(open_keys.get().service, *place, sealed),
    )


async def turn(session: AsyncSession, actor: Staff, case: Case, leaver: UUID, find_holders: FindHolders) -> None:
    """The leaver has no grant left, and the case has a new key: granted to all others who are appointed, and dealt.

    Others are those who stand appointed and have the present key, suspended or not: each grant of it and each public
    key is checked by its tag, so that nobody gets the new key by writing to the database. If the
    custodians of the channel are not certain, the key is dealt to nobody, and the operator is told: the leaver goes anyway.

    Raises:
        LastCaseOfficer: no active case officer would have the new key.

    """
    remaining = await _remaining(session, case, leaver)
    if not await _has_officer(session, case, remaining):
        raise LastCaseOfficer
    taken = await grants_of(session, case, leaver)
    for one in taken:
        await session.delete(one)
    added = await _add_version(session, case, remaining, find_holders)
    case.key_version += 1
    service.count_change(case)
    await log.record(session, actor, "case.key_turned", case, *added, case_id=case.id, removed=taken)


async def deal_missing(
    session: AsyncSession, actor: Staff, case: Case, find_holders: FindHolders, parts: Sequence[Part]
) -> None:
    """A present key that custodians do not hold is dealt to them; is it the first of the case, that has a new key instead.

    The first was made by the client of whoever reported, who may have kept it, or by a revision that dealt none. What the
    request writes from now on is under the new one: it is granted to all who are appointed and have the first, and dealt as in `turn`.
    The version of the file (its ETag) stays as it is. A later key was not dealt because the custodians were not certain.

    Raises:
        SealedWrongly: the first does not open what came with it.

    """
    place = {"organisation": case.organisation_id, "case": case.id, "version": case.key_version}
    if await session.scalar(_IS_DEALT, place):
        return
    if case.key_version > case_keys.FIRST_VERSION:
        await _deal(session, actor, case, find_holders)
        return
    _, key = open_keys.get().find("case_id", case.id, case.key_version)
    for part in parts:
        if not await part.fits(session, case, key):
            raise SealedWrongly
    added = await _add_version(session, case, await _remaining(session, case, None), find_holders)
    of_case = (Case.organisation_id == case.organisation_id, Case.id == case.id)
    values = {"key_version": case.key_version + 1}
    await session.execute(update(table_of(Case)).where(*of_case).values(values))
    set_committed_value(case, "key_version", values["key_version"])
    await log.record(session, actor, "case.key_turned", case, *added, case_id=case.id)


async def _deal(session: AsyncSession, actor: Staff, case: Case, find_holders: FindHolders) -> None:
    version, key = open_keys.get().find("case_id", case.id, case.key_version)
    added = await _shares(session, case, version, key, find_holders)
    if added:
        session.add_all(added)
        await log.record(session, actor, "case.key_dealt", *added, case_id=case.id)


async def _add_version(
    session: AsyncSession, case: Case, accounts: Mapping[UUID, bytes], find_holders: FindHolders
) -> list[Base]:
    """The next version is granted to the accounts, dealt, and open for this request; return its rows. The case is as it was."""
    key, version = case_keys.new_case_key(), case.key_version + 1
    added: list[Base] = [grant(case, version, key, account_id, public) for account_id, public in accounts.items()]
    added += await _shares(session, case, version, key, find_holders)
    session.add_all(added)
    _open_unless_undone(session, case.id, version, key)
    return added


def _open_unless_undone(session: AsyncSession, case_id: UUID, version: int, key: bytes) -> None:
    """The request holds the version, until the transaction is rolled back: nothing may be sealed under a key that nobody has."""
    held = open_keys.get()
    held.add(case_id, version, key)

    @event.listens_for(session.sync_session, "after_rollback", once=True)
    def _forget(_session: object) -> None:
        held.forget(case_id, version)


async def _shares(session: AsyncSession, case: Case, version: int, key: bytes, find_holders: FindHolders) -> list[Base]:
    """Return what custodians are to hold of a version; nothing, and the operator is told, if they are not certain."""
    holders = await find_holders(session, case.organisation_id, case.channel_id)
    if holders is None:
        what = "a case key was dealt to nobody"
        logger.error(what, extra={"event": what, "channel": str(case.channel_id)})
        return []
    dealt = escrow.deal(key, version, case.organisation_id, case.id, holders, open_keys.get().service)
    return [_MODELS[table](**columns) for table, rows in dealt for columns in rows]


async def _remaining(session: AsyncSession, case: Case, leaver: UUID | None) -> dict[UUID, bytes]:
    """Return the public key of every account that is to have the new key."""
    standing = exists().where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.account_id == CaseKeyGrant.account_id,
        Appointment.ended_on.is_(None),
    )
    walled = exists().where(
        Wall.organisation_id == case.organisation_id,
        Wall.case_id == case.id,
        Wall.account_id == CaseKeyGrant.account_id,
    )
    statement = (
        select(CaseKeyGrant.sealed_key, CaseKeyGrant.tag, provenance.CREDENTIALS_OF_ROW)
        .join(
            Account,
            (Account.organisation_id == CaseKeyGrant.organisation_id) & (Account.id == CaseKeyGrant.account_id),
        )
        .where(
            CaseKeyGrant.organisation_id == case.organisation_id,
            CaseKeyGrant.case_id == case.id,
            CaseKeyGrant.key_version == case.key_version,
            CaseKeyGrant.account_id.is_distinct_from(leaver),
            standing,
            ~walled,
        )
        .order_by(CaseKeyGrant.account_id)
    )
    place = (open_keys.get().service, case.key_version, case.organisation_id, case.id)
    remaining: dict[UUID, bytes] = {}
    for sealed, tag, account in (await session.execute(statement)).all():
        is_ours = case_keys.is_same(tag, tag_of(*place, account.id, sealed))
        is_theirs = account.public_key is not None and hpke.is_sealed_to(account.public_key, sealed)
        if is_ours and is_theirs and provenance.is_ours(account):
            remaining[account.id] = account.public_key
    return remaining


async def _has_officer(session: AsyncSession, case: Case, accounts: dict[UUID, bytes]) -> bool:
    officer = exists().where(
        Appointment.organisation_id == case.organisation_id,
        Appointment.case_id == case.id,
        Appointment.account_id.in_(accounts),
        Appointment.capacity == Capacity.CASE_OFFICER,
        Appointment.ended_on.is_(None),
        Account.organisation_id == case.organisation_id,
        Account.id == Appointment.account_id,
        Account.state == AccountState.ACTIVE,
    )
    return bool(await session.scalar(select(officer)))


async def grants_of(session: AsyncSession, case: Case, account_id: UUID) -> list[CaseKeyGrant]:
    """Return every grant of the case key to the account."""
    statement = select(CaseKeyGrant).where(
        CaseKeyGrant.organisation_id == case.organisation_id,
        CaseKeyGrant.case_id == case.id,
        CaseKeyGrant.account_id == account_id,
    )
    return list((await session.scalars(statement)).all())
