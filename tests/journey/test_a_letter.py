"""A letter of 27 January: entered by an officer, its receipt handed to who wrote it, its clocks kept, stopped and missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.crypto.errors import SealBroken
from app.intake import overdue
from app.kernel.sealed import OpenKeys, open_keys
from tests.builders import cases, conversations, intake
from tests.builders.cases import OpenFile
from tests.builders.intake import HEADLINE, IDENTITY, NARRATIVE, a_grievance, created
from tests.builders.investigation import body, refused
from tests.client.people import Person
from tests.conftest import CHANNEL, Actor, Clock, Service
from tests.journey.conftest import Machines

RELAYED = f"/v1/channels/{CHANNEL}/relayed-grievances"
WRITTEN_ON = date(2027, 1, 27)
WAITS = "We wait for the records that the letter names."
TAKES_LONG = "The records fill eleven boxes."


@dataclass
class Letter:
    """The letter, as everybody who deals with it has it."""

    service: Service
    clock: Clock
    officer: Actor
    other: Actor
    case: OpenFile
    receipt: str
    writer: Person
    place: tuple[str, ...]

    async def comes(self, month: int, day: int, hour: int = 9) -> None:
        """That day has come, and the officers are at their desks."""
        self.clock.set(datetime(2027, month, day, hour, tzinfo=UTC))
        for one in (self.officer, self.other):
            await one.sign_in()

    async def reads(self, command: str) -> str:
        """Return what the writer reads on their own machine, with nothing but the receipt."""
        return (await self.writer.runs("inbox", command, *self.place, typed=f"{self.receipt}\n")).out

    async def duties(self) -> dict[str, dict[str, Any]]:
        """Return what is owed, by kind, as the officer sees it."""
        found = body(await self.officer.get(f"{self.case.url}/duties"))
        return {one["kind"]: one for one in found["duties"]}

    async def due(self) -> dict[str, tuple[str, str]]:
        """Return of each duty the day and how it stands."""
        return {kind: (one["due_on"], one["state"]) for kind, one in (await self.duties()).items()}


async def test_a_letter_of_27_january_is_answered_as_if_its_writer_had_stood_at_the_door(
    service: Service, actors: SimpleNamespace, clock: Clock, machines: Machines, custodian_seeds: Sequence[bytes]
) -> None:
    letter = await _an_officer_enters_the_letter(service, actors, clock, machines)
    await _its_writer_opens_the_inbox_with_the_receipt_that_was_handed_on(letter)
    await _who_wrote_it_is_sealed_for_the_custodians_together(letter, custodian_seeds)
    await _the_clocks_stand_still_for_two_days_and_a_reason(letter)
    await _the_acknowledgement_is_late_and_is_raised_with_the_officers_of_the_channel(letter)
    await _a_late_acknowledgement_wins_no_time_for_feedback(letter)
    await _feedback_is_extended_for_a_reason_and_the_writer_reads_by_when(letter)
    assert await conversations.faults(service) == []


async def _an_officer_enters_the_letter(
    service: Service, actors: SimpleNamespace, clock: Clock, machines: Machines
) -> Letter:
    clock.set(datetime(2027, 1, 29, 9, tzinfo=UTC))
    officer, other = actors.case_officer, actors.other_case_officer
    await officer.sign_in()
    letter = a_grievance("confidential") | {"relay": {"how": "post"}, "received_on": WRITTEN_ON.isoformat()}
    sent = created(await officer.post(RELAYED, json=letter))
    assert (sent["acknowledge_by"], sent["feedback_by"]) == ("2027-02-03", "2027-05-03")
    case = await conversations.case_of(service, sent["reference"])
    place = ("--server", machines.address, "--channel", CHANNEL)
    return Letter(service, clock, officer, other, case, sent["receipt"], machines.of("writer"), place)


async def _its_writer_opens_the_inbox_with_the_receipt_that_was_handed_on(letter: Letter) -> None:
    shown = await letter.reads("open")
    for said in (letter.case.reference, HEADLINE, NARRATIVE.splitlines()[0], "2027-01-27", "due by 2027-02-03"):
        assert said in shown
    assert "It is due by 3 February 2027." in await letter.reads("progress")


async def _who_wrote_it_is_sealed_for_the_custodians_together(letter: Letter, seeds: Sequence[bytes]) -> None:
    grievances = await letter.officer.get(f"{letter.case.url}/grievances")
    [raised] = body(grievances)["items"]
    assert (raised["identities_held"], raised["relayed"]["how"]) == (1, "post")
    assert IDENTITY["name"] not in grievances.text
    async with letter.service.runtime.database.session(write=False) as session:
        [sealed] = await intake.identities_in(session)
    erasure_key = intake.erasure_keys_in(letter.service.runtime.settings.erasure_folder)[sealed.id]
    page = body(await letter.service.client().get(f"/v1/channels/{CHANNEL}"))
    held = dict(zip(("custodian", "second_custodian", "third_custodian"), seeds, strict=True))
    seed_of = {UUID(one["id"]): held[one["label"]] for one in page["custodians"]}
    two = dict(list(seed_of.items())[:2])
    assert sealed.open(two, erasure_key) == IDENTITY
    with pytest.raises(SealBroken):
        sealed.open(dict(list(two.items())[:1]), erasure_key)


async def _the_clocks_stand_still_for_two_days_and_a_reason(letter: Letter) -> None:
    await letter.comes(2, 1)
    stops = f"{letter.case.url}/clock-stops"
    refused(await letter.officer.post(stops, json={"reason": ""}), 422, "invalid-input")
    stop = body(await letter.officer.post(stops, json={"reason": WAITS}), 201)
    assert {state for _, state in (await letter.due()).values()} == {"stopped"}
    assert "stopped" in await letter.reads("progress")
    await letter.comes(2, 3)
    assert body(await letter.officer.post(f"{stops}/{stop['id']}/end"))["reason"] == WAITS
    assert await letter.due() == {
        "acknowledge_personally": ("2027-02-03", "owed"),
        "acknowledge": ("2027-02-05", "owed"),
        "feed_back": ("2027-05-03", "owed"),
    }
    assert "not yet, due by 2027-02-05" in await letter.reads("open")


async def _the_acknowledgement_is_late_and_is_raised_with_the_officers_of_the_channel(letter: Letter) -> None:
    await letter.comes(2, 6)
    assert "It was due by 5 February 2027 and has not been done: it is 1 day overdue." in await letter.reads("progress")
    await _the_round_raises_what_is_late(letter.service)
    late = body(await letter.officer.get("/v1/duties?overdue=true"))["items"]
    assert {one["kind"] for one in late} == {"acknowledge", "acknowledge_personally"}
    assert body(await letter.other.get("/v1/raised-duties"))["items"] == []
    await letter.comes(2, 13)
    await _the_round_raises_what_is_late(letter.service)
    raised = body(await letter.other.get("/v1/raised-duties"))["items"]
    assert {one["reference"] for one in raised} == {letter.case.reference}
    assert (await cases.events_of(letter.service, letter.case)).count("duty.escalated") == 2


async def _the_round_raises_what_is_late(service: Service) -> None:
    token = open_keys.set(OpenKeys(service.runtime.keys))
    try:
        await overdue.raise_all(service.runtime)
    finally:
        open_keys.reset(token)


async def _a_late_acknowledgement_wins_no_time_for_feedback(letter: Letter) -> None:
    await cases.acknowledge(letter.officer, letter.case)
    assert await letter.due() == {
        "acknowledge_personally": ("2027-02-03", "kept_late"),
        "acknowledge": ("2027-02-05", "kept_late"),
        "feed_back": ("2027-05-03", "owed"),
    }
    assert "It was done on 13 February 2027, 8 days late" in await letter.reads("progress")
    assert body(await letter.other.get("/v1/raised-duties"))["items"] == []


async def _feedback_is_extended_for_a_reason_and_the_writer_reads_by_when(letter: Letter) -> None:
    feedback = (await letter.duties())["feed_back"]
    extension = f"{letter.case.url}/duties/{feedback['id']}/extension"
    refused(await letter.officer.post(extension, json={"until": "2027-06-01"}), 422, "invalid-input")
    given = body(await letter.officer.post(extension, json={"until": "2027-06-01", "reason": TAKES_LONG}), 201)
    assert (given["due_before"], given["due_since"]) == ("2027-05-03", "2027-06-01")
    progress = await letter.reads("progress")
    assert "It is due by 1 June 2027." in progress
    assert TAKES_LONG not in progress
    assert "2027-06-01" in await letter.reads("open")
