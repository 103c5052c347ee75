"""Custodians get new keys, join and leave, each at a machine of their own; what was sealed before still opens."""

import re
from pathlib import Path

from tests.client.people import CHANNEL, PASSPHRASE, Council, Person
from tests.client.test_ceremony import NAME, written


async def opened_by(council: Council, case: str, subject: str, *custodians: Person) -> str:
    """Return what the requester sees once these custodians have approved."""
    request = (await council.asked(case, subject)).value("request")
    for custodian in custodians:
        await council.approves(custodian, request)
    combine = ("openings", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    return (await council.officer.runs(*combine, typed=f"{PASSPHRASE}\n")).out


async def reshares(council: Council, person: Person) -> str:
    """Return what somebody's client says of what is to be shared anew."""
    await council.pins(person)
    arguments = ("custodian", "reshare", "--key", person.key, "--channel", CHANNEL)
    return (await person.runs(*arguments, typed=f"{PASSPHRASE}\n")).out


async def test_a_custodian_goes_on_with_a_new_key(council: Council, tmp_path: Path) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    ann, old = council.ann, council.ann.key
    ann.key_name = "second.key"
    await ann.makes_keys("custodian")
    await council.signs_and_publishes("--previous", council.chain)
    await council.pins(ann)
    replace = ("custodian", "replace-key", ann.key, "--key", old, "--channel", CHANNEL)
    done = await ann.runs(*replace, typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert "sealed to your new key" in done.out
    again = await ann.runs(*replace, typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert again.out.startswith("0 shares")
    assert NAME in await opened_by(council, case, subject, ann, council.bob)


async def test_one_custodian_leaves_and_another_opens_what_was_sealed_before(council: Council, tmp_path: Path) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    council.custodians = [council.ann, council.bob, council.dora]
    await council.signs_and_publishes("--previous", council.chain)
    for person in (council.ann, council.bob, council.cleo):  # who leaves deals as well, so that a liar would show
        assert " wait for other custodians" in await reshares(council, person)
    for _ in range(2):
        for person in council.custodians:
            await reshares(council, person)
    left = re.match(r"(\d+) to share anew; (\d+) wait", await reshares(council, council.dora))
    assert left is not None
    assert left[1] == left[2], "what is being opened waits for that, and nothing else is left"
    assert NAME in await opened_by(council, case, subject, council.dora, council.bob)
