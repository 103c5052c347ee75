"""Erasing an identity for good: first it is written down that it is erased, then its key goes, so that no backup opens it."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import log
from app.cases.models import Case
from app.custodianship.schemas import ErasureIn, ErasureOut
from app.kernel import clock, logs
from app.kernel.problems import NotFound
from app.policy.actors import Staff
from app.vault import erasure, resharing, subjects
from app.vault.models import IdentityErasure, SealedIdentity
from app.vault.subjects import Kind


async def erase(session: AsyncSession, actor: Staff, case: Case, identity_id: UUID, draft: ErasureIn) -> ErasureOut:
    """Return that an identity of the case is erased: its shares are gone, and its key goes once this is kept.

    Erasing it again changes nothing in the database: the key goes if it is still there.

    Raises:
        NotFound: the case has no such identity.

    """
    statement = select(SealedIdentity).where(
        SealedIdentity.organisation_id == case.organisation_id,
        SealedIdentity.case_id == case.id,
        SealedIdentity.id == identity_id,
    )
    identity = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if identity is None:
        raise NotFound
    if identity.erased_on is not None:
        return ErasureOut(identity_id=identity.id, erased_on=identity.erased_on)
    (subject,) = await subjects.load(session, Kind.IDENTITY, case.organisation_id, [identity_id])
    under_way = await resharing.everything_of(session, case.organisation_id, identity_id)
    gone = [*subject.shares.values(), *under_way]
    await resharing.remove(session, gone)
    identity.erased_on = clock.today()
    decided = IdentityErasure(
        organisation_id=case.organisation_id,
        case_id=case.id,
        identity_id=identity_id,
        erased_by=actor.account_id,
        reason=draft.reason,
    )
    session.add(decided)
    await log.record(session, actor, "identity.erased", identity, decided, case_id=case.id, removed=gone)
    return ErasureOut(identity_id=identity_id, erased_on=identity.erased_on)


async def sweep(session: AsyncSession, folder: Path) -> None:
    """No identity that the database says is erased has its key still: what a crash left is destroyed, and the operator told.

    Raises:
        OSError: the store is not there, or not ours to write.

    """
    erased = select(SealedIdentity.id).where(SealedIdentity.erased_on.is_not(None))
    for identity_id in (await session.execute(erased)).scalars().all():
        if erasure.path_of(folder, identity_id).exists():
            erasure.destroy(folder, identity_id)
            event = "an erasure key was left and is destroyed"
            logs.log.error(event, extra={"event": event})
