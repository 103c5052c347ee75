"""What a reporter does in their inbox by forms alone: write, say how they fare, give and withdraw who they are."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import httpx
import pytest

from app.portal import words
from app.portal.languages import Language
from tests.builders import conversations, intake
from tests.builders.conversations import Inbox, an_inbox, investigated
from tests.conftest import Clock, Service
from tests.inbox.test_progress import completed, found
from tests.portal.people import hidden, let_in

HOSTILE = "<script>alert(1)</script> & 'more'"
TEXT = "I found the list of visits.\nShall I send it?"


@dataclass(frozen=True)
class Reader:
    """A reporter in their inbox in a browser, and the same inbox beside it."""

    browser: httpx.AsyncClient
    inbox: Inbox

    async def page(self, name: str = "", language: str = "en") -> httpx.Response:
        """Return a page of the inbox."""
        answer = await self.browser.get(f"/{language}/inbox{name}")
        assert answer.status_code == 200, answer.text
        assert len(answer.content) in {8192, 32768}
        return answer

    async def sends(self, page: str, act: str, **fields: str) -> httpx.Response:
        """Return the answer to a form of a page."""
        asked = hidden(await self.page(page))
        form = {name: asked[name] for name in ("token", "once") if name in asked}
        return await self.browser.post(f"/en/inbox/{act}", data=form | fields)


@pytest.fixture
async def reader(service: Service, anonymous: httpx.AsyncClient) -> Reader:
    """Somebody who reported and opened their inbox in a browser."""
    inbox = await an_inbox(service, intake.a_grievance("anonymous"))
    await let_in(anonymous, inbox.receipt)
    return Reader(anonymous, inbox)


def said(answer: httpx.Response) -> str:
    """Return a page as it is read."""
    return unescape(answer.text)


def leads_to(answer: httpx.Response, page: str) -> bool:
    """Whether the answer sends the browser to a page of the inbox."""
    return (answer.status_code, answer.headers.get("location")) == (303, f"/en/inbox{page}")


async def test_messages_go_both_ways(reader: Reader, service: Service) -> None:
    assert "There are no messages yet." in (await reader.page("/messages")).text
    assert leads_to(await reader.sends("/messages", "messages", text=TEXT), "/messages")
    assert await conversations.texts(service.actors.case_officer, reader.inbox) == [("reporter", TEXT)]
    await conversations.write(service.actors.case_officer, reader.inbox, HOSTILE)
    page = await reader.page("/messages")
    assert HOSTILE in said(page)
    assert HOSTILE not in page.text
    assert TEXT in said(page)
    assert "A case officer" in page.text
    assert "Swyddog achos" in (await reader.page("/messages", "cy")).text


async def test_a_message_that_is_sent_twice_is_one_message(reader: Reader, service: Service) -> None:
    form = hidden(await reader.page("/messages")) | {"text": TEXT}
    for _ in range(2):
        assert leads_to(await reader.browser.post("/en/inbox/messages", data=form), "/messages")
    assert len(await conversations.texts(service.actors.case_officer, reader.inbox)) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "Write something first."), (" \n", "Write something first."), ("x" * 10_001, "too long"), ("a\x07b", "type it anew")],
)  # fmt: skip
async def test_a_message_that_breaks_a_rule_stays_in_its_form(reader: Reader, text: str, says: str) -> None:
    answer = await reader.sends("/messages", "messages", text=text)
    assert answer.status_code == 422
    assert says in said(answer)
    assert "<title>Error: " in answer.text
    assert text.strip() in said(answer)
    assert re.search(r'id="text"[^>]*aria-describedby="text-error', answer.text)


async def test_a_long_conversation_shows_its_end_and_leads_back(reader: Reader, service: Service) -> None:
    for number in range(1, 103):
        await conversations.write(service.actors.case_officer, reader.inbox, f"Message no. {number}.")
    end = await reader.page("/messages")
    assert "Message no. 102." in end.text
    assert "after=50" in end.text
    middle = await reader.page("/messages?after=50")
    assert {"Message no. 51.", "Message no. 100."} <= set(re.findall(r"Message no\. \d+\.", middle.text))
    assert "after=0" in middle.text
    assert "after=100" in middle.text
    assert "Earlier messages" not in (await reader.page("/messages?after=0")).text


async def test_what_was_written_when_the_inbox_closed_is_sent_after_opening_it_again(
    reader: Reader, clock: Clock
) -> None:
    form = hidden(await reader.page("/messages")) | {"text": TEXT}
    clock.advance(timedelta(minutes=16))
    closed = await reader.browser.post("/en/inbox/messages", data=form)
    assert closed.status_code == 401
    assert "What you wrote was not sent" in closed.text
    kept = hidden(closed)
    assert set(kept) == {"act", "unsent.text"}
    wrong = await reader.browser.post("/en/inbox/open", data=kept | {"receipt": "abacus " * 7})
    assert wrong.status_code == 401
    assert hidden(wrong) == kept
    again = await reader.browser.post("/en/inbox/open", data=hidden(wrong) | {"receipt": reader.inbox.receipt})
    assert again.status_code == 200
    assert TEXT in said(again)
    assert 'action="/en/inbox/messages"' in again.text
    assert "There are no messages yet." in (await reader.page("/messages")).text
    assert leads_to(await reader.browser.post("/en/inbox/messages", data=hidden(again)), "/messages")
    assert TEXT in said(await reader.page("/messages"))


@pytest.mark.parametrize(
    "act", ["", "leave", "//evil.example", "https://evil.example", "messages/../leave", "check-ins/x"]
)
async def test_nothing_is_carried_on_for_an_act_that_there_is_not(reader: Reader, act: str) -> None:
    form = {"receipt": reader.inbox.receipt, "act": act, "unsent.text": TEXT}
    assert leads_to(await reader.browser.post("/en/inbox/open", data=form), "")


async def test_leaving_a_closed_inbox_carries_nothing_on(reader: Reader, clock: Clock) -> None:
    form = hidden(await reader.page())
    clock.advance(timedelta(minutes=16))
    assert "unsent" not in (await reader.browser.post("/en/inbox/leave", data=form)).text


async def test_what_became_of_each_point_and_what_is_owed_is_read_in_the_inbox(
    reader: Reader, service: Service, clock: Clock
) -> None:
    inbox, officer = reader.inbox, service.actors.case_officer
    assert (await reader.page()).text.count("Nobody has begun to look into this yet.") == 2
    await investigated(inbox)
    assert "This is under investigation." in (await reader.page()).text
    raised = [one["id"] for one in (await inbox.read(""))["allegations"]]
    await found(inbox, *raised)
    await completed(inbox)
    body = {"raised_allegation_id": raised[0], "text": "Two of <the> months were changed."}
    intake.created(await officer.post(f"{inbox.url}/explanations", json=body))
    assert "Upheld" not in (await reader.page()).text
    assert (await officer.post(f"{inbox.case.url}/outcomes-told")).status_code == 200
    page = await reader.page()
    for text in ("Upheld: the evidence shows", "Not upheld: ", "A finding was made on this.", "Two of <the> months"):
        assert text in said(page)
    assert "Cadarnhawyd: " in (await reader.page(language="cy")).text


async def test_what_is_overdue_is_said_plainly(reader: Reader, clock: Clock) -> None:
    assert "Overdue" not in (await reader.page()).text
    clock.set(clock.at + timedelta(days=10))
    await let_in(reader.browser, reader.inbox.receipt)
    assert "Overdue. Number of days late: 3" in (await reader.page()).text


async def test_detriment_is_reported_and_its_answer_read(reader: Reader, service: Service) -> None:
    fields = {"what": HOSTILE, "happened_on": "2026-03-01", "since_speaking_up": "yes"}
    assert leads_to(await reader.sends("/detriment", "detriment", **fields), "/detriment")
    officer, case = service.actors.case_officer, reader.inbox.case
    (item,) = (await officer.get(f"{case.url}/detriments")).json()["items"]
    assert {name: item[name] for name in fields} == fields
    intake.created(await officer.post(f"{case.url}/detriments/{item['id']}/answers", json={"text": "We will stop it."}))
    page = await reader.page("/detriment")
    assert HOSTILE in said(page)
    assert HOSTILE not in page.text
    assert "We will stop it." in page.text


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"what": " "}, "what", "Say what happened to you."),
        ({"what": TEXT, "happened_on": "yesterday"}, "happened_on", "Write the day as"),
        ({"what": TEXT, "happened_on": "2099-01-01"}, "happened_on", "Write the day as"),
        ({"what": TEXT, "since_speaking_up": "perhaps"}, "since_speaking_up", "cannot be used as it is"),
    ],
)
async def test_a_report_of_detriment_that_breaks_a_rule_stays_in_its_form(
    reader: Reader, fields: dict[str, str], field: str, says: str
) -> None:
    answer = await reader.sends("/detriment", "detriment", **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'<a href="#{field}">' in answer.text
    assert fields["what"].strip() in said(answer)


async def test_who_is_asked_how_they_are_answers_once(reader: Reader, service: Service) -> None:
    assert "How are you?" not in (await reader.page("/detriment")).text
    await investigated(reader.inbox)
    page = await reader.page("/detriment")
    assert "How are you?" in page.text
    assert 'action="/en/inbox/check-ins/1"' in page.text
    for fields, says in (
        ({"answer": ""}, "Choose how you are."),
        ({"answer": "detriment", "text": " "}, "Write something first."),
        ({"answer": "fine", "text": "a\x07"}, "type it anew"),
    ):
        wrong = await reader.sends("/detriment", "check-ins/1", **fields)
        assert wrong.status_code == 422
        assert says in wrong.text
    assert leads_to(await reader.sends("/detriment", "check-ins/1", answer="fine", text=""), "/detriment")
    page = await reader.page("/detriment")
    assert "How are you?" not in page.text
    assert "You: I am fine" in page.text
    again = await reader.sends("/detriment", "check-ins/1", answer="detriment", text="Threats.")
    assert again.status_code == 409
    assert "You answered this before" in again.text
    assert (await reader.sends("/detriment", "check-ins/2", answer="fine")).status_code == 404


async def test_an_identity_is_given_after_its_consequences_were_said_and_withdrawn_likewise(
    reader: Reader, service: Service
) -> None:
    t = words.of(Language.ENGLISH)
    assert t("identity.is_anonymous") in (await reader.page("/identity")).text
    fields = {"name": "Robin <Ashe>", "contact": "", "employee_number": "", "confidentiality": "confidential"}
    check = await reader.sends("/identity", "identity/check", **fields)
    assert check.status_code == 200
    for text in ("Robin <Ashe>", t("identity.follows_sealed"), t("identity.follows_replaced")):
        assert text in said(check)
    assert (await reader.inbox.read(""))["confidentiality"] == "anonymous", "nothing is stored before it is confirmed"
    assert leads_to(await reader.browser.post("/en/inbox/identity", data=hidden(check)), "/identity")
    page = await reader.page("/identity")
    assert t("identity.is_confidential") in page.text
    assert "Robin" not in page.text
    sure = await reader.page("/identity/withdrawal")
    assert t("identity.gone_erased") in said(sure)
    assert t("identity.gone_text") in said(sure)
    assert (await reader.inbox.read(""))["confidentiality"] == "confidential"
    assert leads_to(await reader.browser.post("/en/inbox/identity/withdrawal", data=hidden(sure)), "/identity")
    assert t("identity.is_anonymous") in (await reader.page("/identity")).text


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": " "}, "name", "fill in your name."),
        ({"name": "x" * 301}, "name", "too long"),
        ({"contact": "x" * 301}, "contact", "too long"),
        ({"confidentiality": "anonymous"}, "confidentiality", "Choose who"),
        ({"name": "x" * 300, "contact": "\U0001f98b" * 300}, "name", "is too long"),
    ],
)
async def test_an_identity_that_breaks_a_rule_stays_in_its_form(
    reader: Reader, changes: dict[str, str], field: str, says: str
) -> None:
    fields = {"name": "Robin Ashe", "contact": "", "employee_number": "7", "confidentiality": "open"} | changes
    answer = await reader.sends("/identity", "identity/check", **fields)
    assert answer.status_code == 422
    assert says in said(answer)
    assert f'<a href="#{field}">' in answer.text
    assert 'value="7"' in answer.text
    assert (await reader.sends("/identity", "identity", **fields)).status_code == 422


@pytest.mark.parametrize(
    "act", ["messages", "detriment", "check-ins/1", "identity", "identity/check", "identity/withdrawal"]
)
async def test_every_act_needs_the_token_of_its_page(reader: Reader, act: str) -> None:
    once = hidden(await reader.page("/messages"))["once"]
    for token in ("", "0" * 64):
        answer = await reader.browser.post(f"/en/inbox/{act}", data={"token": token, "once": once, "text": TEXT})
        assert answer.status_code == 403
        assert "not sent from our page" in answer.text
