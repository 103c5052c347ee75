"""A service that lies to somebody's client is caught, with a line that names the lie, and nothing is given away."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.crypto import fingerprints, hpke, identity, keyfiles, manifests, openings, signing
from app.crypto.documents import Signed, spell
from tests.client.affairs import ALARM, Affair, an_affair, decoded, manifest_of, signed_manifests
from tests.client.liar import Liar, lying
from tests.client.people import CHANNEL, PASSPHRASE, Council, Person
from tests.client.test_ceremony import written


@pytest.fixture
def liar(council: Council) -> Iterator[Liar]:
    """A liar in front of the council's service, honest at first."""
    with lying(council.address) as made:
        yield made


@pytest.fixture(scope="module")
async def affair(council: Council, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Affair]:
    """A request that nobody has answered, with clients that ask the liar."""
    async with an_affair(council, tmp_path_factory.mktemp("affair")) as made:
        yield made


async def test_a_custodian_whom_the_root_never_named_is_sent_nothing(
    council: Council, liar: Liar, tmp_path: Path
) -> None:
    def exchange(path: str, answer: Any) -> Any:  # noqa: ANN401 any JSON
        if path.endswith(CHANNEL):
            answer["custodians"][0]["public_key"] = spell(hpke.public_key(hpke.new_seed()))
        return answer

    liar.alter = exchange
    reporter = council.visitor(tmp_path / "reporter")
    arguments = ("--server", liar.address, "--channel", CHANNEL, "--root-key", await council.root_words())
    line = await reporter.fails("submit", written(tmp_path), *arguments, code=ALARM)
    assert line == "The service shows custodians whom the root did not sign for: nothing was sent."
    assert {method for method, _ in liar.asked} == {"GET"}


async def test_manifests_of_another_root_are_an_alarm(council: Council, liar: Liar, tmp_path: Path) -> None:
    seed = signing.new_seed()

    def forge(path: str, answer: Any) -> Any:  # noqa: ANN401 any JSON
        if path.endswith("manifests"):
            first = answer["items"][0]
            true = manifests.read(Signed(decoded(first["document"]), decoded(first["signature"])))
            made = manifests.sign_manifest(replace(true, root=signing.public_key(seed)), seed)
            answer["items"] = [{"document": spell(made.document), "signature": spell(made.signature)}]
        return answer

    visitor = council.visitor(tmp_path / "visitor")
    words = await council.root_words()
    check = ("manifest", "check", "--root-key", words, "--server", liar.address, "--channel", CHANNEL)
    liar.alter = forge
    assert "not signed by the root that you named" in await visitor.fails(*check, code=ALARM)
    liar.alter = lambda _path, answer: answer
    await visitor.runs(*check)
    liar.alter = forge
    forged = fingerprints.words(signing.public_key(seed))
    line = await visitor.fails(*check[:3], forged, *check[4:], code=ALARM)
    assert "another root than the one pinned here" in line


async def test_manifests_that_are_taken_back_are_an_alarm(council: Council, liar: Liar, tmp_path: Path) -> None:
    visitor = council.visitor(tmp_path / "visitor")
    words = await council.root_words()
    check = ("manifest", "check", "--root-key", words, "--server", liar.address, "--channel", CHANNEL)
    await visitor.runs(*check)
    liar.alter = lambda path, answer: answer | {"items": answer["items"][:-1]} if path.endswith("manifests") else answer
    assert "it was rolled back" in await visitor.fails(*check, code=ALARM)


async def test_two_manifests_of_one_epoch_are_an_alarm(council: Council, liar: Liar, tmp_path: Path) -> None:
    """Even if the root signed both: then the root's holder, or a thief of its key, shows people different keys."""
    root = keyfiles.open_keys(Path(council.root.key).read_bytes(), PASSPHRASE)  # noqa: ASYNC240 a file of the test

    def fork(path: str, answer: Any) -> Any:  # noqa: ANN401 any JSON
        if path.endswith("manifests"):
            last = answer["items"][-1]
            true = manifests.read(Signed(decoded(last["document"]), decoded(last["signature"])))
            made = manifests.sign_manifest(replace(true, requesters=()), root.signing_seed)
            answer["items"][-1] = {"document": spell(made.document), "signature": spell(made.signature)}
        return answer

    visitor = council.visitor(tmp_path / "visitor")
    words = await council.root_words()
    check = ("manifest", "check", "--root-key", words, "--server", liar.address, "--channel", CHANNEL)
    await visitor.runs(*check)
    liar.alter = fork
    assert "is not the one that the service showed before" in await visitor.fails(*check, code=ALARM)


async def test_a_key_that_the_requester_did_not_sign_gets_no_share(affair: Affair) -> None:
    """The service puts a key of its own into the request, to read what custodians release."""
    council, ann = affair.council, affair.council.custodians[0]
    manifest, now = manifest_of(council), datetime.now(UTC).replace(second=0, microsecond=0)
    made = openings.Request(
        id=UUID(affair.request), purpose=openings.Purpose.IDENTITY, organisation=manifest.organisation,
        case=UUID(affair.case), subject=UUID(affair.subject), requester=UUID(council.officer.account),
        manifest=manifests.digest(signed_manifests(council)[-1]), key=hpke.public_key(hpke.new_seed()), reason="To protect them.", legal_basis="None",
        made_at=now, expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    forged = openings.sign_request(made, signing.new_seed())
    me = next(one for one in manifest.custodians if one.account == UUID(ann.account))
    paper = openings.seal_paper(me.sealing_key, made.id, me.id, forged)
    affair.shown(lambda answer: answer.update(paper=spell(paper)), affair.request)
    assert await affair.approving(ann) == "The request is not signed by whoever it says asks: do not answer it."
    affair.shown(lambda answer: answer.update(paper=spell(bytes(1_500))), affair.request)
    assert await affair.approving(ann) == "The request that the service shows was not sealed to you: do not answer it."
    assert not affair.is_answered()


async def test_the_share_of_something_else_and_an_altered_share_stay_where_they_are(affair: Affair) -> None:
    ann = affair.council.custodians[0]
    other = spell(identity.reference_of(UUID(int=1), UUID(affair.case), UUID(affair.subject)))
    affair.shown(lambda answer: answer["sharing"].update(reference=other), affair.request)
    assert "share of something else than the request asks for" in await affair.approving(ann)
    affair.shown(lambda answer: answer.update(share=spell(decoded(answer["share"])[:-33])), affair.request)
    assert (
        await affair.approving(ann) == "Your share does not open: the service shows an altered one. Nothing was sent."
    )
    affair.shown(lambda answer: answer["sharing"].update(threshold=1), affair.request)
    assert await affair.approving(ann) == "The service shows a sharing that cannot exist."
    affair.shown(lambda answer: answer.pop("share"), affair.request)
    assert await affair.approving(ann, code=1) == "The server's answer is not what its API says: share."
    assert not affair.is_answered()


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"items":', b'{"items":[{}]}', b'{"items":7}', b"\xff"])
async def test_a_server_that_talks_nonsense_gets_one_line(answer: bytes, tmp_path: Path) -> None:
    person = Person("visitor", tmp_path / "visitor")
    with lying() as liar:
        liar.alter = lambda _path, _answer: answer
        arguments = ("--root-key", "one two", "--server", liar.address, "--channel", CHANNEL)
        assert "The server's answer is" in await person.fails("manifest", "check", *arguments)
