"""Who takes what people are let in by: a token, a session, a receipt, the key of a repeat; alone, or with the database."""

from collections import defaultdict

from tests.threats import artefacts
from tests.threats.conftest import Taken
from tests.threats.people import (
    CASE,
    KEY_REASON,
    NOTICE,
    ON_THE_CASE,
    PUBLIC,
    REASONS,
    RECEIPT,
    RELEASE,
    REPORTED,
    SEALED_REPORTED,
    SECOND_CASE,
    SECOND_CHANNEL,
    SECOND_REPORTED,
    STAFF,
)  # fmt: skip

WATCHED = (
    "administrator", "case_officer", "other_case_officer", "third_case_officer", "investigator", "other_investigator", "reviewer", "representative",
    "other_representative", "hr", "leadership", "panel", "staff", "auditor", "custodian",
)  # fmt: skip
"""One account of each kind."""
READERS = ("hr", "leadership", "panel", "staff", "representative")
SENT_FILE = frozenset({f"{CASE}: The rota of March"})
"""The name of the file that the representative sent with the grievance."""
COLLEAGUES = ("case_officer", "other_case_officer", "third_case_officer")


async def all_that_is_read(taken: Taken, headers: dict[str, str]) -> set[str]:
    """Return the names of all that any GET of the service answers to these headers, for all cases."""
    played = taken.played
    cases = [{**played.case.ids, **one.ids} for one in (played.case, played.second_case, played.sealed_case)]
    async with taken.process.client() as thief:
        paths = (await thief.get("/openapi.json")).json()["paths"]
        readable = [path for path in paths if "get" in paths[path] and path.startswith("/v1/")]
        addresses = {path.format_map(defaultdict(str, case)) for path in readable for case in cases}
        answers = [await thief.get(address, headers=headers) for address in addresses]
    return taken.played.planted.found_in(*(answer.content for answer in answers)) - taken.played.of(PUBLIC)


def name_of(taken: Taken, name: str) -> set[str]:
    """Return the names of what an account is told of itself."""
    return {f"{STAFF}: {name}", f"{STAFF}: username of {name}"} & taken.played.of(STAFF)


def names_of_colleagues(taken: Taken) -> set[str]:
    """Return what a case officer is told of those they could appoint: names, no usernames."""
    return {name for name in taken.played.of(STAFF) if ": username of " not in name}


async def test_an_access_token_without_its_unlock_secret_reads_releases_and_names_and_no_word_of_a_case(
    taken: Taken,
) -> None:
    wrong = {}
    for name in WATCHED:
        person = taken.played.people()[name]
        expected = name_of(taken, name)
        expected |= taken.played.of(RELEASE) if name in READERS else set()
        expected |= names_of_colleagues(taken) if name in COLLEAGUES else set()
        expected |= taken.played.of(STAFF) if name == "administrator" else set()
        found = await all_that_is_read(taken, {"Authorization": person.headers["Authorization"]})
        if found != expected:
            wrong[name] = found ^ expected
    assert wrong == {}


async def test_a_whole_session_reads_what_its_account_works_and_no_other_case_and_nobodys_identity(
    taken: Taken,
) -> None:
    of, wrong = taken.played.of, {}
    reads = {
        **dict.fromkeys(("investigator", "reviewer"), of(*ON_THE_CASE)),
        "case_officer": of(*ON_THE_CASE, SEALED_REPORTED),
        "other_case_officer": of(KEY_REASON, SEALED_REPORTED),
        "third_case_officer": of(SECOND_CASE, SECOND_REPORTED),
        "representative": of(REPORTED, NOTICE, RELEASE) | SENT_FILE,
        **dict.fromkeys(READERS[:4], of(RELEASE)),
        "administrator": of(STAFF),
    }
    for name in WATCHED:
        person = taken.played.people()[name]
        found = await all_that_is_read(taken, dict(person.headers))
        expected = reads.get(name, set()) | name_of(taken, name)
        expected |= names_of_colleagues(taken) if name in COLLEAGUES else set()
        if name in {"case_officer", "investigator", "reviewer"}:
            found -= names_of_colleagues(taken) - expected  # a case names those who work it
        if found != expected:
            wrong[name] = found ^ expected
    assert wrong == {}


async def test_tokens_and_the_database_open_nothing_and_an_unlock_secret_what_its_account_works(taken: Taken) -> None:
    people = taken.played.people()
    for name, person in people.items():
        assert taken.opened(unlock_secrets=(person.refresh_token,)) == set(), name
    opens = {name: taken.opened(unlock_secrets=(person.headers["X-Unlock"],)) for name, person in people.items()}
    of = taken.played.of
    assert {name: found for name, found in opens.items() if found} == {
        **dict.fromkeys(("investigator", "assistant", "reviewer"), of(*ON_THE_CASE, NOTICE)),
        "case_officer": of(*ON_THE_CASE, NOTICE, SEALED_REPORTED),
        "other_case_officer": of(*REASONS, SEALED_REPORTED),
        "third_case_officer": of(SECOND_CASE, SECOND_REPORTED),
        "representative": of(REPORTED, NOTICE) | SENT_FILE,
    }


async def test_after_signing_out_token_and_unlock_secret_open_nothing_but_a_backup_from_before(taken: Taken) -> None:
    assistant = taken.played.actors.assistant
    headers, secret = dict(assistant.headers), (assistant.headers["X-Unlock"],)
    assert (await assistant.post("/v1/auth/revoke")).status_code == 204
    assert await all_that_is_read(taken, headers) == set()
    assert taken.opened(tables=await artefacts.tables_of(taken.address), unlock_secrets=secret) == set()
    assert taken.opened(unlock_secrets=secret) == taken.played.of(*ON_THE_CASE, NOTICE)


async def test_a_receipt_reads_what_was_said_in_its_grievance_and_neither_who_said_it_nor_the_case(
    taken: Taken,
) -> None:
    played, pepper = taken.played, taken.keys_folder["pepper"]
    async with taken.process.client() as thief:
        opened = await thief.post("/v1/inbox/sessions", json={"receipt": played.receipt})
        inbox = {"Authorization": f"Bearer {opened.json()['token']}"}
        places = ("", "/messages", "/detriments", "/check-ins", "/progress")
        read = [await thief.get(f"/v1/inbox{place}", headers=inbox) for place in places]
    assert played.planted.found_in(*(one.content for one in read)) - played.of(PUBLIC) == played.of(SECOND_REPORTED)
    assert taken.opened(receipts=(played.receipt,)) == set()
    assert taken.opened(receipts=(played.receipt,), pepper=pepper) == played.of(SECOND_REPORTED)
    assert taken.opened(receipts=(played.sealed_receipt,)) == set()
    assert taken.opened(receipts=(played.sealed_receipt,), pepper=pepper) == played.of(SEALED_REPORTED)


async def test_the_token_of_an_inbox_opens_its_conversation_in_the_database_and_nothing_else(taken: Taken) -> None:
    assert taken.opened(inbox_tokens=(taken.played.inbox_token,)) == taken.played.of(SECOND_REPORTED)


async def test_the_key_of_a_repeat_opens_its_answer_with_the_pepper_and_not_with_the_database_alone(
    taken: Taken,
) -> None:
    used = ((taken.played.idempotency_key, f"/v1/channels/{SECOND_CHANNEL}/grievances"),)
    assert taken.opened(idempotency_keys=used) == set()
    assert taken.opened(idempotency_keys=used, pepper=taken.keys_folder["pepper"]) == taken.played.of(RECEIPT)
