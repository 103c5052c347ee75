"""What is opened: a sealed identity, with the grievance in which its notice is read, or the key of a case; and how it is shared."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases import escrow
from app.cases.models import Case, CaseKeyEscrow
from app.crypto import identity
from app.crypto.openings import Purpose
from app.intake import service as intake
from app.intake.models import Confidentiality, Grievance, Supporter
from app.kernel.octets import spell
from app.kernel.problems import Conflict
from app.kernel.sealed import open_keys
from app.openings.schemas import IdentityItem, SharingOut
from app.vault import erasure
from app.vault import subjects as shared
from app.vault.models import SealedIdentity
from app.vault.opening_models import Opening


class SubjectUnknown(Conflict):
    """The case holds no such identity. `/v1/cases/{case_id}/identities` lists those that it holds."""

    title = "The case holds no such identity"


class IdentityErased(Conflict):
    """The erasure key of this identity was destroyed, so that nobody can open it any more, in no backup either."""

    title = "This identity was erased"


class EscrowUnknown(Conflict):
    """Custodians do not hold the present key of the case as this: it was exchanged, or was never dealt to them.

    `/v1/cases/{case_id}/key-escrow` names what they hold. Ask for that.
    """

    title = "This is not the present key of the case"


@dataclass(frozen=True)
class Subject:
    """One thing that can be opened: its row, how it is shared, every custodian's share, and whose inbox tells of its opening."""

    row: SealedIdentity | CaseKeyEscrow
    sharing: identity.Sharing
    shares: dict[UUID, bytes]
    grievance_id: UUID | None
    """None for the key of a case: nobody learns who a reporter is by it."""


async def find(session: AsyncSession, case: Case, purpose: Purpose, subject_id: UUID) -> Subject:
    """Return what a request for this purpose is about.

    Raises:
        SubjectUnknown: the case holds no identity with that id that somebody gave.
        IdentityErased: it was erased; its shares are gone too.
        EscrowUnknown: custodians do not hold the present key of the case as that.

    """
    if purpose is Purpose.IDENTITY:
        return await _identity(session, case, subject_id)
    found = await case_key(session, case)
    if found.row.id != subject_id:
        raise EscrowUnknown
    return found


async def case_key(session: AsyncSession, case: Case) -> Subject:
    """Return the present key of the case, as custodians hold it.

    Raises:
        EscrowUnknown: it was never dealt to them.

    """
    statement = select(CaseKeyEscrow.id).where(
        CaseKeyEscrow.organisation_id == case.organisation_id,
        CaseKeyEscrow.case_id == case.id,
        CaseKeyEscrow.key_version == case.key_version,
    )
    ids = (await session.scalars(statement)).all()
    found = await shared.load(session, shared.Kind.CASE_KEY, case.organisation_id, ids)
    if not found:
        raise EscrowUnknown
    return _whole(found[0], None)


async def _identity(session: AsyncSession, case: Case, identity_id: UUID) -> Subject:
    row = await session.get(SealedIdentity, (case.organisation_id, identity_id))
    if row is None or row.case_id != case.id:
        raise SubjectUnknown
    grievance_id = await _grievance_of(session, case, identity_id)
    if grievance_id is None:
        raise SubjectUnknown
    if row.erased_on is not None:
        raise IdentityErased
    (found,) = await shared.load(session, shared.Kind.IDENTITY, case.organisation_id, [identity_id])
    return _whole(found, grievance_id)


def _whole(found: shared.Subject, grievance_id: UUID | None) -> Subject:
    shares = {custodian_id: share.share for custodian_id, share in found.shares.items()}
    return Subject(found.row, found.sharing, shares, grievance_id)


async def require_openable(session: AsyncSession, folder: Path, subject: Subject) -> None:
    """Return if there is something to open. Who gave no name has an identity too, with nothing in it: nobody is troubled for that.

    Raises:
        SubjectUnknown: it stands for no name.
        IdentityErased: its erasure key was destroyed.
        Locked: it is an identity, and the request does not hold the key of the case.

    """
    row = subject.row
    if isinstance(row, SealedIdentity) and row.id in await _unnamed(session, row.organisation_id, row.case_id):
        raise SubjectUnknown
    shred_key(folder, subject)


def shred_key(folder: Path, subject: Subject) -> bytes:
    """Return the key without which no shares open the thing: kept in a file for an identity, derived for the key of a case.

    Raises:
        IdentityErased: it was destroyed.

    """
    row = subject.row
    if isinstance(row, CaseKeyEscrow):
        return escrow.shred_key(open_keys.get().service, row.organisation_id, row.case_id, row.key_version)
    key = erasure.read_key(folder, row.id)
    if key is None or row.erased_on is not None:
        raise IdentityErased
    return key


async def in_case(session: AsyncSession, case: Case) -> list[IdentityItem]:
    """Return every identity that somebody gave in the case, in the order of their ids, which is random within a day.

    Raises:
        Locked: the request does not hold the key of the case.

    """
    of_case = (SealedIdentity.organisation_id == case.organisation_id, SealedIdentity.case_id == case.id)
    rows = (await session.execute(select(SealedIdentity).where(*of_case).order_by(SealedIdentity.id))).scalars().all()
    unnamed = await _unnamed(session, case.organisation_id, case.id)
    loaded = await shared.load(session, shared.Kind.IDENTITY, case.organisation_id, [row.id for row in rows])
    holders = {one.row.id: sorted(one.shares) for one in loaded}
    asked_for = (
        select(Opening.subject_id, func.count())
        .where(Opening.organisation_id == case.organisation_id, Opening.case_id == case.id)
        .group_by(Opening.subject_id)
    )
    counts = {subject_id: count for subject_id, count in (await session.execute(asked_for)).all()}  # noqa: C416 rows are no pairs
    reporters = set(
        await session.scalars(
            select(Grievance.identity_id).where(
                Grievance.organisation_id == case.organisation_id, Grievance.case_id == case.id
            )
        )
    )
    supporters = set(
        await session.scalars(
            select(Supporter.identity_id).where(
                Supporter.organisation_id == case.organisation_id, Supporter.case_id == case.id
            )
        )
    )
    return [
        IdentityItem(
            id=row.id,
            of="reporter" if row.id in reporters else "supporter",
            threshold=row.threshold,
            custodians=holders.get(row.id, []),
            openings=counts.get(row.id, 0),
            erased_on=row.erased_on,
        )
        for row in rows
        if row.id not in unnamed and row.id in reporters | supporters  # else its reporter replaced it
    ]


async def _unnamed(session: AsyncSession, organisation_id: UUID, case_id: UUID) -> set[UUID]:
    """Return the identities of the case that stand for no name. The conversations' keys are open afterwards."""
    statement = select(Grievance).where(
        Grievance.organisation_id == organisation_id, Grievance.case_id == case_id, Grievance.identity_id.is_not(None)
    )
    found = set()
    for grievance in (await session.execute(statement)).scalars():
        intake.open_conversation(grievance)
        openness = Confidentiality.from_initial(grievance.confidentiality)
        if openness is Confidentiality.ANONYMOUS and grievance.identity_id is not None:
            found.add(grievance.identity_id)
    return found


def shown(sharing: identity.Sharing) -> SharingOut:
    """Return how a secret is shared, as the API shows it."""
    return SharingOut(
        reference=spell(sharing.reference),
        threshold=sharing.threshold,
        custodians=sorted(sharing.custodians),
        commitments=[spell(one) for one in sharing.commitments],
    )


async def _grievance_of(session: AsyncSession, case: Case, identity_id: UUID) -> UUID | None:
    """Return the grievance of a reporter, or of the representative of a supporter."""
    reporter = select(Grievance.id).where(
        Grievance.organisation_id == case.organisation_id, Grievance.identity_id == identity_id
    )
    supporter = select(Supporter.grievance_id).where(
        Supporter.organisation_id == case.organisation_id, Supporter.identity_id == identity_id
    )
    found: UUID | None = await session.scalar(reporter)
    return found or await session.scalar(supporter)
