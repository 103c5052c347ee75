"""A case that was sealed wrongly where it was written: it says so once every case officer's key was tried in vain."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountState
from app.audit import log
from app.cases import service
from app.cases.grants import tag_of
from app.cases.lifecycle import CaseState
from app.cases.models import Appointment, Case, CaseKeyGrant, UnreadableDeclaration
from app.cases.resealing import Part
from app.crypto import case_keys, hpke
from app.crypto.errors import SealBroken
from app.kernel import clock
from app.kernel.problems import Conflict, Locked
from app.kernel.sealed import open_keys
from app.policy.actors import Capacity, Staff


class CaseReadable(Conflict):
    """Your key opens what was sent, or the case was acknowledged before, when its officers could read it. Go on with it instead."""

    title = "The case can be read"


async def declare(
    session: AsyncSession, actor: Staff, case: Case, private: hpke.PrivateKey, parts: Sequence[Part]
) -> None:
    """The actor's key opens nothing of the case, which is unreadable when that is so of every other case officer too.

    Others are those who stand appointed, are active, and have a grant that is sealed to their key.

    Raises:
        CaseReadable: the actor's key opens it, or it was acknowledged before.
        Locked: the actor has no grant that is sealed to their key, so that another could well open it.

    """
    if case.state == CaseState.UNREADABLE:
        return
    if case.state != CaseState.RECEIVED or await _is_readable(session, actor, case, private, parts):
        raise CaseReadable
    declared = set((await session.scalars(_declared_in(case))).all())
    if actor.account_id not in declared:
        declaration = UnreadableDeclaration(
            organisation_id=case.organisation_id,
            case_id=case.id,
            account_id=actor.account_id,
            declared_on=clock.today(),
        )
        session.add(declaration)
        await log.record(session, actor, "case.declared_unreadable", declaration, case_id=case.id)
    if await _who_may_try(session, case) <= declared | {actor.account_id}:
        step = await service.advance(session, actor, case, CaseState.UNREADABLE, None)
        await log.record(session, actor, "case.unreadable", case, step, case_id=case.id)


def _declared_in(case: Case) -> Select[UUID]:
    return select(UnreadableDeclaration.account_id).where(
        UnreadableDeclaration.organisation_id == case.organisation_id, UnreadableDeclaration.case_id == case.id
    )


async def _is_readable(
    session: AsyncSession, actor: Staff, case: Case, private: hpke.PrivateKey, parts: Sequence[Part]
) -> bool:
    """Whether the actor's grant of the present key opens, and the key opens what came with it. It raises as `declare` does."""
    place = (case.key_version, case.organisation_id, case.id, actor.account_id)
    grant = await session.scalar(_grants_of(case).where(CaseKeyGrant.account_id == actor.account_id))
    if grant is None or not hpke.is_sealed_to(private.public, grant.sealed_key):
        raise Locked
    if not case_keys.is_same(grant.tag, tag_of(open_keys.get().service, *place, grant.sealed_key)):
        raise Locked
    try:
        key = case_keys.open_grant(private, grant.sealed_key, *place)
    except SealBroken:
        return False
    return all([await part.fits(session, case, key) for part in parts])


def _grants_of(case: Case) -> Select[CaseKeyGrant]:
    return select(CaseKeyGrant).where(
        CaseKeyGrant.organisation_id == case.organisation_id,
        CaseKeyGrant.case_id == case.id,
        CaseKeyGrant.key_version == case.key_version,
    )


async def _who_may_try(session: AsyncSession, case: Case) -> set[UUID]:
    officers = (
        select(Account.id, Account.public_key)
        .join(
            Appointment,
            (Appointment.organisation_id == Account.organisation_id) & (Appointment.account_id == Account.id),
        )
        .where(
            Account.organisation_id == case.organisation_id,
            Account.state == AccountState.ACTIVE,
            Appointment.case_id == case.id,
            Appointment.capacity == Capacity.CASE_OFFICER,
            Appointment.ended_on.is_(None),
        )
    )
    keys = {row.id: row.public_key for row in (await session.execute(officers)).all()}
    return {
        grant.account_id
        for grant in await session.scalars(_grants_of(case))
        if (public := keys.get(grant.account_id)) is not None and hpke.is_sealed_to(public, grant.sealed_key)
    }
