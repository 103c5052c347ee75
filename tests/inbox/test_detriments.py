"""Who spoke up says that they are harmed, asked or unasked; who protects them reads it, and who investigates does not."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from app.crypto.columns import version_of
from app.crypto.ids import id_of
from app.crypto.messages import Said
from app.inbox.models import DetrimentReport
from app.kernel import clock as kernel_clock
from app.kernel.db import table_of
from app.kernel.octets import spell
from tests.builders import cases, conversations, intake, turned
from tests.builders.conversations import SealedInbox, a_sealed_inbox, an_inbox, investigated, open_sealed
from tests.builders.reports import slug_of
from tests.conftest import Clock, Service

KIB = 1024
HARMED = {"what": "My shifts were cut.", "happened_on": "2026-03-01", "since_speaking_up": "yes"}


async def test_detriment_is_reported_answered_and_assessed(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    sent = await inbox.post("/detriments", HARMED)
    assert (sent.status_code, len(sent.content)) == (201, 8 * KIB)
    said = sent.json()["id"]
    url = f"{inbox.case.url}/detriments/{said}"
    intake.created(await actors.case_officer.post(f"{url}/answers", json={"text": "We have stopped that."}))
    for risk in ("high", "low"):
        body = {"risk": risk, "measures": "The rota is set by somebody else."}
        intake.created(await actors.case_officer.post(f"{url}/assessments", json=body))
    (shown,) = (await inbox.read("/detriments"))["items"]
    assert (shown["what"], shown["happened_on"], shown["since_speaking_up"]) == tuple(HARMED.values())
    assert [one["text"] for one in shown["answers"]] == ["We have stopped that."]
    assert "assessments" not in shown
    (read,) = (await actors.other_case_officer.get(f"{inbox.case.url}/detriments")).json()["items"]
    assert (read["answer"], read["what"], read["grievance_id"]) == (
        "detriment",
        HARMED["what"],
        str(inbox.grievance_id),
    )
    assert [one["risk"] for one in read["assessments"]] == ["high", "low"]
    assert await conversations.faults(service) == []


async def test_who_investigates_does_not_read_it_and_nobody_else(service: Service, actors: SimpleNamespace) -> None:
    inbox, other = await an_inbox(service), await an_inbox(service)
    await investigated(inbox)
    said = intake.created(await inbox.post("/detriments", HARMED))["id"]
    await cases.appoint(actors.case_officer, inbox.case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, inbox.case, actors.other_case_officer)
    refused = dict.fromkeys(("investigator", "assistant", "reviewer"), 403) | dict.fromkeys(
        ("other_case_officer", "other_investigator", "administrator", "auditor", "hr"), 404
    )
    for name, status in refused.items():
        somebody = getattr(actors, name)
        for path in ("detriments", "detriment-chronology"):
            assert (await somebody.get(f"{inbox.case.url}/{path}")).status_code == status, name
        answer = await somebody.post(f"{inbox.case.url}/detriments/{said}/answers", json={"text": "x"})
        assert answer.status_code == status, name
    for url in (f"{other.case.url}/detriments/{said}", f"{inbox.case.url}/detriments/{inbox.case.id}"):
        assert (await actors.case_officer.post(f"{url}/answers", json={"text": "x"})).status_code == 404
    assert (await other.read("/detriments"))["items"] == []


async def test_a_reporter_is_asked_at_milestones_and_answers_each_once(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    inbox = await an_inbox(service)
    assert (await inbox.read("/check-ins"))["items"] == []
    assert (await inbox.post("/check-ins/1", {"answer": "fine"})).status_code == 404
    await investigated(inbox)
    (asked,) = (await inbox.read("/check-ins"))["items"]
    assert (asked["number"], asked["due_on"], asked["is_answered"]) == (1, "2026-03-02", False)
    assert "milestone" not in asked
    intake.created(await inbox.post("/check-ins/1", {"answer": "fine"}))
    assert slug_of(await inbox.post("/check-ins/1", {"answer": "fine"}), 409) == "check-in-answered"
    assert [one["is_answered"] for one in (await inbox.read("/check-ins"))["items"]] == [True]
    read = (await actors.case_officer.get(f"{inbox.case.url}/detriments")).json()
    assert [(one["milestone"], one["answered_on"]) for one in read["check_ins"]] == [("accepted", "2026-03-02")]
    assert [(one["answer"], one["check_in"]) for one in read["items"]] == [("fine", 1)]


async def test_a_closed_case_asks_again_after_90_and_180_days(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    inbox = await an_inbox(service)
    await cases.acknowledge(actors.case_officer, inbox.case)
    await cases.triage(actors.case_officer, inbox.case)
    await cases.decide(actors.case_officer, inbox.case, "declined")
    closed = await actors.case_officer.post(f"{inbox.case.url}/closure", json={"reason": "It was declined."})
    assert closed.status_code == 200
    for days, numbers in ((0, [1]), (89, [1]), (1, [1, 2]), (90, [1, 2, 3]), (900, [1, 2, 3])):
        clock.advance(timedelta(days=days))
        later = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
        assert [one["number"] for one in (await later.read("/check-ins"))["items"]] == numbers
    harmed = {"answer": "detriment", "text": "I was not promoted."}
    intake.created(await later.post("/check-ins/3", harmed))
    await actors.case_officer.sign_in()
    (said,) = (await actors.case_officer.get(f"{inbox.case.url}/detriments")).json()["items"]
    assert (said["answer"], said["what"], said["check_in"]) == ("detriment", "I was not promoted.", 3)


async def test_the_database_does_not_show_who_is_well_and_who_is_harmed(service: Service) -> None:
    inboxes = [await an_inbox(service), await an_inbox(service)]
    shapes = []
    for inbox, body in zip(
        inboxes,
        ({"answer": "fine", "text": "All well, yes."}, {"answer": "detriment", "text": "They shun me."}),
        strict=True,
    ):
        await investigated(inbox)
        intake.created(await inbox.post("/check-ins/1", body))
        table = table_of(DetrimentReport)
        async with service.runtime.database.session(write=False) as session:
            row = (await session.execute(select(table).where(table.c.case_id == inbox.case.id))).mappings().one()
        shapes.append(
            {
                name: len(value) if isinstance(value, bytes) else value
                for name, value in row.items()
                if not name.endswith("id") and name != "what_sealed"
            }
        )
    assert shapes[0] == shapes[1]


async def test_the_chronology_tells_it_by_day(service: Service, actors: SimpleNamespace, clock: Clock) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    clock.advance(timedelta(days=1))
    later = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    said = intake.created(await later.post("/detriments", HARMED))["id"]
    clock.advance(timedelta(days=1))
    await actors.case_officer.sign_in()
    url = f"{inbox.case.url}/detriments/{said}"
    intake.created(await actors.case_officer.post(f"{url}/answers", json={"text": "We have stopped that."}))
    body = {"risk": "medium", "measures": "The rota is set by somebody else."}
    intake.created(await actors.case_officer.post(f"{url}/assessments", json=body))
    shown = (await actors.case_officer.get(f"{inbox.case.url}/detriment-chronology")).json()
    lines = [(one["on"], one["event"]) for one in shown["items"]]
    assert shown["reference"] == inbox.case.reference
    assert lines == [
        ("2026-03-02", "raised"),
        *[("2026-03-02", "case_moved")] * 4,
        ("2026-03-02", "check_in_due"),
        ("2026-03-03", "reported"),
        ("2026-03-04", "answered"),
        ("2026-03-04", "assessed"),
    ]
    assert (
        "On 2026-03-01. They say that it is so since they spoke up.\nMy shifts were cut." in shown["items"][-3]["text"]
    )


def sealed_body(reporter: SealedInbox, kind: Said, *first: bytes, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return what a client sends that sealed how its reporter fares."""
    row = id_of(kernel_clock.today())
    texts = {"answer": "d", "what": "My shifts were cut.", "happened_on": "2026-03-01", "since_speaking_up": "u"}
    sealed = {name: reporter.sealed("detriment_reports", name, row, text) for name, text in texts.items()}
    signature = reporter.signed(kind, row, *first, *sealed.values())
    body = {"id": str(row), "signature": signature} | {name: spell(one) for name, one in sealed.items()}
    return {"sealed": body | changes}


async def test_a_client_seals_it_where_it_is_written(service: Service, actors: SimpleNamespace) -> None:
    reporter = await a_sealed_inbox(service)
    intake.created(await reporter.inbox.post("/detriments", sealed_body(reporter, Said.DETRIMENT)))
    (read,) = (await actors.case_officer.get(f"{reporter.inbox.case.url}/detriments")).json()["items"]
    assert (read["what"], read["since_speaking_up"]) == ("My shifts were cut.", "unsure")
    await investigated(reporter.inbox)
    url = f"{reporter.inbox.case.url}/detriments/{read['id']}/answers"
    intake.created(await actors.case_officer.post(url, json={"text": "We have stopped that."}))
    await service.runtime.background.settled()
    again = await open_sealed(service, reporter.inbox.case, reporter.inbox.receipt)
    forged = sealed_body(again, Said.CHECK_IN, (2).to_bytes(4))
    assert slug_of(await again.inbox.post("/check-ins/1", forged), 409) == "not-signed-by-reporter"
    intake.created(await again.inbox.post("/check-ins/1", sealed_body(again, Said.CHECK_IN, (1).to_bytes(4))))
    first, second = (await again.inbox.read("/detriments"))["items"]
    assert (first["what"], first["answer"], second["check_in"]) == (None, None, 1)

    def opened(table: str, column: str, row: str, content: str) -> str:
        return again.opened(table, column, row, base64.b64decode(content))

    what = opened("detriment_reports", "what", first["id"], first["sealed"]["what"])
    (answer,) = first["answers"]
    assert what == "My shifts were cut."
    assert opened("detriment_answers", "text", answer["id"], answer["sealed"]) == "We have stopped that."
    for path in ("/detriments", "/check-ins/1"):
        clear = HARMED if path == "/detriments" else {"answer": "fine"}
        assert (await again.inbox.post(path, clear)).status_code == 409
    assert await conversations.faults(service) == []


async def test_it_is_sealed_anew_when_the_key_turns(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    said = intake.created(await inbox.post("/detriments", HARMED))["id"]
    url = f"{inbox.case.url}/detriments/{said}"
    intake.created(await actors.case_officer.post(f"{url}/answers", json={"text": "We have stopped that."}))
    body = {"risk": "medium", "measures": "The rota is set by somebody else."}
    intake.created(await actors.case_officer.post(f"{url}/assessments", json=body))
    await cases.appoint(actors.case_officer, inbox.case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, inbox.case, actors.other_case_officer)
    await service.runtime.background.settled()
    values = [*await turned.texts_of(service, inbox.grievance_id), *await turned.values_of(service, inbox.case)]
    ours = [one for one in values if one[0].startswith("detriment")]
    assert len(ours) == 6
    assert {version_of(content) for *_, content in ours} == {2}
    (read,) = (await actors.case_officer.get(f"{inbox.case.url}/detriments")).json()["items"]
    assert (read["what"], read["answers"][0]["text"], read["assessments"][0]["measures"]) == (
        HARMED["what"],
        "We have stopped that.",
        body["measures"],
    )
    assert await conversations.faults(service) == []


async def test_bodies_that_break_a_rule_are_refused(service: Service) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/detriments", {}),
        ("/detriments", {"what": ""}),
        ("/detriments", HARMED | {"happened_on": "2031-01-01"}),
        ("/detriments", HARMED | {"since_speaking_up": "perhaps"}),
        ("/check-ins/1", {}),
        ("/check-ins/1", {"answer": "detriment"}),
        ("/check-ins/0", {"answer": "fine"}),
        ("/check-ins/x", {"answer": "fine"}),
    ]
    for path, body in bodies:
        assert slug_of(await inbox.post(path, body), 422) == "invalid-input", (path, body)


async def test_every_answer_has_one_length_while_there_is_little_to_say(service: Service) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    answers = [await inbox.get(path) for path in ("/detriments", "/check-ins", "/messages", "/progress")]
    answers.append(await inbox.post("/check-ins/1", {"answer": "fine"}))
    answers.append(await inbox.post("/detriments", HARMED))
    answers += [await inbox.get(path) for path in ("/detriments", "/check-ins")]
    assert {len(one.content) for one in answers} == {8 * KIB}
