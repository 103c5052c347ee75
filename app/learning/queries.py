"""Reads the summaries and releases of one case. An id of another case is as unknown as one that never was."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, Organisation
from app.cases.models import Appointment, Case, Wall
from app.detection.names import name_parts
from app.kernel.pages import NumberedPageQuery, PageQuery
from app.kernel.problems import NotFound
from app.learning.leaks import KnownSurface
from app.learning.models import Approval, Release, ReleaseAudience, Summary
from app.learning.redaction import RedactionKind
from app.policy.actors import Role


async def page_of(session: AsyncSession, case: Case, page: PageQuery) -> tuple[Sequence[Summary], str | None]:
    """Return a page of the case's summaries, newest first as far as the day tells, and the cursor of the next."""
    statement = select(Summary).where(Summary.organisation_id == case.organisation_id, Summary.case_id == case.id)
    return page.cut(list(await session.scalars(page.apply(statement, Summary.id))))


async def find(session: AsyncSession, case: Case, summary_id: UUID) -> Summary:
    """Return one summary of the case.

    Raises:
        NotFound: the case has no such summary.

    """
    summary = await session.get(Summary, (case.organisation_id, summary_id))
    if summary is None or summary.case_id != case.id:
        raise NotFound
    return summary


async def approvals_of(session: AsyncSession, summary: Summary) -> list[Approval]:
    """Return every approval of the summary, oldest first; at most the last is not voided."""
    statement = select(Approval).where(
        Approval.organisation_id == summary.organisation_id, Approval.summary_id == summary.id
    )
    return list(await session.scalars(statement.order_by(Approval.summary_version)))


async def releases_of(session: AsyncSession, case: Case) -> list[Release]:
    """Return every release of the case, oldest first, ended ones too."""
    statement = select(Release).where(Release.organisation_id == case.organisation_id, Release.case_id == case.id)
    return list(await session.scalars(statement.order_by(Release.number)))


async def page_of_releases(
    session: AsyncSession, case: Case, page: NumberedPageQuery
) -> tuple[Sequence[Release], str | None]:
    """Return a page of the case's releases, newest first, ended ones too, and the cursor of the next."""
    statement = select(Release).where(Release.organisation_id == case.organisation_id, Release.case_id == case.id)
    return page.cut(list(await session.scalars(page.apply(statement, Release.number))))


async def find_release(session: AsyncSession, case: Case, release_id: UUID) -> Release:
    """Return one release of the case.

    Raises:
        NotFound: the case has no such release.

    """
    release = await session.get(Release, (case.organisation_id, release_id))
    if release is None or release.case_id != case.id:
        raise NotFound
    return release


async def audiences_of(session: AsyncSession, releases: Sequence[Release]) -> dict[UUID, list[Role]]:
    """Return the audiences of each of these releases of one organisation, by the release's id."""
    statement = select(ReleaseAudience.release_id, ReleaseAudience.role).where(
        ReleaseAudience.organisation_id.in_({release.organisation_id for release in releases}),
        ReleaseAudience.release_id.in_([release.id for release in releases]),
    )
    audiences: dict[UUID, list[Role]] = {}
    for release_id, role in await session.execute(statement.order_by(ReleaseAudience.role)):
        audiences.setdefault(release_id, []).append(Role(role))
    return audiences


async def organisation_name(session: AsyncSession, case: Case) -> str:
    """Return the name of the body whose conduct was reported."""
    return (await session.scalars(select(Organisation.name).where(Organisation.id == case.organisation_id))).one()


async def known_surfaces(session: AsyncSession, case: Case) -> frozenset[KnownSurface]:
    """Return what the case knows and no release may say: its reference, and who works it, speaks for it or is walled off.

    A display name that is only a role ("Case officer") names nobody, and is no surface.
    """
    appointed = select(Appointment.account_id).where(
        Appointment.organisation_id == case.organisation_id, Appointment.case_id == case.id
    )
    walled = select(Wall.account_id).where(Wall.organisation_id == case.organisation_id, Wall.case_id == case.id)
    people = select(Account).where(
        Account.organisation_id == case.organisation_id,
        or_(Account.id.in_(appointed), Account.id.in_(walled), Account.id == case.representative_id),
    )
    names = [account.display_name for account in await session.scalars(people)]
    surfaces = (KnownSurface(RedactionKind.PERSON, name) for name in names if name_parts(name))
    return frozenset((KnownSurface(RedactionKind.REFERENCE, case.reference), *surfaces))
