"""A manifest that is published while a request stands changes nothing of that request: it stands under the one that it names."""

from pathlib import Path

from tests.client.people import CHANNEL, PASSPHRASE, Council, Person
from tests.client.test_ceremony import NAME, written


async def publishes(council: Council) -> None:
    """The next manifest is in force."""
    await council.signs_and_publishes("--previous", council.chain)


async def has_a_new_key(council: Council, person: Person, name: str) -> str:
    """Return where somebody's key was until now; the newest manifest names their new one."""
    old, person.key_name = person.key, name
    await person.makes_keys("custodian")
    await publishes(council)
    await council.pins(person)
    return old


async def test_a_request_is_answered_and_combined_though_newer_manifests_came_in_between(
    council: Council, tmp_path: Path
) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    request = (await council.asked(case, subject)).value("request")
    first, second, third = council.custodians
    old = await has_a_new_key(council, first, "meanwhile.key")
    approve, typed = ("openings", "approve", request, "--key"), f"{PASSPHRASE}\nyes\n"
    line = await first.fails(*approve, first.key, typed=typed)
    assert line == "The request was sealed to another key of yours: use the key file that you had when it was made."
    await first.runs(*approve, old, typed=typed)
    await council.approves(second, request)
    refused = ("openings", "refuse", request, "--key", third.key)
    await publishes(council)
    await council.pins(third)
    await third.runs(*refused, typed=f"{PASSPHRASE}\nNo protection needs the name.\n")
    combine = ("openings", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    opened = await council.officer.runs(*combine, typed=f"{PASSPHRASE}\n")
    assert NAME in opened.out
    assert f"{third.name} refused: No protection needs the name." in opened.out
    replace = ("custodian", "replace-key", first.key, "--key", old, "--channel", CHANNEL)
    await first.runs(*replace, typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")


async def test_a_share_that_was_sealed_to_a_newer_key_meanwhile_is_released_with_both_keys(
    council: Council, tmp_path: Path
) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    request = (await council.asked(case, subject)).value("request")
    first, second, _ = council.custodians
    old = await has_a_new_key(council, first, "newer.key")
    replace = ("custodian", "replace-key", first.key, "--key", old, "--channel", CHANNEL)
    await first.runs(*replace, typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    approve = ("openings", "approve", request, "--key", old)
    line = await first.fails(*approve, typed=f"{PASSPHRASE}\nyes\n")
    assert line == "Your share is sealed to a newer key of yours: name that key file too, with --share-key."
    await first.runs(*approve, "--share-key", first.key, typed=f"{PASSPHRASE}\n{PASSPHRASE}\nyes\n")
    await council.approves(second, request)
    combine = ("openings", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    assert NAME in (await council.officer.runs(*combine, typed=f"{PASSPHRASE}\n")).out


async def test_whoever_the_root_took_out_meanwhile_is_given_no_share(council: Council, tmp_path: Path) -> None:
    """Else a thief of their key, with the service, could go on asking under the manifest of before."""
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    asked = await council.asked(case, subject)
    first, own = council.custodians[0], council.officer.key
    council.officer.key_name = "other.key"
    await council.officer.makes_keys("requester")
    await publishes(council)
    await council.pins(first)
    approve = ("openings", "approve", asked.value("request"), "--key", first.key)
    line = await first.fails(*approve, typed=f"{PASSPHRASE}\nyes\n")
    assert line == "The newest manifest does not name whoever asks with this key any more: let them ask anew."
    council.officer.key_name = Path(own).name
    await publishes(council)
    await council.pins(first)
    await first.runs(*approve, typed=f"{PASSPHRASE}\nyes\n")
