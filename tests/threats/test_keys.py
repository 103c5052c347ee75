"""Who takes key files: of the service, its pepper, its erasure keys; alone, or with the database."""

import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.accounts import tokens
from app.accounts.sessions import AUDIENCE
from app.staff_face import read_token_keys
from tests.threats.adversary import Keys, Loot
from tests.threats.conftest import Taken
from tests.threats.people import NOTICE, ON_THE_CASE, RELEASE, SECOND_FACTOR, STAFF, Person, done
from tests.threats.primitives import derived, stretched

TIER_1 = {
    "accounts.username_sealed", "accounts.display_name_sealed", "accounts.totp_secret_sealed",
    "releases.title_sealed", "releases.content_sealed",
}  # fmt: skip


async def test_a_service_key_and_the_database_open_the_first_tier_exactly(taken: Taken) -> None:
    keys = taken.keys_folder["service_keys"]
    assert taken.opened(service_keys=keys) == taken.played.of(STAFF, SECOND_FACTOR, RELEASE)
    assert {column for column, _ in Keys(Loot(taken.tables, service_keys=keys)).columns()} == TIER_1


async def test_the_pepper_and_the_database_show_whether_a_guess_is_right_and_open_nothing(taken: Taken) -> None:
    pepper, person = taken.keys_folder["pepper"], taken.played.actors.investigator
    loot = Loot(taken.tables, pepper=pepper)
    assert loot.open_everything() == []
    index = hmac.digest(loot.peppered("username-index"), person.username.casefold().encode(), "sha256")
    (account,) = [row for row in taken.tables["accounts"] if row["username_index"] == index]
    assert account["id"] == person.account_id

    def is_right(guess: str) -> bool:
        cost = account["password_salt"], account["password_memory_kib"], account["password_iterations"]
        peppered = hmac.digest(loot.peppered("password"), stretched(guess, *cost), "sha256")
        return bool(derived(peppered, "password-verifier") == account["password_verifier"])

    assert (is_right(person.password), is_right(person.password + "?")) == (True, False)
    assert taken.opened(pepper=pepper, passwords={person.account_id: person.password}) == taken.played.of(
        *ON_THE_CASE, NOTICE
    )


def forged(taken: Taken, account_id: UUID, organisation_id: UUID, session_id: UUID) -> dict[str, str]:
    """Return the header of an access token signed with the keys folder that was taken."""
    token = tokens.issue(
        read_token_keys(taken.crashed / "keys"),
        account_id=account_id, organisation_id=organisation_id, session_id=session_id,
        issued_at=datetime.now(UTC), lifetime=timedelta(minutes=10),
        issuer=f"{taken.process.address}/", audience=AUDIENCE,
    )  # fmt: skip
    return {"Authorization": f"Bearer {token}"}


async def test_the_keys_folder_and_the_database_forge_whatever_needs_no_unlock_secret(taken: Taken) -> None:
    played, sessions = taken.played, {row["account_id"]: row for row in taken.tables["sessions"]}

    def as_(person: Person) -> dict[str, str]:
        session = sessions[person.account_id]
        return forged(taken, person.account_id, session["organisation_id"], session["id"])

    async with taken.process.client() as thief:
        friend = {"username": f"friend-{uuid4().hex}", "display_name": "A friend", "roles": ["case_officer"]}
        invited = await thief.post("/v1/accounts", json=friend, headers=as_(played.actors.administrator))
        listed = await thief.get("/v1/accounts", params={"limit": 200}, headers=as_(played.actors.administrator))
        locked = [
            await thief.get(played.case.path(), headers=as_(person) | secret)
            for person in (played.actors.case_officer, played.actors.investigator, played.actors.reviewer)
            for secret in ({}, {"X-Unlock": "A" * 43})
        ]
    assert "one_time_password" in done(invited)
    assert played.planted.found_in(listed.content) == played.of(STAFF)
    assert {answer.status_code for answer in locked} == {423}
    assert played.planted.found_in(*(answer.content for answer in locked)) == set()


async def test_the_keys_folder_alone_signs_tokens_that_name_no_session(taken: Taken) -> None:
    folder = taken.crashed / "keys"
    assert taken.played.planted.found_in(*(file.read_bytes() for file in folder.iterdir())) == set()
    async with taken.process.client() as thief:
        answer = await thief.get("/v1/me", headers=forged(taken, uuid4(), uuid4(), uuid4()))
    assert answer.status_code == 401


async def test_the_erasure_keys_tell_how_many_identities_came_on_which_day_and_open_nothing(taken: Taken) -> None:
    files = [path for path in (taken.crashed / "erasure-keys").rglob("*") if path.is_file()]
    assert len(files) == len(taken.tables["sealed_identities"]) == 5
    midnight = {datetime.fromtimestamp(file.stat().st_mtime, UTC).time() for file in files}
    assert {at.isoformat() for at in midnight} == {"00:00:00"}
    assert taken.played.planted.found_in(*(bytes(path) + path.read_bytes() for path in files)) == set()
    assert taken.opened(erasure_keys=taken.erasure_keys) == set()
