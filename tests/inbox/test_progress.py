"""What became of each thing that was alleged, and what is owed: in words, and not before outcomes are told."""

import base64
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.allegations.arrangement import AllegationState
from app.cases.lifecycle import CaseState
from app.duties.profiles import DutyKind
from app.findings.outcomes import NoViewReason, Outcome
from app.inbox import duties as owed_in_words
from app.inbox import outcomes
from app.inbox.duties import Owed, OwedState, duties_of
from app.inbox.outcomes import Arranged, Standing, Told, what_became
from tests.builders import cases, conversations, intake
from tests.builders.conversations import Inbox, an_inbox, investigated, open_sealed
from tests.builders.reports import slug_of
from tests.conftest import FROZEN, Actor, Clock, Service

KIB = 1024
DAY = date(2026, 3, 2)
UPHELD, NOT_UPHELD = (Outcome.UPHELD, None), (Outcome.NOT_UPHELD, None)
TOO_LITTLE = (Outcome.NO_VIEW, NoViewReason.INSUFFICIENT_EVIDENCE)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
A, B, C = (UUID(int=number) for number in (11, 12, 13))


def arranged(key: UUID, raised: UUID | None, state: str = "in_scope", into: UUID | None = None) -> Arranged:
    """Return an allegation as the investigator arranged it."""
    return Arranged(key, AllegationState(state), raised, into)


@pytest.mark.parametrize("state", CaseState)
def test_before_outcomes_are_told_every_allegation_stands_alike(state: CaseState) -> None:
    """Else somebody who raised two things would see that one of them was taken apart, or dropped."""
    found = what_became([ONE, TWO], [arranged(A, ONE)], {A: UPHELD}, state, is_told=False)
    assert found[ONE] == found[TWO]
    assert found[ONE].outcomes == ()
    assert found[ONE].standing in {Standing.WAITING, Standing.UNDER_INVESTIGATION, Standing.NOT_INVESTIGATED}


def test_what_was_merged_or_split_is_answered_by_what_stands_for_it() -> None:
    of = [
        arranged(A, ONE, "merged", B),
        arranged(B, TWO),
        arranged(C, THREE, "split"),
        arranged(UUID(int=14), THREE),
        arranged(UUID(int=15), THREE, "out_of_scope"),
    ]
    findings = {B: UPHELD, UUID(int=14): NOT_UPHELD, UUID(int=15): TOO_LITTLE}
    assert what_became([ONE, TWO, THREE, uuid := UUID(int=9)], of, findings, CaseState.RELEASED, is_told=True) == {
        ONE: Told(Standing.DECIDED, (UPHELD,)),
        TWO: Told(Standing.DECIDED, (UPHELD,)),
        THREE: Told(Standing.DECIDED, (NOT_UPHELD, TOO_LITTLE)),
        uuid: Told(Standing.NO_FINDING),
    }


def test_what_has_no_final_finding_yet_is_under_investigation() -> None:
    found = what_became([ONE], [arranged(A, ONE), arranged(B, ONE)], {A: UPHELD}, CaseState.RELEASED, is_told=True)
    assert found[ONE] == Told(Standing.UNDER_INVESTIGATION, (UPHELD,))


def test_every_outcome_has_its_words() -> None:
    reasons = {outcome: [None] for outcome in Outcome} | {Outcome.NO_VIEW: list(NoViewReason)}
    every = {(outcome, reason) for outcome in Outcome for reason in reasons[outcome]}
    assert set(outcomes.OUTCOME_IN_WORDS) == every
    assert set(outcomes.STANDING_IN_WORDS) == set(Standing)


@given(st.dates(DAY, DAY + timedelta(days=30)), st.none() | st.dates(DAY, DAY + timedelta(days=30)))
def test_a_duty_is_overdue_only_after_its_day_and_never_once_kept(today: date, kept_on: date | None) -> None:
    owed = Owed(DutyKind.ACKNOWLEDGE, DAY + timedelta(days=7), kept_on)
    state = owed.state(today)
    assert (state is OwedState.OVERDUE) == (kept_on is None and today > owed.due_on)
    assert (state is OwedState.KEPT_LATE) == (kept_on is not None and kept_on > owed.due_on)
    assert ("overdue" in owed.in_words(today)) == (state is OwedState.OVERDUE)
    assert ("late" in owed.in_words(today)) == (state is OwedState.KEPT_LATE)


def test_duties_are_said_in_words() -> None:
    rows = [
        SimpleNamespace(kind="acknowledge", due_on=DAY, due_at=None, kept_on=None, stopped_on=None),
        SimpleNamespace(
            kind="feed_back",
            due_on=DAY + timedelta(days=90),
            due_at=None,
            kept_on=DAY + timedelta(days=91),
            stopped_on=None,
        ),
        SimpleNamespace(
            kind="escalate_immediate_risk", due_on=None, due_at=FROZEN, kept_on=None, stopped_on=DAY - timedelta(days=1)
        ),
    ]
    acknowledge, feed_back, risk = duties_of(rows)
    assert acknowledge.in_words(DAY) == "It is due by 2 March 2026."
    assert acknowledge.in_words(DAY + timedelta(days=1)).endswith("it is 1 day overdue.")
    assert feed_back.in_words(DAY) == "It was done on 1 June 2026, 1 day late: it was due by 31 May 2026."
    stopped = "The clock is stopped since 1 March 2026: what was due by 2 March 2026 is due later by as many days."
    assert (risk.in_words(DAY), risk.state(DAY + timedelta(days=9))) == (stopped, OwedState.STOPPED)
    assert set(owed_in_words.OWED) == set(DutyKind)


async def found(inbox: Inbox, *raised: str) -> None:
    """The investigator has made a final finding on each of those things that were raised, and completed them."""
    actors, case = inbox.service.actors, inbox.case
    exhibit = intake.created(
        await actors.investigator.post(
            f"{case.url}/exhibits",
            json={"kind": "document", "state": "received", "title": "The record", "description": "As kept."},
        )
    )
    for number, one in enumerate(raised):
        body: dict[str, Any] = {"label": f"1.{number}", "statement": "It was so.", "raised_allegation_id": one}
        allegation = intake.created(await actors.investigator.post(f"{case.url}/allegations", json=body))
        finding = intake.created(
            await actors.investigator.post(
                f"{case.url}/allegations/{allegation['id']}/findings",
                json={
                    "outcome": "upheld" if number == 0 else "not_upheld",
                    "standard_of_proof": "balance_of_probabilities",
                    "reasons": "The record shows it.",
                    "exhibit_ids": [exhibit["id"]],
                },
            )
        )
        agreed = await actors.reviewer.post(
            f"{case.url}/findings/{finding['id']}/review", json={"agrees": True}, headers={"If-Match": '"1"'}
        )
        assert agreed.status_code < 300, agreed.text


async def completed(inbox: Inbox) -> None:
    """The findings of the case are complete."""
    answer = await inbox.service.actors.investigator.post(f"{inbox.case.url}/findings-completion")
    assert answer.status_code < 300, answer.text


async def told(officer: Actor, inbox: Inbox) -> Any:  # noqa: ANN401 an answer
    """Ask that outcomes be told."""
    return await officer.post(f"{inbox.case.url}/outcomes-told")


async def test_outcomes_are_read_once_a_case_officer_told_them_and_never_before_findings_are_final(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox = await an_inbox(service)
    standing = {one["standing"] for one in (await inbox.read("/progress"))["allegations"]}
    assert standing == {"waiting"}
    await investigated(inbox)
    raised = [one["id"] for one in (await inbox.read(""))["allegations"]]
    words = {"raised_allegation_id": raised[0], "text": "Two of the three months were changed."}
    explained = await actors.investigator.post(f"{inbox.url}/explanations", json=words | {"text": "A first attempt."})
    intake.created(explained)
    intake.created(await actors.case_officer.post(f"{inbox.url}/explanations", json=words))
    assert slug_of(await told(actors.case_officer, inbox), 409) == "findings-not-final"
    await found(inbox, *raised)
    assert slug_of(await told(actors.case_officer, inbox), 409) == "findings-not-final"
    await completed(inbox)
    before = await inbox.read("/progress")
    assert (before["status"], before["outcomes_told_on"]) == ("investigating", None)
    for one in before["allegations"]:
        assert (one["standing"], one["outcomes"], one["explanation"]) == ("under_investigation", [], None)
    assert (await told(actors.investigator, inbox)).status_code == 403
    assert (await told(actors.case_officer, inbox)).json() == {"told_on": "2026-03-02"}
    assert (await told(actors.case_officer, inbox)).json() == {"told_on": "2026-03-02"}
    after = await inbox.read("/progress")
    first, second = after["allegations"]
    assert [first["raised_allegation_id"], second["raised_allegation_id"]] == raised
    assert (first["outcomes"][0]["outcome"], first["explanation"]) == ("upheld", words["text"])
    assert second["outcomes"][0]["in_words"] == "Not upheld: the evidence does not show that it is so."
    assert (after["outcomes_told_on"], second["explanation"]) == ("2026-03-02", None)
    text = (await inbox.get("/progress")).text
    assert "record shows" not in text
    assert str(actors.investigator.account_id) not in text
    assert await conversations.faults(service) == []


async def test_a_client_opens_the_explanation_itself(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    raised = [one["id"] for one in (await inbox.read(""))["allegations"]]
    body = {"raised_allegation_id": raised[0], "text": "For you."}
    intake.created(await actors.case_officer.post(f"{inbox.url}/explanations", json=body))
    await found(inbox, raised[0])
    await completed(inbox)
    await told(actors.case_officer, inbox)
    reporter = await open_sealed(service, inbox.case, inbox.receipt)
    first, second = (await reporter.inbox.read("/progress"))["allegations"]
    assert (first["explanation"], second["standing"]) == (None, "no_finding")
    content = base64.b64decode(first["sealed"]["text"])
    assert reporter.opened("outcome_explanations", "text", first["sealed"]["id"], content) == "For you."


async def test_only_what_the_grievance_raised_is_explained(service: Service, actors: SimpleNamespace) -> None:
    inbox, other = await an_inbox(service), await an_inbox(service)
    raised = (await other.read(""))["allegations"][0]["id"]
    for one in (raised, str(uuid4())):
        body = {"raised_allegation_id": one, "text": "For you."}
        assert (await actors.case_officer.post(f"{inbox.url}/explanations", json=body)).status_code == 404


async def test_duties_are_shown_and_whether_they_were_kept(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    inbox = await an_inbox(service)
    duties = (await inbox.read("/progress"))["duties"]
    assert [(one["kind"], one["due_on"], one["state"]) for one in duties] == [
        ("acknowledge_personally", "2026-03-05", "due"),
        ("acknowledge", "2026-03-09", "due"),
        ("feed_back", "2026-06-09", "due"),
    ]
    clock.advance(timedelta(days=9))
    late = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    acknowledge = (await late.read("/progress"))["duties"][1]
    assert acknowledge["state"] == "overdue"
    assert "has not been done: it is 2 days overdue." in acknowledge["in_words"]
    await actors.case_officer.sign_in()
    await cases.acknowledge(actors.case_officer, inbox.case)
    await cases.triage(actors.case_officer, inbox.case)
    await cases.decide(actors.case_officer, inbox.case, "declined")
    duties = (await late.read("/progress"))["duties"]
    assert [(one["state"], one["kept_on"]) for one in duties] == [
        ("kept_late", "2026-03-11"), ("kept_late", "2026-03-11"), ("kept", "2026-03-11")
    ]  # fmt: skip


async def test_stops_and_extensions_of_the_officers_clocks_are_what_the_reporter_reads(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    inbox, officer = await an_inbox(service), actors.case_officer
    stop = intake.created(await officer.post(f"{inbox.case.url}/clock-stops", json={"reason": "We wait for records."}))
    said = await inbox.read("/progress")
    assert {one["state"] for one in said["duties"]} == {"stopped"}
    assert "records" not in str(said)
    clock.advance(timedelta(days=4))
    await officer.sign_in()
    assert (await officer.post(f"{inbox.case.url}/clock-stops/{stop['id']}/end")).status_code == 200
    later = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    assert [one["due_on"] for one in (await later.read("/progress"))["duties"]] == [
        "2026-03-09", "2026-03-13", "2026-06-09"
    ]  # fmt: skip


async def test_to_tell_outcomes_keeps_the_duty_to_feed_back(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    await found(inbox, *[one["id"] for one in (await inbox.read(""))["allegations"]])
    await completed(inbox)
    url = f"{inbox.case.url}/duties"
    before = {one["kind"]: one for one in (await actors.case_officer.get(url)).json()["duties"]}
    assert before["feed_back"]["state"] == "owed"
    assert (await told(actors.case_officer, inbox)).status_code == 200
    after = {one["kind"]: one for one in (await actors.case_officer.get(url)).json()["duties"]}
    assert (after["feed_back"]["state"], after["feed_back"]["kept_by"]) == (
        "kept",
        str(actors.case_officer.account_id),
    )
    assert (await inbox.read("/progress"))["duties"][-1]["state"] == "kept"
    assert await conversations.faults(service) == []


async def test_a_representative_reads_the_same_of_theirs(service: Service, actors: SimpleNamespace) -> None:
    sent = await intake.submitted_for_many(actors.representative)
    url = f"/v1/collective-grievances/{sent['id']}/progress"
    shown = (await actors.representative.get(url)).json()
    assert (shown["reference"], len(shown["duties"]), len(shown["allegations"])) == (sent["reference"], 3, 2)
    assert (await actors.other_representative.get(url)).status_code == 404


async def test_progress_has_one_length_whatever_is_in_it(service: Service) -> None:
    small, large = await an_inbox(service, intake.a_grievance(allegations=[])), await an_inbox(service)
    assert {len((await inbox.get("/progress")).content) for inbox in (small, large)} == {8 * KIB}


def test_the_words_of_an_outcome_name_nobody_and_no_evidence() -> None:
    for words, forbidden in product(outcomes.OUTCOME_IN_WORDS.values(), ("exhibit", "witness", "interview")):
        assert forbidden not in words.lower()
