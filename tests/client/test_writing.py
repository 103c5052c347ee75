"""A reporter goes on from their own machine: writes, reads, says how they fare and who they are, with a receipt that never leaves it."""

import asyncio
from pathlib import Path

import httpx

from tests.client.people import CHANNEL, Council, Person
from tests.client.test_ceremony import written

MESSAGE = "I found the list of visits.\nIt covers March to May."
NAME = "Robin Ashe"


async def as_officer(council: Council, method: str, path: str, **options: object) -> httpx.Response:
    """Return what the case officer is answered."""
    async with httpx.AsyncClient(base_url=council.address, headers=council.officer.session()) as client:
        for _ in range(20):
            answer = await client.request(method, path, **options)  # type: ignore[arg-type]
            if answer.status_code != 503:  # the key is being turned
                break
            await asyncio.sleep(0.5)
        assert answer.is_success, answer.text
        return answer


async def case_called(council: Council, reference: str) -> str:
    """Return where the case with that reference is."""
    items = (await as_officer(council, "GET", "/v1/cases", params={"limit": 200})).json()["items"]
    return next(f"/v1/cases/{one['id']}" for one in items if one["reference"] == reference)


async def test_messages_go_both_ways_and_open_on_the_reporters_machine(council: Council, tmp_path: Path) -> None:
    reporter, place = council.visitor(tmp_path / "reporter"), ("--server", council.address, "--channel", CHANNEL)
    words = await council.root_words()
    sent = await reporter.runs("submit", written(tmp_path), *place, "--root-key", words)
    typed = f"{sent.out.strip().splitlines()[-1]}\n"
    file = tmp_path / "message.txt"
    file.write_text(MESSAGE)
    stored = await reporter.runs("inbox", "write", *place, "--file", str(file), typed=typed)
    assert "number 1 of the conversation" in stored.out
    case = await case_called(council, sent.value("reference"))
    (grievance,) = (await as_officer(council, "GET", f"{case}/grievances")).json()["items"]
    messages = f"{case}/conversations/{grievance['id']}/messages"
    (read,) = (await as_officer(council, "GET", messages)).json()["items"]
    assert (read["side"], read["text"]) == ("reporter", MESSAGE)
    thanks = "Thank you. Is it on paper?"
    await as_officer(council, "POST", messages, json={"text": thanks, "signs_with_name": True})
    await until_turned(reporter, typed, *place)
    shown = (await reporter.runs("inbox", "read", *place, typed=typed)).out
    assert MESSAGE in shown
    assert thanks in shown
    assert "the case officer (" in shown
    await reporter.runs("inbox", "write", *place, typed=f"{typed}On paper.\n")
    assert len((await as_officer(council, "GET", messages)).json()["items"]) == 3
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n")
    assert "no text" in await reporter.fails("inbox", "write", *place, "--file", str(empty), typed=typed)
    progress = (await reporter.runs("inbox", "progress", *place, typed=typed)).out
    assert "Somebody confirms to you that it arrived. It is due by" in progress
    assert "Nobody has begun to look into this yet." in progress


async def until_turned(reporter: Person, typed: str, *place: str) -> None:
    """The first act on a sealed case turns its key, after which the inbox opens again."""
    for _ in range(20):
        ran = await reporter.tries("inbox", "read", *place, typed=typed)
        if ran.code == 0:
            return
        await asyncio.sleep(0.5)


async def test_who_they_are_and_how_they_fare_is_sealed_on_the_reporters_machine(
    council: Council, tmp_path: Path
) -> None:
    reporter, place = council.visitor(tmp_path / "reporter"), ("--server", council.address, "--channel", CHANNEL)
    root = ("--root-key", await council.root_words())
    anonymous = written(tmp_path, confidentiality="anonymous", identity=None)
    sent = await reporter.runs("submit", anonymous, *place, *root)
    typed = f"{sent.out.strip().splitlines()[-1]}\n"
    named = await reporter.runs("inbox", "name", *place, *root, typed=f"{typed}{NAME}\nrobin@example.org\n")
    assert "sealed for the custodians" in named.out
    line = await reporter.fails("inbox", "name", *place, "--root-key", "no words", typed=f"{typed}{NAME}\nx\n", code=3)
    assert "root" in line
    detriment = ("inbox", "detriment", *place, "--on", "2026-03-01", "--since", "unsure")
    assert "case officers read it" in (await reporter.runs(*detriment, typed=f"{typed}My shifts were cut.\n")).out
    assert "--since is" in await reporter.fails("inbox", "detriment", *place, "--since", "perhaps")
    assert (await reporter.runs("inbox", "check-in", *place, typed=typed)).out.strip() == ""
    assert "not-found" in await reporter.fails("inbox", "check-in", "1", "--fine", *place, typed=typed)
    case = await case_called(council, sent.value("reference"))
    (grievance,) = (await as_officer(council, "GET", f"{case}/grievances")).json()["items"]
    assert (grievance["confidentiality"], grievance["identities_held"]) == ("confidential", 1)
    (said,) = (await as_officer(council, "GET", f"{case}/detriments")).json()["items"]
    assert (said["what"], said["happened_on"], said["since_speaking_up"]) == (
        "My shifts were cut.",
        "2026-03-01",
        "unsure",
    )
    await as_officer(council, "POST", f"{case}/acknowledgement")
    await until_turned(reporter, typed, *place)
    withdrawn = await reporter.runs("inbox", "withdraw-name", *place, *root, typed=typed)
    assert "record of nobody" in withdrawn.out
    (grievance,) = (await as_officer(council, "GET", f"{case}/grievances")).json()["items"]
    assert (grievance["confidentiality"], grievance["identities_held"]) == ("anonymous", 0)
