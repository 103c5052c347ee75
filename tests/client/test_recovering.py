"""Who forgot their password gets into a case again by the custodians, and its key is on nobody's screen or disk."""

import base64
import re
from pathlib import Path
from typing import Any
from uuid import UUID

from app.crypto import hpke, identity, keyfiles
from app.crypto.documents import spell
from app.crypto.identity import Sharing
from tests.client.people import AN_ID, CHANNEL, PASSPHRASE, Council, Person
from tests.client.test_ceremony import written

REASON = "I forgot my password, and nobody else reads this case."


def bytes_of(text: str) -> bytes:
    """Return bytes from base64."""
    return base64.b64decode(text)


async def key_that_is_recovered(council: Council, case: str, request: str, among: list[Person]) -> bytes:
    """Return the key of a case: what the client forms, from the custodians' own shares."""
    released = await council.as_(council.officer, "GET", f"/v1/cases/{case}/key-recoveries/{request}/releases")
    pieces: dict[UUID, dict[int, bytes]] = {}
    for custodian in among:
        own = keyfiles.open_keys(custodian.key_bytes(), PASSPHRASE)
        assert own.sealing_seed is not None
        shown: dict[str, Any] = await council.as_(custodian, "GET", f"/v1/openings/{request}")
        of = Sharing(
            bytes_of(shown["sharing"]["reference"]),
            shown["sharing"]["threshold"],
            frozenset(map(UUID, shown["sharing"]["custodians"])),
            tuple(map(bytes_of, shown["sharing"]["commitments"])),
        )
        me = UUID(shown["custodian_id"])
        pieces[me] = identity.open_share(hpke.PrivateKey(own.sealing_seed), of, me, bytes_of(shown["share"]))
    ciphertext, check, shred_key = (bytes_of(released[name]) for name in ("ciphertext", "check", "shred_key"))
    return identity.combine_identity(ciphertext, check, of, pieces, shred_key)


def places_with(secret: bytes, council: Council) -> list[str]:
    """Return where any spelling of a secret stands: in what the people's commands were given, printed and left."""
    spellings = [secret, spell(secret).encode(), secret.hex().encode()]
    found = []
    for person in council.people.values():
        for ran in person.ran:
            said = "\n".join((*ran.arguments, ran.out, ran.errors)).encode()
            found += [str(ran.arguments) for one in spellings if one in said]
        files = [path for path in person.folder.rglob("*") if path.is_file()]
        found += [str(path) for path in files for one in spellings if one in path.read_bytes()]
    log = council.service.log.read_bytes()
    return found + ["log of the service" for one in spellings if one in log]


async def test_who_forgot_their_password_reads_the_case_again_and_a_custodian_who_lied_is_named(
    council: Council, tmp_path: Path
) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    officer = council.officer
    await council.as_(officer, "POST", f"/v1/cases/{case}/acknowledgement")
    await council.forgets_the_password(officer)
    await council.pins(officer)
    assert "(locked)" in await officer.fails("openings", "subjects", case)
    own = ("--channel", CHANNEL, "--key", officer.key)
    typed = f"{PASSPHRASE}\n{REASON}\nSection 4 of the procedure\n"
    asked = await officer.runs("recover-case", "request", case, *own, "--hours", "24", typed=typed)
    request = asked.value("request")
    first, second, liar = council.custodians
    await council.pins(first)
    shown = await first.runs("openings", "show", request, "--key", first.key, typed=f"{PASSPHRASE}\n")
    assert (shown.value("purpose"), shown.value("reason")) == ("case_key", REASON)
    assert shown.value("words") == asked.value("words")
    await council.lies(liar, request)
    for custodian in (first, second):
        await council.approves(custodian, request)
    key = await key_that_is_recovered(council, case, request, [first, second])
    assert "is for the key of a case" in await officer.fails(
        "openings", "combine", request, *own, typed=f"{PASSPHRASE}\n"
    )
    combine = ("recover-case", "combine", request, *own)
    done = await officer.runs(*combine, typed=f"{PASSPHRASE}\n")
    assert done.out.splitlines() == [
        f"{liar.name} signed a share that is not the one dealt to them: a lie.",
        "The case opens to your account again.",
    ]
    assert re.findall(AN_ID, (await officer.runs("openings", "subjects", case)).out) == [subject]
    [recorded] = (await council.as_(officer, "GET", f"/v1/cases/{case}/key-recoveries"))["items"]
    assert recorded["state"] == "opened"
    assert "is done" in await officer.fails(*combine, typed=f"{PASSPHRASE}\n")
    assert places_with(key, council) == []


async def test_a_case_on_which_nobody_acted_is_not_recovered_nor_is_one_by_a_request_for_an_identity(
    council: Council, tmp_path: Path
) -> None:
    _, case, subject = await council.raised(tmp_path / "reporter", written(tmp_path))
    await council.pins(council.officer)
    recover = ("recover-case", "request", case, "--channel", CHANNEL, "--key", council.officer.key)
    line = await council.officer.fails(*recover, typed=f"{PASSPHRASE}\n")
    assert line == "Custodians do not hold the key of this case: nobody can recover it."
    request = (await council.asked(case, subject)).value("request")
    combine = ("recover-case", "combine", request, "--channel", CHANNEL, "--key", council.officer.key)
    assert "is for an identity" in await council.officer.fails(*combine, typed=f"{PASSPHRASE}\n")
