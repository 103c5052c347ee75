"""Makes a place ready for the service: folders, keys, the schema, the first administrator. Doing it again changes nothing."""

import asyncio
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app import upgrading
from app.accounts import service as accounts
from app.accounts.models import Account, Organisation
from app.accounts.passwords import username_index
from app.accounts.tokens import SigningKey
from app.audit import chain
from app.audit.models import AuditHead
from app.cases import older_duties
from app.crypto import notes
from app.crypto.notes import Note
from app.kernel.db import Database
from app.kernel.key_providers import key_files
from app.kernel.keyring import LOG_KEY, LOG_PUBLIC_KEY, KeyFilesUnsafe, ServiceKeys, read_log_seed, write_private
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, SealedContentBroken, open_keys
from app.kernel.settings import Settings
from app.policy.actors import Role
from app.prooflog.models import LogCheckpoint
from app.prooflog.sequencer import verifier_of

PRIVATE = 0o700
OTHERS_MAY_NOTHING = 0o077
"""What this process takes from the mode of every file it makes: the database's own files too."""
FIRST_ADMINISTRATOR = "administrator"
NOT_THESE = "the key files are not those that this database was written with: restore them from their backup"
_ROOT = Path(__file__).parent.parent


class NotSetUp(Exception):
    """The database is not ready for a process that makes nothing ready itself: one that serves reporters alone."""


@dataclass(frozen=True)
class Invitation:
    """What the first administrator needs, shown once."""

    username: str
    one_time_password: str = field(repr=False)


def prepare_folder(settings: Settings) -> None:
    """Make the data folder and the folder of erasure keys, mode 0700, where they are missing."""
    os.umask(OTHERS_MAY_NOTHING)
    settings.data_folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    settings.data_folder.chmod(PRIVATE)
    settings.erasure_folder.mkdir(mode=PRIVATE, exist_ok=True)


def make_keys(settings: Settings) -> None:
    """Make every key that is missing, mode 0400. Only for a database that nothing was sealed in yet."""
    ServiceKeys.create(key_files(settings))
    make_token_key(settings)
    make_log_key(settings)
    publish_log_key(settings)


def make_token_key(settings: Settings) -> None:
    """Make a key that signs access tokens if there is none. It opens nothing: whoever is signed in refreshes their token."""
    if not any(settings.keys_folder.glob("tokens-*.pem")):
        write_private(settings.keys_folder / "tokens-1.pem", SigningKey.generate())


def make_log_key(settings: Settings) -> None:
    """Make the key that signs the proof log if there is none. Only where nothing was signed yet."""
    if not (settings.keys_folder / LOG_KEY).exists():
        write_private(settings.keys_folder / LOG_KEY, secrets.token_bytes(notes.SEED_BYTES))


def publish_log_key(settings: Settings) -> None:
    """`log.pub` holds the public half of `log.key`, for a process that serves reporters alone."""
    path, public = settings.keys_folder / LOG_PUBLIC_KEY, notes.public_key(read_log_seed(settings.keys_folder))
    if not path.exists() or path.read_bytes() != public:
        path.unlink(missing_ok=True)
        write_private(path, public)


def _alembic() -> Config:
    return Config(str(_ROOT / "alembic.ini"))


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest revision."""
    config = _alembic()
    config.attributes["address"] = settings.effective_database_url
    command.upgrade(config, "head")


async def _has_any(settings: Settings, column: InstrumentedAttribute[UUID]) -> bool:
    """Whether there is any row of the column's table."""
    database = Database(settings.effective_database_url, 1)
    try:
        async with database.session(write=False) as session:
            return (await session.execute(select(column).limit(1))).first() is not None
    finally:
        await database.close()


async def _require_its_keys(session: AsyncSession, runtime: Runtime) -> None:
    """Return if the keys are those that the database was written with.

    An account shows pepper and service key, a checkpoint the key of the log.

    Raises:
        KeyFilesUnsafe: otherwise.

    """
    account = (await session.execute(select(Account).limit(1))).scalar_one()
    try:
        is_same = username_index(account.username, runtime.keys) == account.username_index
    except (SealedContentBroken, KeyError):
        is_same = False
    if not is_same or not await _signed_its_log(session, runtime):
        raise KeyFilesUnsafe(NOT_THESE)


async def _signed_its_log(session: AsyncSession, runtime: Runtime) -> bool:
    """Whether the key of the log is that of a checkpoint of the database, if there is one."""
    checkpoint = (await session.execute(select(LogCheckpoint).limit(1))).scalar_one_or_none()
    if checkpoint is None:
        return True
    return verifier_of(runtime, checkpoint.organisation_id).has_signed(Note.read(checkpoint.note))


async def _invite_first(runtime: Runtime, organisation_name: str) -> Invitation | None:
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        async with runtime.database.session(write=True) as session:
            if (await session.execute(select(Organisation.id).limit(1))).first() is not None:
                await _require_its_keys(session, runtime)
                return None
            organisation = await accounts.found_organisation(session, organisation_name)
            _, password = await accounts.invite(
                session, runtime.keys, organisation.id, FIRST_ADMINISTRATOR, "First administrator", [Role.ADMINISTRATOR]
            )
            await upgrading.mark_done(session, runtime.keys, organisation.id)
            await older_duties.mark_done(session, organisation.id)
            return Invitation(FIRST_ADMINISTRATOR, password)
    finally:
        open_keys.reset(token)


async def _make_ready(settings: Settings) -> Invitation | None:
    """Return the first administrator's invitation if there was no organisation; one of older revisions is taken over."""
    runtime = Runtime.from_settings(settings)
    try:
        invitation = await _invite_first(runtime, settings.organisation_name)
        await upgrading.upgrade(runtime)
        await older_duties.begin_all(runtime)
    finally:
        await runtime.close()
    return invitation


def set_up(settings: Settings) -> Invitation | None:
    """Make everything ready; return the first administrator's invitation if this was the first time.

    Raises:
        KeyFilesUnsafe: the database is in use, and its keys are missing, open to others or not these. New ones would not
            open what it holds, and would hide that the right ones are lost.

    """
    prepare_folder(settings)
    migrate(settings)
    if not asyncio.run(_has_any(settings, Organisation.id)):
        make_keys(settings)
    make_token_key(settings)
    if not asyncio.run(_has_any(settings, LogCheckpoint.organisation_id)):
        make_log_key(settings)
    invitation = asyncio.run(_make_ready(settings))
    publish_log_key(settings)
    return invitation


def require_set_up(settings: Settings) -> None:
    """Return if a process that serves reporters alone can start: the staff's side has made all ready, of the same release.

    It makes its folder for erasure keys where that is missing, and nothing else.

    Raises:
        NotSetUp: the database has no schema, that of another release, or no organisation.
        KeyFilesUnsafe: the pepper or the key of the log is missing, open to others, or not that of this database.

    """
    prepare_folder(settings)
    asyncio.run(_require_set_up(settings))


async def _require_set_up(settings: Settings) -> None:
    runtime = Runtime.from_settings(settings, for_reporters=True)
    try:
        async with runtime.database.session(write=False) as session:
            newest = ScriptDirectory.from_config(_alembic()).get_current_head()
            try:
                found = await session.scalar(text("SELECT version_num FROM alembic_version"))
            except DBAPIError as error:
                raise NotSetUp("there is no schema, or no database") from error
            if found != newest:
                raise NotSetUp(f"the schema is of revision {found}, and this release needs {newest}")
            head = (await session.execute(select(AuditHead).limit(1))).scalar_one_or_none()
            if head is None:
                raise NotSetUp("there is no organisation yet")
            key = runtime.keys.peppered(chain.HEAD_KEY)
            tag = chain.authenticate(key, head.organisation_id, head.chain_id, head.sequence, head.hash)
            if not hmac.compare_digest(tag, head.tag) or not await _signed_its_log(session, runtime):
                raise KeyFilesUnsafe(NOT_THESE)
    finally:
        await runtime.close()
