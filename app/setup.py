"""Makes a place ready for the service: private folders, keys, the schema, the first administrator. Doing it again changes nothing."""

import asyncio
import base64
import os
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import service as accounts
from app.accounts.models import Account, Organisation
from app.accounts.passwords import username_index
from app.accounts.tokens import SigningKey
from app.kernel.db import Database
from app.kernel.keyring import KeyFilesUnsafe, ServiceKeys, write_private
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, SealedContentBroken, open_keys
from app.kernel.settings import Settings
from app.policy.actors import Role

PRIVATE = 0o700
OTHERS_MAY_NOTHING = 0o077
"""What this process takes from the mode of every file it makes: the database's own files too."""
FIRST_ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Invitation:
    """What the first administrator needs, shown once."""

    username: str
    one_time_password: str


def encode_key(public_key: bytes) -> str:
    """Return a public key as the API takes it: base64."""
    return base64.b64encode(public_key).decode()


def prepare_folder(settings: Settings) -> None:
    """Make the data folder and the folder of erasure keys, mode 0700, where they are missing."""
    os.umask(OTHERS_MAY_NOTHING)
    settings.data_folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    settings.data_folder.chmod(PRIVATE)
    settings.erasure_folder.mkdir(mode=PRIVATE, exist_ok=True)


def make_keys(settings: Settings) -> None:
    """Make every key that is missing, mode 0400. Only for a database that nothing was sealed in yet."""
    ServiceKeys.create(settings.keys_folder)
    make_token_key(settings)


def make_token_key(settings: Settings) -> None:
    """Make a key that signs access tokens if there is none. It opens nothing: whoever is signed in refreshes their token."""
    if not any(settings.keys_folder.glob("tokens-*.pem")):
        write_private(settings.keys_folder / "tokens-1.pem", SigningKey.generate())


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest revision."""
    config = Config(str(Path(__file__).parent.parent / "alembic.ini"))
    config.attributes["address"] = settings.effective_database_url
    command.upgrade(config, "head")


async def _is_in_use(settings: Settings) -> bool:
    database = Database(settings.effective_database_url, 1)
    try:
        async with database.session(write=False) as session:
            return (await session.execute(select(Organisation.id).limit(1))).first() is not None
    finally:
        await database.close()


async def _require_its_keys(session: AsyncSession, keys: ServiceKeys) -> None:
    """Return if pepper and service key are those that the database was written with: an account shows both.

    Raises:
        KeyFilesUnsafe: otherwise.

    """
    account = (await session.execute(select(Account).limit(1))).scalar_one()
    try:
        is_same = username_index(account.username, keys) == account.username_index
    except (SealedContentBroken, KeyError):
        is_same = False
    if not is_same:
        message = "the key files are not those that this database was written with: restore them from their backup"
        raise KeyFilesUnsafe(message)


async def _invite_first(runtime: Runtime, organisation_name: str) -> Invitation | None:
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        async with runtime.database.session(write=True) as session:
            if (await session.execute(select(Organisation.id).limit(1))).first() is not None:
                await _require_its_keys(session, runtime.keys)
                return None
            organisation = await accounts.found_organisation(session, organisation_name)
            _, password = await accounts.invite(
                session, runtime.keys, organisation.id, FIRST_ADMINISTRATOR, "First administrator", [Role.ADMINISTRATOR]
            )
            return Invitation(FIRST_ADMINISTRATOR, password)
    finally:
        open_keys.reset(token)
        await runtime.close()


def set_up(settings: Settings) -> Invitation | None:
    """Make everything ready; return the first administrator's invitation if this was the first time.

    Raises:
        KeyFilesUnsafe: the database is in use, and its keys are missing, open to others or not these. New ones would not
            open what it holds, and would hide that the right ones are lost.

    """
    prepare_folder(settings)
    migrate(settings)
    if not asyncio.run(_is_in_use(settings)):
        make_keys(settings)
    make_token_key(settings)
    return asyncio.run(_invite_first(Runtime.from_settings(settings), settings.organisation_name))
