"""Who forgot a password recovers the keys of their cases through enough custodians, and through nobody else."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.crypto import hpke, identity, sharing, signing
from app.crypto.errors import SealBroken
from app.crypto.openings import Purpose
from tests.builders import cases, recoveries, turned
from tests.builders.cases import OpenFile
from tests.builders.custody import sharing_of
from tests.builders.manifests import unb64
from tests.builders.openings import REASON, Ceremony, problem
from tests.conftest import Actor, Clock
from tests.openings.test_recorded import places, recorded
from tests.promises.test_nothing_echoed import stored_bytes

NAMES = ("investigator", "assistant", "reviewer", "other_case_officer")


def file_of(ceremony: Ceremony) -> OpenFile:
    """The case as the builders of cases want it."""
    return OpenFile(ceremony.case_id, "", ceremony.organisation_id, ceremony.url)


async def forgotten(ceremony: Ceremony, name: str = "investigator") -> Actor:
    """Return somebody who works the case, forgot their password and was reset."""
    somebody: Actor = getattr(ceremony.actors, name)
    await recoveries.forget_the_password(ceremony.actors.administrator, somebody)
    assert problem(await somebody.get(ceremony.url)) == "locked"
    return somebody


async def turn_the_key(ceremony: Ceremony) -> None:
    """The case has the next version of its key, since somebody was walled off."""
    officer, case = ceremony.actors.case_officer, file_of(ceremony)
    await cases.appoint(officer, case, ceremony.actors.third_case_officer, "case_officer")
    await cases.wall_off(officer, case, ceremony.actors.other_case_officer)


@pytest.mark.parametrize("name", NAMES)
async def test_who_forgot_their_password_reads_the_case_again_by_two_of_three_custodians(
    ceremony: Ceremony, name: str
) -> None:
    somebody = await forgotten(ceremony, name)
    escrow = await recoveries.escrow_of(ceremony, somebody)
    assert (escrow["key_version"], escrow["threshold"], len(escrow["custodians"])) == (1, 2, 3)
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    answer = await recoveries.fetch(ceremony, somebody, asking)
    key = asking.combine(answer.json(), ceremony.manifest)
    assert (await recoveries.grant(ceremony, somebody, key)).status_code == 204
    await cases.read(somebody, file_of(ceremony))
    url = f"{ceremony.url}/key-recoveries/{asking.request.id}/outcome"
    done = await somebody.post(url, json={"opened": True})
    assert (done.json()["state"], done.json()["notice"]) == ("opened", None)
    assert (
        problem(await recoveries.send(ceremony, somebody, await recoveries.ask(ceremony, somebody))) == "key-not-lost"
    )


async def test_every_step_is_in_the_log_the_log_verifies_and_no_reporter_is_told(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    answer = await recoveries.fetch(ceremony, somebody, asking)
    await recoveries.grant(ceremony, somebody, asking.combine(answer.json(), ceremony.manifest))
    events = await cases.events_of(ceremony.service, file_of(ceremony))
    told = [one for one in events if one.startswith(("opening.", "case_key."))]
    assert told == [
        "opening.requested",
        "opening.approved",
        "opening.approved",
        "opening.released",
        "case_key.recovered",
    ]
    assert "read.read_recovery_releases" in events
    assert await cases.faults_of(ceremony.service, file_of(ceremony)) == []
    assert (await ceremony.inbox())["openings"] == {"count": 0, "items": []}


async def test_colleagues_and_custodians_read_why_and_the_lists_of_identities_and_of_keys_are_apart(
    ceremony: Ceremony,
) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    for reader in (somebody, ceremony.actors.case_officer, ceremony.actors.reviewer):
        (seen,) = (await reader.get(f"{ceremony.url}/key-recoveries")).json()["items"]
        assert (seen["id"], seen["purpose"], seen["reason"]) == (str(asking.request.id), "case_key", REASON)
    assert (await ceremony.actors.case_officer.get(f"{ceremony.url}/openings")).json()["items"] == []
    (listed,) = await ceremony.custodians[0].list()
    assert listed["purpose"] == "case_key"
    _, request = ceremony.custodians[0].judge(await ceremony.custodians[0].read(asking.request.id))
    assert (request.purpose, request.reason) == (Purpose.CASE_KEY, REASON)


async def test_an_administrator_who_resets_somebody_and_becomes_them_gets_nothing_without_custodians(
    ceremony: Ceremony,
) -> None:
    """They have the account, and not the requester's signing key, which no reset touches."""
    taken = await forgotten(ceremony)
    asking = await recoveries.ask(ceremony, taken, seed=signing.new_seed())
    assert problem(await recoveries.send(ceremony, taken, asking)) == "opening-not-signed"
    assert problem(await recoveries.fetch(ceremony, taken, asking)) == "not-found"
    assert problem(await recoveries.grant(ceremony, taken, bytes(32))) == "case-key-not-proven"
    assert problem(await taken.get(ceremony.url)) == "locked"
    administrator = ceremony.actors.administrator
    for path in ("key-escrow", "key-recoveries"):
        assert problem(await administrator.get(f"{ceremony.url}/{path}")) == "not-found"


async def test_one_custodian_too_few_gives_nothing(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=1)
    answer = await recoveries.fetch(ceremony, somebody, asking)
    assert (problem(answer), answer.json()["approvals"]) == ("approvals-missing", 1)
    await ceremony.custodians[1].approve(asking.request.id)
    shown = (await recoveries.fetch(ceremony, somebody, asking)).json()
    for custodian in ceremony.custodians[:2]:
        with pytest.raises(SealBroken):
            asking.combine(shown, ceremony.manifest, among=[custodian.id])


async def test_what_was_released_is_given_to_nobody_else_and_by_no_other_door(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    for name in ("case_officer", "reviewer", "assistant"):
        answer = await recoveries.fetch(ceremony, getattr(ceremony.actors, name), asking)
        assert problem(answer) == "request-of-another"
    for outsider in (ceremony.custodians[0].actor, ceremony.actors.administrator, ceremony.actors.auditor):
        assert problem(await recoveries.fetch(ceremony, outsider, asking)) == "not-found"
    for name in ("case_officer", "investigator"):
        assert problem(await ceremony.fetch(asking, getattr(ceremony.actors, name))) in {"not-found", "locked"}
    identity_asked = await ceremony.asked(ceremony.actors.case_officer)
    for path in ("releases", "outcome"):
        url = f"{ceremony.url}/key-recoveries/{identity_asked.request.id}/{path}"
        officer = ceremony.actors.case_officer
        answer = await (officer.get(url) if path == "releases" else officer.post(url, json={"opened": True}))
        assert problem(answer) == "not-found"


async def test_who_can_open_the_case_troubles_nobody_and_who_is_not_appointed_finds_nothing(ceremony: Ceremony) -> None:
    investigator = ceremony.actors.investigator
    assert (
        problem(await recoveries.send(ceremony, investigator, await recoveries.ask(ceremony, investigator)))
        == "key-not-lost"
    )
    asking = await recoveries.ask(ceremony, investigator)
    for name in ("third_case_officer", "administrator", "custodian", "other_investigator"):
        assert problem(await recoveries.send(ceremony, getattr(ceremony.actors, name), asking)) == "not-found"


async def test_a_wall_or_an_ended_appointment_ends_what_was_asked_for(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony, "other_case_officer")
    await cases.appoint(
        ceremony.actors.case_officer, file_of(ceremony), ceremony.actors.third_case_officer, "case_officer"
    )
    asking = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(asking, by=2)
    await cases.wall_off(ceremony.actors.case_officer, file_of(ceremony), somebody)
    assert problem(await recoveries.fetch(ceremony, somebody, asking)) == "not-found"


async def test_a_request_for_another_thing_than_the_present_key_is_refused(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    first = UUID((await recoveries.escrow_of(ceremony, somebody))["subject_id"])
    for subject in (ceremony.identity_id, uuid4()):
        asking = await recoveries.ask(ceremony, somebody, subject=subject)
        assert problem(await recoveries.send(ceremony, somebody, asking)) == "escrow-unknown"
    asking = await recoveries.ask(ceremony, somebody, purpose=Purpose.IDENTITY, subject=ceremony.identity_id)
    assert problem(await recoveries.send(ceremony, somebody, asking)) == "invalid-input"
    await turn_the_key(ceremony)
    old = await recoveries.ask(ceremony, somebody, subject=first)
    assert problem(await recoveries.send(ceremony, somebody, old)) == "escrow-unknown"
    assert (await recoveries.escrow_of(ceremony, somebody))["key_version"] == 2
    again = await recoveries.asked(ceremony, somebody)
    await ceremony.approved(again, by=2)
    key = again.combine((await recoveries.fetch(ceremony, somebody, again)).json(), ceremony.manifest)
    assert (await recoveries.grant(ceremony, somebody, key, 2)).status_code == 204
    await ceremony.service.runtime.background.settled()
    await cases.read(somebody, file_of(ceremony))


async def test_a_key_that_is_turned_meanwhile_ends_the_request_for_the_older_one(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    third = ceremony.custodians[2]
    body = third.approval(await third.read(asking.request.id))
    await ceremony.approved(asking, by=2)
    await turn_the_key(ceremony)
    assert problem(await recoveries.fetch(ceremony, somebody, asking)) == "escrow-unknown"
    assert problem(await third.send_approval(asking.request.id, body)) == "escrow-unknown"
    assert problem(await third.actor.get(f"/v1/openings/{asking.request.id}")) == "escrow-unknown"
    await recoveries.asked(ceremony, somebody)


async def test_garbage_is_refused_by_the_proof(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    for version in (1, 2):
        assert problem(await recoveries.grant(ceremony, somebody, bytes(range(32)), version)) == "case-key-not-proven"
    assert problem(await somebody.get(ceremony.url)) == "locked"


async def test_a_request_is_made_once_stands_alone_and_ends_in_time(ceremony: Ceremony, clock: Clock) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    assert problem(await recoveries.send(ceremony, somebody, asking)) == "opening-known"
    assert (
        problem(await recoveries.send(ceremony, somebody, await recoveries.ask(ceremony, somebody))) == "opening-stands"
    )
    await ceremony.approved(asking, by=2)
    await ceremony.later(clock, 72)
    assert problem(await recoveries.fetch(ceremony, somebody, asking)) == "opening-expired"
    assert (
        problem(
            await recoveries.send(
                ceremony,
                somebody,
                await recoveries.ask(
                    ceremony, somebody, made_at=asking.request.made_at, expires_at=asking.request.expires_at
                ),
            )
        )
        == "invalid-input"
    )
    await recoveries.asked(ceremony, somebody)


async def test_two_refusals_of_three_end_it(ceremony: Ceremony) -> None:
    somebody = await forgotten(ceremony)
    asking = await recoveries.asked(ceremony, somebody)
    for custodian in ceremony.custodians[:2]:
        assert (await custodian.refuse(asking.request.id)).status_code == 201
    assert problem(await recoveries.fetch(ceremony, somebody, asking)) == "opening-over"


async def test_a_walled_custodian_keeps_a_share_that_gives_no_sign_of_the_wall_and_takes_no_part(
    ceremony: Ceremony,
) -> None:
    barred, *others = ceremony.custodians
    await cases.wall_off(ceremony.actors.case_officer, file_of(ceremony), barred.actor)
    await turn_the_key(ceremony)
    somebody = await forgotten(ceremony)
    assert str(barred.id) in (await recoveries.escrow_of(ceremony, somebody))["custodians"]
    asking = await recoveries.asked(ceremony, somebody)
    assert await barred.list() == []
    assert problem(await barred.actor.get(f"/v1/openings/{asking.request.id}")) == "not-found"
    for custodian in others:
        assert (await custodian.approve(asking.request.id)).status_code == 201
    key = asking.combine((await recoveries.fetch(ceremony, somebody, asking)).json(), ceremony.manifest)
    assert (await recoveries.grant(ceremony, somebody, key, 2)).status_code == 204


async def test_the_service_neither_receives_nor_stores_nor_answers_the_key_of_the_case(ceremony: Ceremony) -> None:
    """From the moment the password was forgotten. That a recording would find it is tested with the recorder."""
    somebody = await forgotten(ceremony)
    with recorded(ceremony) as recorder:
        asking = await recoveries.asked(ceremony, somebody)
        shared = [await one.read(asking.request.id) for one in ceremony.custodians]
        await ceremony.approved(asking, by=2)
        answer = await recoveries.fetch(ceremony, somebody, asking)
        during = await stored_bytes(ceremony.service)
        key = asking.combine(answer.json(), ceremony.manifest)
        assert (await recoveries.grant(ceremony, somebody, key)).status_code == 204
        await cases.read(somebody, file_of(ceremony))
        await somebody.post(f"{ceremony.url}/key-recoveries/{asking.request.id}/outcome", json={"opened": True})
    hidden = {"key of the case": key, "key of the request": asking.seed, **pieces_in(ceremony, shared)}
    assert len(hidden) == 6
    assert key == (await turned.keys_of(ceremony.service, somebody, file_of(ceremony)))[1]
    assert places(hidden, recorder.content()) == []
    assert places(hidden, during) == []
    assert places(hidden, await stored_bytes(ceremony.service)) == []
    assert asking.signed.document in recorder.content()


def pieces_in(ceremony: Ceremony, shared: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """Return every piece that the custodians hold, and what they make."""
    pieces: dict[int, bytes] = {}
    for one, shown in zip(ceremony.custodians, shared, strict=True):
        of, share = sharing_of(shown["sharing"]), unb64(shown["share"])
        pieces |= identity.open_share(hpke.PrivateKey(one.sealing_seed), of, one.id, share)
    return {"K": sharing.combine(pieces, 2, 3), **{f"piece {number}": one for number, one in pieces.items()}}
