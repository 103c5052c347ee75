"""A service in this very process, on a database of its own, with cases under investigation: what sealing and proving are measured on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import setup
from app.accounts.models import Session
from app.accounts.secrets import open_session_key
from app.allegations.models import Allegation
from app.audit import log
from app.cases.models import Case, CaseKeyGrant
from app.cases.resealing import ColumnsOfCases
from app.crypto import case_keys, hpke
from app.intake import doors
from app.intake.turning import Conversations
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.kernel.settings import Settings
from app.policy.actors import Staff
from scripts.benchmark.play import Play, text_of
from scripts.benchmark.processes import Place, the_service
from scripts.benchmark.stores import Store, store_of

FIELDS = 500
"""How many sealed fields a case has whose key is turned."""
EACH = 3
"""How many of them an allegation has, without the reason why it is in scope."""


class NotAsItShouldBe(Exception):
    """What was to be measured did not come out right: no number of such a run means anything."""


@dataclass(frozen=True)
class Cast:
    """The cases that were played, and who may open them with which secret."""

    rotated: UUID
    floor: UUID
    proved: UUID
    officer: UUID
    unlock_secret: str


@dataclass(frozen=True)
class OpenCase:
    """A case, and the newest version of its key."""

    id: UUID
    version: int
    key: bytes


@dataclass(frozen=True)
class Deployment:
    """The running parts of the service, and the bare driver of the same database."""

    runtime: Runtime
    store: Store
    organisation_id: UUID
    cast: Cast

    parts = (Conversations(), ColumnsOfCases())
    find_holders = staticmethod(doors.find_holders)

    @property
    def officer(self) -> Staff:
        """The case officer who opens the cases."""
        return Staff(self.cast.officer, self.organisation_id, self.organisation_id)

    async def open(self, session: AsyncSession, case_id: UUID) -> OpenCase:
        """Return the case as its officer opens it."""
        statement = select(Session).where(Session.account_id == self.cast.officer).order_by(Session.expires_at.desc())
        signed_in = (await session.scalars(statement.limit(1))).one()
        assert signed_in.sealed_seed is not None  # noqa: S101 the sign-in unlocked it
        seed = open_session_key(self.cast.unlock_secret, signed_in.sealed_seed, signed_in.id, self.cast.officer)
        place = (CaseKeyGrant.case_id == case_id, CaseKeyGrant.account_id == self.cast.officer)
        grant = (
            await session.scalars(select(CaseKeyGrant).where(*place).order_by(CaseKeyGrant.key_version.desc()).limit(1))
        ).one()
        owner = (grant.key_version, self.organisation_id, case_id, self.cast.officer)
        return OpenCase(
            case_id, grant.key_version, case_keys.open_grant(hpke.PrivateKey(seed), grant.sealed_key, *owner)
        )

    def use(self, case: OpenCase) -> OpenKeys:
        """This task holds the service's keys and the newest key of the case, and no other."""
        keys = OpenKeys(self.runtime.keys)
        keys.add(case.id, case.version, case.key)
        open_keys.set(keys)
        return keys

    async def fill(self, case_id: UUID) -> OpenCase:
        """The case has FIELDS sealed fields, for which allegations are added."""
        async with self.runtime.database.session(write=True) as session:
            case = await self.open(session, case_id)
            self.use(case)
            held, _ = await ColumnsOfCases().progress(session, self.organisation_id, case_id, case.version)
            wanted, with_reason = divmod(FIELDS - held, EACH)
            rows = [
                Allegation(
                    organisation_id=self.organisation_id, case_id=case_id, position=100 + number, theme_id=None,
                    state="in_scope", raised_allegation_id=None, merged_into_id=None, split_from_id=None,
                    label=f"{100 + number}", paragraphs=[f"{number}.1"], statement=text_of(220),
                    scope_reason=text_of(150) if number < with_reason else None,
                )
                for number in range(wanted)
            ]  # fmt: skip
            session.add_all(rows)
            await log.record(session, self.officer, "allegation.recorded", *rows, case_id=case_id)
            held, _ = await ColumnsOfCases().progress(session, self.organisation_id, case_id, case.version)
        if held != FIELDS:
            raise NotAsItShouldBe(f"the case has {held} sealed fields")
        return case


def play(place: Place, settings: Settings) -> Cast:
    """Return what there is to measure on: a deployment, and three cases of which two are investigated."""
    invitation = setup.set_up(settings)
    if invitation is None:
        raise NotAsItShouldBe("the place was used before")
    with the_service(place) as service, Play(f"http://127.0.0.1:{service.port}") as play:
        play.gather(invitation.one_time_password)
        rotated, floor, proved = (play.submit() for _ in range(3))
        play.investigate(rotated)
        play.investigate(floor)
        officer = play.officer
        return Cast(UUID(rotated), UUID(floor), UUID(proved), UUID(officer.id), officer.headers["X-Unlock"])


@asynccontextmanager
async def running(settings: Settings, cast: Cast) -> AsyncIterator[Deployment]:
    """The parts of the service run in this process, with the service's keys at hand."""
    runtime, store = Runtime.from_settings(settings), store_of(settings)
    open_keys.set(OpenKeys(runtime.keys))
    await store.open()
    try:
        async with runtime.database.session(write=False) as session:
            organisation_id = (await session.scalars(select(Case.organisation_id).limit(1))).one()
        yield Deployment(runtime, store, organisation_id, cast)
    finally:
        await store.close()
        await runtime.close()
