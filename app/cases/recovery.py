"""Takes a grant from somebody who recovered a case key with the custodians, outside the service: a password was lost, say."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import provenance
from app.accounts.models import Account
from app.audit import log
from app.cases.grants import tag_of
from app.cases.models import Case, CaseKeyEscrow, CaseKeyGrant
from app.cases.schemas import GrantIn
from app.crypto import case_keys, hpke
from app.kernel.problems import Conflict
from app.kernel.sealed import open_keys
from app.policy.actors import Staff


class CaseKeyNotProven(Conflict):
    """What you recovered is not the key of this case in that version, or nothing is sealed under that version any more."""

    title = "This is not the key of the case"


class GrantToAnotherKey(Conflict):
    """A grant is sealed to the public key of your own account, as /v1/me shows it: 32 bytes, which are the case key."""

    title = "The grant is not sealed to your key"


async def store_grant(session: AsyncSession, actor: Staff, case: Case, draft: GrantIn) -> None:
    """The actor has this grant of that version, in the place of one that they had.

    Raises:
        CaseKeyNotProven: the proof is not that of the version of the key.
        GrantToAnotherKey: the grant says that it is for another key, or the actor's own was altered behind the service.

    """
    of_case = (CaseKeyEscrow.organisation_id == case.organisation_id, CaseKeyEscrow.case_id == case.id)
    verifier = await session.scalar(
        select(CaseKeyEscrow.verifier).where(*of_case, CaseKeyEscrow.key_version == draft.key_version)
    )
    if verifier is None or not case_keys.is_same(verifier, case_keys.verifier_of(draft.proof)):
        raise CaseKeyNotProven
    account = await session.get_one(Account, (actor.organisation_id, actor.account_id))
    public_key = account.public_key
    if public_key is None or not provenance.is_ours(account) or not hpke.is_sealed_to(public_key, draft.sealed_key):
        raise GrantToAnotherKey
    grant = await session.scalar(
        select(CaseKeyGrant).where(
            CaseKeyGrant.organisation_id == case.organisation_id,
            CaseKeyGrant.case_id == case.id,
            CaseKeyGrant.account_id == actor.account_id,
            CaseKeyGrant.key_version == draft.key_version,
        )
    )
    if grant is None:
        grant = CaseKeyGrant(
            organisation_id=case.organisation_id,
            case_id=case.id,
            account_id=actor.account_id,
            key_version=draft.key_version,
        )
        session.add(grant)
    place = (draft.key_version, case.organisation_id, case.id, actor.account_id)
    grant.sealed_key = draft.sealed_key
    grant.tag = tag_of(open_keys.get().service, *place, draft.sealed_key)
    await log.record(session, actor, "case_key.recovered", grant, case_id=case.id)
