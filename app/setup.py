"""Makes a place ready for the service: private folders, keys, the schema, the first administrator. Doing it again changes nothing."""

import asyncio
import base64
import os
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import Organisation
from app.accounts.tokens import SigningKey
from app.kernel.keyring import ServiceKeys, write_private
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.kernel.settings import Settings
from app.main import create_runtime
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
    """Make the data folder, the folder of erasure keys, and every key that is missing: folders 0700, keys 0400."""
    os.umask(OTHERS_MAY_NOTHING)
    settings.data_folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    settings.data_folder.chmod(PRIVATE)
    settings.erasure_folder.mkdir(mode=PRIVATE, exist_ok=True)
    ServiceKeys.create(settings.keys_folder)
    if not any(settings.keys_folder.glob("tokens-*.pem")):
        write_private(settings.keys_folder / "tokens-1.pem", SigningKey.generate())


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest revision."""
    config = Config(str(Path(__file__).parent.parent / "alembic.ini"))
    config.attributes["address"] = settings.effective_database_url
    command.upgrade(config, "head")


async def _invite_first(runtime: Runtime, organisation_name: str) -> Invitation | None:
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        async with runtime.database.session(write=True) as session:
            if (await session.execute(select(Organisation.id).limit(1))).first() is not None:
                return None
            organisation = await accounts.found_organisation(session, runtime.keys, organisation_name)
            _, password = await accounts.invite(
                session, runtime.keys, organisation.id, FIRST_ADMINISTRATOR, "First administrator", [Role.ADMINISTRATOR]
            )
            return Invitation(FIRST_ADMINISTRATOR, password)
    finally:
        open_keys.reset(token)
        runtime.slow.close()
        await runtime.database.close()


def set_up(settings: Settings) -> Invitation | None:
    """Make everything ready; return the first administrator's invitation if this was the first time."""
    prepare_folder(settings)
    migrate(settings)
    return asyncio.run(_invite_first(create_runtime(settings), settings.organisation_name))
