"""Messages pass between a reporter and those who work the case, and open to nobody else."""

import asyncio
import base64
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select, update

from app.audit.by_day import chain_of
from app.crypto import signing
from app.crypto.columns import version_of
from app.crypto.ids import id_of
from app.crypto.messages import Said
from app.inbox.models import Message
from app.inbox.schemas import MESSAGE_LENGTH
from app.kernel import clock as kernel_clock
from app.kernel.db import table_of
from app.kernel.octets import spell
from tests.builders import cases, conversations, intake, turned
from tests.builders.conversations import a_sealed_inbox, an_inbox, investigated, open_sealed, texts, write
from tests.builders.reports import slug_of
from tests.conftest import Clock, Service

KIB = 1024
BUCKETS = {8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB, 2048 * KIB}
MESSAGES = table_of(Message)


async def test_each_side_reads_what_the_other_wrote_in_the_order_of_a_counter(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox = await an_inbox(service)
    await investigated(inbox)
    intake.created(await inbox.post("/messages", {"text": "I found the list."}))
    await write(actors.case_officer, inbox, "Thank you. Is it on paper?")
    await write(actors.investigator, inbox, "Which months does it cover?")
    intake.created(await inbox.post("/messages", {"text": "On paper.\r\nMarch to May. "}))
    said = [
        ("reporter", "I found the list."),
        ("case_officer", "Thank you. Is it on paper?"),
        ("investigator", "Which months does it cover?"),
        ("reporter", "On paper.\nMarch to May."),
    ]
    shown = (await inbox.read("/messages"))["items"]
    assert [(one["side"], one["text"]) for one in shown] == said
    assert [one["position"] for one in shown] == [1, 2, 3, 4]
    assert {one["sent_on"] for one in shown} == {"2026-03-02"}
    for somebody in (actors.case_officer, actors.other_case_officer, actors.investigator):
        assert await texts(somebody, inbox) == said
    assert await conversations.faults(service) == []


async def test_who_writes_is_shown_as_their_part_unless_they_sign(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    await write(actors.case_officer, inbox, "We are looking into it.")
    await write(actors.case_officer, inbox, "Ring me if you like.", signs_with_name=True)
    answer = await inbox.get("/messages")
    first, second = answer.json()["items"]
    assert (first["side"], first["signed_as"]) == ("case_officer", None)
    assert second["signed_as"] == "Case Officer"
    assert str(actors.case_officer.account_id) not in answer.text


async def test_nobody_else_reads_or_writes(service: Service, actors: SimpleNamespace) -> None:
    inbox, other = await an_inbox(service), await an_inbox(service)
    await investigated(inbox)
    intake.created(await inbox.post("/messages", {"text": "For you alone."}))
    await cases.appoint(actors.case_officer, inbox.case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, inbox.case, actors.other_case_officer)
    hidden = (
        "other_case_officer",
        "other_investigator",
        "administrator",
        "auditor",
        "representative",
        "hr",
        "custodian",
    )
    refused = dict.fromkeys(hidden, 404) | {"assistant": 403, "reviewer": 403}
    for name, status in refused.items():
        somebody = getattr(actors, name)
        for answer in (
            await somebody.get(f"{inbox.url}/messages"),
            await somebody.post(f"{inbox.url}/messages", json={"text": "Hello."}),
        ):
            assert answer.status_code == status, name
    assert (await other.read("/messages"))["items"] == []
    assert (await inbox.client.get(f"{inbox.url}/messages")).status_code == 401
    assert (await inbox.client.get("/v1/inbox/messages")).status_code == 401


async def test_a_conversation_of_another_case_is_not_found_in_ones_own(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox, other = await an_inbox(service), await an_inbox(service)
    for grievance_id in (other.grievance_id, uuid4()):
        path = f"{inbox.case.url}/conversations/{grievance_id}/messages"
        assert (await actors.case_officer.get(path)).status_code == 404
        assert (await actors.case_officer.post(path, json={"text": "Hello."})).status_code == 404


async def test_a_representative_has_the_same_on_their_own_grievance(service: Service, actors: SimpleNamespace) -> None:
    sent = await intake.submitted_for_many(actors.representative)
    case = await conversations.case_of(service, sent["reference"])
    url = f"/v1/collective-grievances/{sent['id']}/messages"
    intake.created(await actors.representative.post(url, json={"text": "Thirty-one of us signed."}))
    to_them = f"{case.url}/conversations/{sent['id']}/messages"
    intake.created(await actors.case_officer.post(to_them, json={"text": "Thank you."}))
    read = (await actors.representative.get(url)).json()["items"]
    assert [(one["side"], one["text"]) for one in read] == [
        ("representative", "Thirty-one of us signed."),
        ("case_officer", "Thank you."),
    ]
    assert (await actors.case_officer.get(to_them)).json()["items"] == read
    assert (await actors.other_representative.get(url)).status_code == 404
    assert (await actors.other_representative.post(url, json={"text": "Hello."})).status_code == 404
    assert (await actors.case_officer.get(url)).status_code == 404
    assert await conversations.faults(service) == []


async def test_messages_are_read_on_after_the_key_was_turned(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    intake.created(await inbox.post("/messages", {"text": "Before."}))
    await write(actors.case_officer, inbox, "Also before.", signs_with_name=True)
    await cases.appoint(actors.case_officer, inbox.case, actors.third_case_officer, "case_officer")
    await cases.wall_off(actors.case_officer, inbox.case, actors.other_case_officer)
    await service.runtime.background.settled()
    stored = [one for one in await turned.texts_of(service, inbox.grievance_id) if one[0] == "conversation_messages"]
    assert len(stored) == 3
    assert {version_of(content) for *_, content in stored} == {2}
    again = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    intake.created(await again.post("/messages", {"text": "After."}))
    assert [one["text"] for one in (await again.read("/messages"))["items"]] == ["Before.", "Also before.", "After."]
    assert [text for _, text in await texts(actors.case_officer, inbox)] == ["Before.", "Also before.", "After."]
    assert await conversations.faults(service) == []


@pytest.mark.parametrize("how", ["altered", "moved"])
async def test_what_was_altered_or_moved_does_not_open_and_is_found(
    service: Service, actors: SimpleNamespace, how: str
) -> None:
    inbox = await an_inbox(service)
    for text in ("One.", "Two."):
        intake.created(await inbox.post("/messages", {"text": text}))
    async with service.runtime.database.session(write=True) as session:
        rows = select(MESSAGES.c.id, MESSAGES.c.text_sealed).order_by(MESSAGES.c.position)
        (first, sealed), (_, other) = (await session.execute(rows)).all()
        put = other if how == "moved" else sealed[:-1] + bytes([sealed[-1] ^ 1])
        await session.execute(update(MESSAGES).where(MESSAGES.c.id == first).values(text_sealed=put))
    for answer in (await inbox.get("/messages"), await actors.case_officer.get(f"{inbox.url}/messages")):
        assert (answer.status_code, answer.json()["title"]) == (500, "A sealed value does not open")
    assert [one.what for one in await conversations.faults(service)] == [
        "a row of conversation_messages differs from its newest event"
    ]


async def test_a_client_seals_signs_and_reads_for_itself(service: Service, actors: SimpleNamespace) -> None:
    reporter = await a_sealed_inbox(service)
    inbox = reporter.inbox
    intake.created(await inbox.post("/messages", reporter.message("Sealed where I wrote it.")))
    await write(actors.case_officer, inbox, "I can read that.", signs_with_name=True)
    assert (await texts(actors.case_officer, inbox))[0] == ("reporter", "Sealed where I wrote it.")
    await service.runtime.background.settled()  # the officer's act turned the key
    reporter = await open_sealed(service, inbox.case, inbox.receipt)
    shown = (await reporter.inbox.read("/messages"))["items"]
    assert [one["text"] for one in shown] == [None, None]

    def opened(one: dict[str, dict[str, str]], column: str) -> str:
        content = base64.b64decode(one["sealed"][column])
        return reporter.opened("conversation_messages", column, str(one["id"]), content)

    assert [opened(one, "text") for one in shown] == ["Sealed where I wrote it.", "I can read that."]
    assert opened(shown[1], "signed_as") == "Case Officer"
    assert await conversations.faults(service) == []


async def test_a_message_is_taken_only_as_whoever_raised_the_grievance_signed_it(service: Service) -> None:
    reporter, other = await a_sealed_inbox(service), await a_sealed_inbox(service)
    good, another = reporter.message("I said this."), reporter.message("And that.")
    row = id_of(kernel_clock.today())
    content = base64.b64decode(good["sealed"]["text"])
    forged = [
        good["sealed"] | {"signature": None},
        good["sealed"] | {"signature": spell(bytes(64))},
        good["sealed"] | {"signature": another["sealed"]["signature"]},
        good["sealed"] | {"id": str(row)},
        good["sealed"] | {"text": another["sealed"]["text"]},
        good["sealed"]
        | {"id": str(row), "signature": reporter.signed(Said.MESSAGE, row, content, seed=signing.new_seed())},
        good["sealed"] | {"id": str(row), "signature": reporter.signed(Said.DETRIMENT, row, content)},
    ]
    for body in forged:
        answer = await reporter.inbox.post("/messages", {"sealed": body})
        assert slug_of(answer, 409) == "not-signed-by-reporter", body
    assert slug_of(await other.inbox.post("/messages", good), 409) == "not-signed-by-reporter"
    assert (await reporter.inbox.read("/messages"))["items"] == []


async def test_a_message_is_taken_once_and_on_its_day(service: Service, clock: Clock) -> None:
    reporter = await a_sealed_inbox(service)
    body, waiting = reporter.message("Once."), reporter.message("Of yesterday.")
    intake.created(await reporter.inbox.post("/messages", body))
    assert slug_of(await reporter.inbox.post("/messages", body), 409) == "sent-before"
    clock.advance(timedelta(days=1))
    later = await open_sealed(service, reporter.inbox.case, reporter.inbox.receipt)
    assert slug_of(await later.inbox.post("/messages", waiting), 422) == "invalid-input"
    assert len((await later.inbox.read("/messages"))["items"]) == 1


async def test_what_is_sealed_under_another_version_of_the_key_is_refused(
    service: Service, actors: SimpleNamespace
) -> None:
    reporter = await a_sealed_inbox(service)
    body = reporter.message("Under the old key.")
    await write(actors.case_officer, reporter.inbox, "This turns the key.")
    await service.runtime.background.settled()
    again = await open_sealed(service, reporter.inbox.case, reporter.inbox.receipt)
    assert again.version == 2
    assert slug_of(await again.inbox.post("/messages", body), 422) == "invalid-input"


async def test_who_opens_the_inbox_for_themselves_sends_nothing_in_clear(service: Service) -> None:
    reporter = await a_sealed_inbox(service)
    assert slug_of(await reporter.inbox.post("/messages", {"text": "In clear."}), 409) == "inbox-sealed"


async def test_without_a_signing_key_a_sealed_message_needs_no_signature(service: Service) -> None:
    """A grievance whose receipt the service drew came with none."""
    inbox = await an_inbox(service)
    reporter = await open_sealed(service, inbox.case, inbox.receipt)
    body = reporter.message("Sealed all the same.", signature=None)
    intake.created(await reporter.inbox.post("/messages", body))
    assert [one["text"] for one in (await inbox.read("/messages"))["items"]] == ["Sealed all the same."]


async def test_the_same_idempotency_key_stores_one_message_and_gives_one_answer(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox = await an_inbox(service)
    header = {"Idempotency-Key": "a-fresh-random-key-0777"}
    first = await inbox.post("/messages", {"text": "Once."}, **header)
    again = await inbox.post("/messages", {"text": "Once."}, **header)
    assert (first.content, again.headers["idempotent-replayed"]) == (again.content, "true")
    assert slug_of(await inbox.post("/messages", {"text": "Twice."}, **header), 422) == "idempotency-key-reused"
    for _ in range(2):
        await actors.case_officer.post(f"{inbox.url}/messages", json={"text": "Also once."}, headers=header)
    assert [text for _, text in await texts(actors.case_officer, inbox)] == ["Once.", "Also once."]


async def test_every_answer_has_one_of_a_few_lengths_and_writing_always_the_same(
    service: Service, actors: SimpleNamespace
) -> None:
    inbox = await an_inbox(service)
    answers = [await inbox.post("/messages", {"text": text}) for text in ("x", "é" * MESSAGE_LENGTH, "Sure.")]
    assert {len(answer.content) for answer in answers} == {8 * KIB}
    assert len((await inbox.get("/messages")).content) in BUCKETS
    empty = await an_inbox(service)
    assert len((await empty.get("/messages")).content) == 8 * KIB


async def test_a_long_conversation_is_read_in_parts(service: Service, actors: SimpleNamespace) -> None:
    inbox = await an_inbox(service)
    for number in range(53):
        intake.created(await inbox.post("/messages", {"text": f"Number {number}"}))
    first = await inbox.read("/messages")
    rest = (await inbox.get("/messages", params={"after": first["next"]})).json()
    assert [one["text"] for one in (*first["items"], *rest["items"])] == [f"Number {n}" for n in range(53)]
    assert (len(first["items"]), first["next"], rest["next"]) == (50, 50, None)


async def test_bodies_that_break_a_rule_are_refused(service: Service, actors: SimpleNamespace) -> None:
    reporter = await a_sealed_inbox(service)
    good = reporter.message("Fine.")["sealed"]
    bodies = [
        {},
        {"text": None},
        {"text": "x", "sealed": good},
        {"text": " \n"},
        {"text": "x" * (MESSAGE_LENGTH + 1)},
        {"text": "x", "side": "case_officer"},
        {"sealed": good | {"text": spell(b"\0\0\0\1" + bytes(200))}},
        {"sealed": good | {"text": spell(bytes(200))}},
    ]
    for body in bodies:
        assert slug_of(await reporter.inbox.post("/messages", body), 422) == "invalid-input", body


async def test_the_log_tells_of_messages_by_the_day_apart_from_the_case_and_names_nobody(
    service: Service, actors: SimpleNamespace
) -> None:
    """Between two acts of staff on the chain of the case it would be dated to the minute."""
    inbox = await an_inbox(service)
    before = await cases.events_of(service, inbox.case)
    intake.created(await inbox.post("/messages", {"text": "One."}))
    await write(actors.case_officer, inbox, "Two.")
    await inbox.read("/messages")
    events = await conversations.events_by_day(service, inbox.case)
    assert [one.event for one in events] == ["message.sent", "message.sent"]
    assert {(one.at, one.actor_id) for one in events} == {(kernel_clock.start_of_day(), None)}
    assert await cases.events_of(service, inbox.case) == before


async def test_the_log_of_conversations_is_shown_from_the_next_day_on_and_behind_a_wall_never(
    service: Service, actors: SimpleNamespace, clock: Clock
) -> None:
    """Else an auditor who looks often would learn when a reporter wrote."""
    inbox = await an_inbox(service)
    intake.created(await inbox.post("/messages", {"text": "One."}))
    chain = str(chain_of(inbox.case.id))

    async def seen() -> tuple[bool, int]:
        chains = (await actors.auditor.get("/v1/audit/chains", params={"limit": 200})).json()["items"]
        events = (await actors.auditor.get("/v1/audit/events", params={"chain_id": chain})).json()["items"]
        return chain in {one["chain_id"] for one in chains}, len(events)

    assert await seen() == (False, 0)
    clock.advance(timedelta(days=1))
    await actors.auditor.sign_in()
    await actors.case_officer.sign_in()
    later = await conversations.opened(service, inbox.client, inbox.case, inbox.receipt)
    intake.created(await later.post("/messages", {"text": "Two."}))
    assert await seen() == (True, 1)
    await cases.wall_off(actors.case_officer, inbox.case, actors.auditor)
    assert await seen() == (False, 0)


async def test_many_at_once_get_one_place_each(service: Service, anonymous: httpx.AsyncClient) -> None:
    inbox = await an_inbox(service)
    answers = await asyncio.gather(*(inbox.post("/messages", {"text": f"{n}"}) for n in range(8)))
    positions = [one.json().get("position") for one in answers if one.status_code == 201]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert len(positions) >= 1
    assert {one.status_code for one in answers} <= {201, 503}
    assert await conversations.faults(service) == []


async def test_refusals_in_an_inbox_have_one_length_too(service: Service) -> None:
    """Else an onlooker could tell a refusal from an answer, and one refusal from another."""
    inbox = await an_inbox(service)
    refused = [
        await inbox.post("/messages", {}),
        await inbox.post("/check-ins/1", {"answer": "fine"}),
        await inbox.get("/messages", params={"after": -1}),
        await inbox.client.get("/v1/inbox/messages"),
        await inbox.client.get("/v1/inbox", headers={"Authorization": "Bearer x"}),
    ]
    assert [one.status_code for one in refused] == [422, 404, 422, 401, 401]
    assert {len(one.content) for one in refused} == {8 * KIB}
    assert all(one.json()["padding"].strip() == "" for one in refused)
