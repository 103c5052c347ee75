"""Who may take part in an opening as a custodian: nobody whom the case concerns in any other part."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.cases.models import Appointment, Case, Wall
from app.crypto.manifests import Manifest
from app.custody import directory
from app.kernel.problems import Conflict
from app.policy.actors import Role
from app.vault.opening_models import Opening


class ManifestUnknown(Conflict):
    """A request names the manifest that is in force in its channel. This one does not, or that manifest was altered since."""

    title = "This is not the manifest in force"


async def able(session: AsyncSession, case: Case, account_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the accounts that may act as custodians in this case now.

    They are active and hold the role, no wall bars them (who is accused is walled off), they were never appointed in the case,
    and did not submit its grievance. That they are not the requester is for the caller to ask.
    """
    standing = set(await accounts.public_keys(session, case.organisation_id, account_ids, Role.CUSTODIAN))
    barred: set[UUID | None] = {case.representative_id}
    for model in (Wall, Appointment):
        statement = select(model.account_id).where(
            model.organisation_id == case.organisation_id, model.case_id == case.id, model.account_id.in_(account_ids)
        )
        barred |= set((await session.execute(statement)).scalars())
    return standing - barred


async def manifest_of(session: AsyncSession, opening: Opening) -> Manifest:
    """Return the manifest that a request was made under, its signature checked again.

    Raises:
        ManifestUnknown: it is not there any more, or was altered.

    """
    found = await directory.named(session, opening.organisation_id, opening.channel_id, opening.manifest)
    if found is None:
        raise ManifestUnknown
    return found.manifest


def barred_from(of: type[Opening], account_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a wall or an appointment, standing or ended, bars the account from the case of an opening."""
    return or_(
        *(
            exists().where(
                model.organisation_id == of.organisation_id,
                model.case_id == of.case_id,
                model.account_id == account_id,
            )
            for model in (Wall, Appointment)
        )
    )
