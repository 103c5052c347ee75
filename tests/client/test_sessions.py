"""A session of the client goes on with new tokens, until it is over or ended."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.client.liar import lying
from tests.client.people import Person

TOKENS = {"access_token": "second", "refresh_token": "r2", "unlock_secret": "u2", "expires_in": 600}


@pytest.fixture
def ann(tmp_path: Path) -> Person:
    """Somebody without an account: the service that they speak to is made up."""
    return Person("ann", tmp_path / "ann")


def keep_session(person: Person, address: str, ends_in: float) -> Path:
    """Return the file of a session that the person has."""
    file = person.folder / "client" / "session.json"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    kept = {"server": address, "account": str(uuid4()), "access_token": "first", "refresh_token": "r1"}
    file.write_text(json.dumps({**kept, "unlock_secret": "u1", "ends_at": int(time.time() + ends_in)}))
    file.chmod(0o600)
    return file


def service(path: str, _true: Any) -> Any:  # noqa: ANN401 any JSON
    """Answer as a service in which nobody asks for anything."""
    return {"/v1/auth/refresh": TOKENS, "/v1/auth/revoke": b""}.get(path, {"items": [], "next": None})


async def test_tokens_that_are_about_to_end_are_exchanged_and_kept_and_others_are_used(ann: Person) -> None:
    with lying() as liar:
        liar.alter = service
        file = keep_session(ann, liar.address, ends_in=600)
        await ann.runs("openings", "list")
        assert [path for _, path in liar.asked] == ["/v1/openings"]
        keep_session(ann, liar.address, ends_in=5)
        await ann.runs("openings", "list")
        assert [path for _, path in liar.asked[1:]] == ["/v1/auth/refresh", "/v1/openings"]
        assert json.loads(liar.bodies[1]) == {"refresh_token": "r1"}
        kept = json.loads(file.read_text())
        assert (kept["access_token"], kept["refresh_token"], kept["unlock_secret"]) == ("second", "r2", "u2")
        assert kept["ends_at"] > time.time() + 500
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_session_that_is_over_damaged_or_open_to_others_asks_to_sign_in_again(ann: Person) -> None:
    with lying() as liar:
        liar.alter = lambda path, true: 401 if path == "/v1/auth/refresh" else service(path, true)
        file = keep_session(ann, liar.address, ends_in=-600)
        assert await ann.fails("openings", "list") == "The session is over: sign in again."
        file.write_text("{")
        assert await ann.fails("openings", "list") == "The file of the session is damaged: sign in again."
        file.chmod(0o644)
        assert "Sign in again." in await ann.fails("openings", "list")
        assert [path for _, path in liar.asked] == ["/v1/auth/refresh"]


async def test_signing_out_ends_the_session_there_and_forgets_it_here_though_the_service_does_not_answer(
    ann: Person,
) -> None:
    with lying() as liar:
        liar.alter = service
        file = keep_session(ann, liar.address, ends_in=600)
        assert "Signed out." in (await ann.runs("logout")).out
        assert [path for _, path in liar.asked] == ["/v1/auth/revoke"]
        assert not file.exists()
        keep_session(ann, liar.address, ends_in=600)
        liar.alter = lambda _path, _true: 503
        await ann.fails("logout")
        assert not file.exists()
    assert await ann.fails("logout") == "Nobody is signed in: use login first."
