"""A chain of manifests in force, with one identity under it, and who joins."""

from types import SimpleNamespace

import httpx
import pytest

from tests.builders import intake
from tests.builders.accounts import put_roles
from tests.builders.custody import (
    Chain,
    Holder,
    a_chain_in_force,
    joining,
    shares_of,
)
from tests.conftest import Service


@pytest.fixture
async def chain(service: Service, anonymous: httpx.AsyncClient) -> Chain:
    """The chain of the channel, in force, and one identity that was sealed under it."""
    found = await a_chain_in_force(service)
    await intake.submitted(anonymous)
    return found


@pytest.fixture
async def subject(chain: Chain) -> str:
    """The id of that identity."""
    return str((await shares_of(chain.founders[0]))[0]["subject_id"])


@pytest.fixture
async def fourth(actors: SimpleNamespace) -> Holder:
    """Somebody who may join."""
    await put_roles(actors.administrator, actors.staff.account_id, "custodian")
    return joining(actors.staff, "Ombudsperson")


@pytest.fixture
async def new(actors: SimpleNamespace, chain: Chain, subject: str, fourth: Holder) -> list[Holder]:
    """The custodians of a second manifest: the third has left, the fourth has joined."""
    found = [*chain.founders[:2], fourth]
    await chain.publish(actors, found)
    return found
