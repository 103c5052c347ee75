"""Nobody is called a liar for what the service altered, and who lies does not end what the others can still open."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.crypto.documents import spell
from tests.client.affairs import Affair, an_affair, decoded
from tests.client.liar import honest, lying
from tests.client.people import CHANNEL, PASSPHRASE, Council
from tests.client.test_ceremony import NAME, written

LIE = "a lie"


@pytest.fixture
async def affair(council: Council, tmp_path: Path) -> AsyncIterator[Affair]:
    """A request that nobody has answered, with clients that ask the liar."""
    async with an_affair(council, tmp_path) as made:
        yield made


def other_commitments(shown: dict[str, Any]) -> None:
    """Every piece is said to be another than was dealt."""
    shown["sharing"]["commitments"] = [spell(bytes(32)) for _ in shown["sharing"]["commitments"]]


def another_threshold(shown: dict[str, Any]) -> None:
    """All are said to be needed: the pieces stay as many."""
    shown["sharing"]["threshold"] = 3


def another_custodian(shown: dict[str, Any]) -> None:
    """Somebody who did not answer is exchanged for nobody."""
    answered = {one["custodian_id"] for one in shown["releases"]}
    custodians = shown["sharing"]["custodians"]
    shown["sharing"]["custodians"] = [one if one in answered else str(uuid4()) for one in custodians]


ALTERATIONS = [other_commitments, another_threshold, another_custodian]


@pytest.mark.parametrize("alteration", ALTERATIONS)
async def test_a_service_that_alters_the_sharing_frames_no_custodian(
    affair: Affair, alteration: Callable[[dict[str, Any]], None]
) -> None:
    first, second, _ = affair.council.custodians
    for custodian in (first, second):
        await affair.council.approves_at(custodian, affair.request)
    affair.shown(alteration, "/releases")
    ran = await affair.council.officer.tries(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert ran.code == 1
    assert LIE not in ran.out + ran.errors
    assert f"The share of {first.name} is not signed by them: the service altered it" in ran.out
    assert NAME not in ran.out
    assert not [one for one in affair.outcomes() if one["liars"]]
    affair.liar.alter = honest
    assert NAME in (await affair.council.officer.runs(*affair.combine, typed=f"{PASSPHRASE}\n")).out
    assert await affair.recorded() == ("opened", [])


async def test_a_service_that_alters_how_a_case_key_is_shared_frames_no_custodian(
    council: Council, tmp_path: Path
) -> None:
    _, case, _ = await council.raised(tmp_path / "reporter", written(tmp_path))
    officer = council.officer
    await council.as_(officer, "POST", f"/v1/cases/{case}/acknowledgement")
    await council.forgets_the_password(officer)
    await council.pins(officer)
    own = ("--channel", CHANNEL, "--key", officer.key)
    typed = f"{PASSPHRASE}\nI forgot my password.\nSection 4 of the procedure\n"
    request = (await officer.runs("recover-case", "request", case, *own, "--hours", "24", typed=typed)).value("request")
    for custodian in council.custodians[:2]:
        await council.approves(custodian, request)
    combine = ("recover-case", "combine", request, *own)
    with lying(council.address) as liar:
        officer.turn_to(liar.address)
        words = await council.root_words()
        await officer.runs("manifest", "check", "--root-key", words, "--server", liar.address, "--channel", CHANNEL)
        for alteration in ALTERATIONS:

            def alter(path: str, answer: Any, how: Callable[[dict[str, Any]], None] = alteration) -> Any:  # noqa: ANN401 any JSON
                if path.endswith("/releases"):
                    how(answer)
                return answer

            liar.alter = alter
            ran = await officer.tries(*combine, typed=f"{PASSPHRASE}\n")
            assert ran.code == 1
            assert LIE not in ran.out + ran.errors
        liar.alter = honest
        await officer.runs(*combine, typed=f"{PASSPHRASE}\n")
    officer.turn_to(council.address)
    [recorded] = (await council.as_(officer, "GET", f"/v1/cases/{case}/key-recoveries"))["items"]
    assert (recorded["state"], recorded["liars"]) == ("opened", [])


async def test_an_altered_share_accuses_nobody_and_a_custodian_who_lies_is_named(affair: Affair) -> None:
    council, liar = affair.council, affair.liar
    first, second, third = council.custodians
    for custodian in (first, third):
        await council.approves_at(custodian, affair.request)
    affair.shown(
        lambda answer: answer["releases"][0].update(release=spell(decoded(answer["releases"][0]["release"])[:-33])),
        "/releases",
    )
    ran = await council.officer.tries(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert ran.code == 1
    assert "is not signed by them: the service altered it" in ran.out
    assert ran.errors.strip().startswith("Only 1 of 2 shares are true: nothing was opened.")
    assert NAME not in ran.out
    assert await affair.recorded() == ("released", [])
    liar.alter = honest
    await council.lies(second, affair.request)
    opened = await council.officer.runs(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert f"{second.name} signed a share that is not the one dealt to them: {LIE}." in opened.out
    assert NAME in opened.out
    assert await affair.recorded() == ("opened", [affair.id_of(second)])


async def test_a_custodian_who_lies_is_named_and_does_not_end_what_the_others_can_still_open(affair: Affair) -> None:
    council = affair.council
    first, second, third = council.custodians
    await council.lies(first, affair.request)
    await council.approves_at(second, affair.request)
    ran = await council.officer.tries(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert ran.code == 1
    assert f"{first.name} signed a share that is not the one dealt to them: {LIE}." in ran.out
    assert re.search(r"nothing was opened\. The request stands until [0-9T:Z-]+\.$", ran.errors.strip())
    assert await affair.recorded() == ("released", [affair.id_of(first)])
    await council.approves_at(third, affair.request)
    assert NAME in (await council.officer.runs(*affair.combine, typed=f"{PASSPHRASE}\n")).out
    assert await affair.recorded() == ("opened", [affair.id_of(first)])


@pytest.mark.parametrize(("name", "length"), [("ciphertext", 0), ("check", 16), ("shred_key", 32), ("shred_key", 31)])
async def test_a_service_that_alters_what_it_keeps_does_not_end_the_request(
    affair: Affair, name: str, length: int
) -> None:
    council = affair.council
    for custodian in council.custodians[:2]:
        await council.approves_at(custodian, affair.request)
    affair.shown(lambda answer: answer.update({name: spell(bytes(length))}), "/releases")
    line = await council.officer.fails(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert line.startswith("The shares are true, but what the service keeps is not what they open: nothing was opened.")
    assert affair.outcomes() == []
    affair.liar.alter = honest
    assert NAME in (await council.officer.runs(*affair.combine, typed=f"{PASSPHRASE}\n")).out


async def test_a_request_that_nobody_is_left_to_save_has_failed(affair: Affair) -> None:
    council = affair.council
    first, second, third = council.custodians
    for custodian in (first, second):
        await council.lies(custodian, affair.request)
    await council.approves_at(third, affair.request)
    line = await council.officer.fails(*affair.combine, typed=f"{PASSPHRASE}\n")
    assert line == "Only 1 of 2 shares are true: nothing was opened."
    state, liars = await affair.recorded()
    assert (state, set(liars)) == ("failed", {affair.id_of(first), affair.id_of(second)})
