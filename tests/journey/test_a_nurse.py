"""An anonymous nurse: she reports by the pages alone, is heard, is told what came of it, and stays unknown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
from sqlalchemy import select

from app.cases.models import CaseKeyGrant
from tests.builders import cases, conversations, files, intake
from tests.builders.conversations import Inbox
from tests.builders.files import MARK, Sender
from tests.builders.intake import HEADLINE, NARRATIVE, STATEMENTS, created
from tests.builders.investigation import body, refused
from tests.builders.notices import MORNING, NEXT_SLOT, OFFICER, OTHER, has_address, nothing_waits
from tests.conftest import CHANNEL, FROZEN, Actor, Clock, Service
from tests.inbox.test_identities import stands_for
from tests.inbox.test_progress import completed, found, told
from tests.intake.test_barring import handle
from tests.notifications.conftest import MailServer, Sending, deliver
from tests.portal.people import a_report, form_of, let_in, sent_to, words_of
from tests.promises.test_lost_receipts import Asking, keys_of, open_inboxes

HARM = {"what": "My shifts were cut.", "happened_on": "2026-03-10", "since_speaking_up": "yes"}
ASKED_FOR_ANOTHER = ("case_officer", "custodian", "administrator")
"""Whom she asks; tests/promises/test_lost_receipts.py asks everybody."""


@dataclass(frozen=True)
class Nurse:
    """The nurse in her inbox, and who deals with what she reported."""

    inbox: Inbox
    officer: Actor
    barred: Actor
    clock: Clock

    @property
    def words(self) -> str:
        """Her receipt: all that she has."""
        return self.inbox.receipt

    async def comes_back(self, days: int) -> "Nurse":
        """That day after her report has come: she opens her inbox again by its receipt, and officers are at their desks."""
        self.clock.set(FROZEN + timedelta(days=days))
        actors = self.inbox.service.actors
        for one in (self.officer, self.barred, actors.investigator, actors.reviewer, actors.assistant):
            await one.sign_in()
        again = await conversations.opened(self.inbox.service, self.inbox.client, self.inbox.case, self.words)
        return replace(self, inbox=again)


async def test_an_anonymous_nurse_speaks_up_by_pages_alone_and_is_heard_and_told(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    mail_server: MailServer,
    sending: Sending,
    custodian_seeds: Sequence[bytes],
) -> None:
    await has_address(actors.case_officer, OFFICER)
    await has_address(actors.other_case_officer, OTHER)
    await nothing_waits(service)
    words = await _she_reports_by_the_forms_and_bars_one_officer(service, actors, anonymous)
    nurse = await _the_officer_whom_she_barred_has_no_key_and_finds_nothing(service, actors, anonymous, clock, words)
    await _the_other_is_told_at_the_next_slot_that_there_is_something(nurse, mail_server, sending)
    nurse = await _nobody_answers_in_time_and_her_inbox_says_so_in_words(nurse)
    await cases.acknowledge(nurse.officer, nurse.inbox.case)
    await _they_write_to_each_other(nurse)
    await _she_sends_a_photograph_and_the_copy_does_not_say_who_took_it(nurse)
    await _she_reads_what_became_of_each_thing_that_she_alleged(nurse)
    await _she_reports_detriment_and_is_asked_how_she_fares(nurse)
    await _she_says_who_she_is_and_takes_it_back(nurse, custodian_seeds)
    await _the_barred_officer_has_learned_nothing(nurse)
    assert await conversations.faults(service) == []
    await _without_the_receipt_nobody_can_let_her_in(nurse)


async def _she_reports_by_the_forms_and_bars_one_officer(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient
) -> str:
    page = await anonymous.get(f"/en/report/{CHANNEL}")
    assert f'href="/en/report/{CHANNEL}/form"' in page.text
    barred = await handle(service, actors.other_case_officer)
    report = await a_report(anonymous, allegation=STATEMENTS, barred=[barred])
    checked = await anonymous.post(form_of(), data=report | {"do": "check"})
    assert "Nothing has been sent yet" in checked.text
    assert barred in checked.text
    assert body(await actors.case_officer.get("/v1/cases"))["items"] == []
    sent = await anonymous.post(sent_to(), data=report)
    assert sent.status_code == 201, sent.text
    assert "set-cookie" not in sent.headers
    return words_of(sent)


async def _the_officer_whom_she_barred_has_no_key_and_finds_nothing(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock, words: str
) -> Nurse:
    [mine] = body(await actors.case_officer.get("/v1/cases"))["items"]
    case = await conversations.case_of(service, mine["reference"])
    inbox = await conversations.opened(service, anonymous, case, words)
    nurse = Nurse(inbox, actors.case_officer, actors.other_case_officer, clock)
    async with service.runtime.database.session(write=False) as session:
        of_case = select(CaseKeyGrant.account_id).where(CaseKeyGrant.case_id == case.id)
        assert (await session.scalars(of_case)).all() == [actors.case_officer.account_id]
    await _the_barred_officer_has_learned_nothing(nurse)
    return nurse


async def _the_barred_officer_has_learned_nothing(nurse: Nurse) -> None:
    for path in ("", "/grievances", "/duties", "/detriments", "/files", "/key"):
        refused(await nurse.barred.get(f"{nurse.inbox.case.url}{path}"), 404, "not-found")
    refused(await nurse.barred.get(f"{nurse.inbox.url}/messages"), 404, "not-found")
    for path in ("/v1/cases", "/v1/duties", "/v1/raised-duties"):
        assert body(await nurse.barred.get(path))["items"] == []


async def _the_other_is_told_at_the_next_slot_that_there_is_something(
    nurse: Nurse, mail_server: MailServer, sending: Sending
) -> None:
    nurse.clock.set(NEXT_SLOT)  # of the same day: it would tell in which half of it she wrote
    await deliver(sending(mail_server))
    assert mail_server.mails == []
    nurse.clock.set(MORNING)
    await deliver(sending(mail_server))
    assert mail_server.recipients == [OFFICER]
    [mail] = mail_server.mails
    assert mail.endswith(b"\r\n\r\nThere is something for you in Candour. Sign in.\r\n")
    for secret in (nurse.inbox.case.reference, HEADLINE, CHANNEL, str(nurse.inbox.case.id)):
        assert secret.encode() not in mail


async def _nobody_answers_in_time_and_her_inbox_says_so_in_words(nurse: Nurse) -> Nurse:
    nurse = await nurse.comes_back(9)
    shown = await let_in(nurse.inbox.client, nurse.words)
    assert HEADLINE in shown.text
    assert "Overdue." in shown.text
    nurse.inbox.client.cookies.clear()
    duties = {one["kind"]: one for one in (await nurse.inbox.read("/progress"))["duties"]}
    assert "has not been done: it is 2 days overdue." in duties["acknowledge"]["in_words"]
    assert duties["feed_back"]["state"] == "due"
    return nurse


async def _they_write_to_each_other(nurse: Nurse) -> None:
    created(await nurse.inbox.post("/messages", {"text": "The night rota was changed too."}))
    assert await conversations.texts(nurse.officer, nurse.inbox) == [("reporter", "The night rota was changed too.")]
    await conversations.write(nurse.officer, nurse.inbox, "Thank you. Do you have it?")
    said = (await nurse.inbox.read("/messages"))["items"]
    assert [(one["side"], one["text"], one["signed_as"]) for one in said[1:]] == [
        ("case_officer", "Thank you. Do you have it?", None)
    ]


async def _she_sends_a_photograph_and_the_copy_does_not_say_who_took_it(nurse: Nurse) -> None:
    nurse.inbox.client.headers.update(nurse.inbox.headers)
    photograph = files.a_jpeg()
    assert MARK.encode() in photograph
    kept = await Sender(nurse.inbox.client).send(photograph, "rota.jpg")
    del nurse.inbox.client.headers["Authorization"]
    [listed] = body(await nurse.officer.get(f"{nurse.inbox.case.url}/files"))["items"]
    assert (listed["name"], listed["cleaned"]) == ("rota.jpg", True)
    copy = await nurse.officer.get(f"{nurse.inbox.case.url}/files/{kept['id']}/content")
    assert copy.status_code == 200
    assert copy.content.startswith(b"\xff\xd8")
    assert MARK.encode() not in copy.content
    assert copy.content != photograph


async def _she_reads_what_became_of_each_thing_that_she_alleged(nurse: Nurse) -> None:
    await conversations.investigated(nurse.inbox)
    raised = [one["id"] for one in (await nurse.inbox.read(""))["allegations"]]
    explained = {"raised_allegation_id": raised[0], "text": "Two of the three months were changed."}
    created(await nurse.officer.post(f"{nurse.inbox.url}/explanations", json=explained))
    await found(nurse.inbox, *raised)
    await completed(nurse.inbox)
    before = await nurse.inbox.read("/progress")
    assert {(one["standing"], len(one["outcomes"])) for one in before["allegations"]} == {("under_investigation", 0)}
    assert (await told(nurse.officer, nurse.inbox)).status_code == 200
    after = await nurse.inbox.read("/progress")
    assert [one["outcomes"][0]["in_words"] for one in after["allegations"]] == [
        "Upheld: the evidence shows that it is so.",
        "Not upheld: the evidence does not show that it is so.",
    ]
    assert [one["explanation"] for one in after["allegations"]] == [explained["text"], None]
    assert {one["kind"]: one["state"] for one in after["duties"]} == {
        "acknowledge_personally": "kept_late",
        "acknowledge": "kept_late",
        "feed_back": "kept",
    }


async def _she_reports_detriment_and_is_asked_how_she_fares(nurse: Nurse) -> None:
    said = created(await nurse.inbox.post("/detriments", HARM))["id"]
    url = f"{nurse.inbox.case.url}/detriments/{said}"
    created(await nurse.officer.post(f"{url}/answers", json={"text": "We have stopped that."}))
    created(await nurse.officer.post(f"{url}/assessments", json={"risk": "high", "measures": "Another sets the rota."}))
    [shown] = (await nurse.inbox.read("/detriments"))["items"]
    assert [one["text"] for one in shown["answers"]] == ["We have stopped that."]
    investigator = nurse.inbox.service.actors.investigator
    assert (await investigator.get(f"{nurse.inbox.case.url}/detriments")).status_code == 403
    asked = (await nurse.inbox.read("/check-ins"))["items"]
    assert [one["is_answered"] for one in asked] == [False] * len(asked)
    created(await nurse.inbox.post(f"/check-ins/{asked[0]['number']}", {"answer": "fine", "text": "Better now."}))
    answered = (await nurse.inbox.read("/check-ins"))["items"]
    assert answered[0]["is_answered"]
    read = body(await nurse.officer.get(f"{nurse.inbox.case.url}/detriments"))["items"]
    assert {one["answer"]: one["what"] for one in read} == {"detriment": HARM["what"], "fine": "Better now."}


async def _she_says_who_she_is_and_takes_it_back(nurse: Nurse, seeds: Sequence[bytes]) -> None:
    assert await stands_for(nurse.inbox, seeds) is None
    name: dict[str, Any] = {"name": "Robin Ashe", "contact": "robin@example.org", "employee_number": "E-1047"}
    assert (await nurse.inbox.send("PUT", "/identity", {"identity": name})).status_code == 200
    assert await stands_for(nurse.inbox, seeds) == name
    grievances = await nurse.officer.get(f"{nurse.inbox.case.url}/grievances")
    [raised] = body(grievances)["items"]
    assert (raised["confidentiality"], raised["identities_held"]) == ("confidential", 1)
    assert name["name"] not in grievances.text
    assert (await nurse.inbox.send("DELETE", "/identity")).json()["confidentiality"] == "anonymous"
    assert await stands_for(nurse.inbox, seeds) is None


async def _without_the_receipt_nobody_can_let_her_in(nurse: Nurse) -> None:
    service, inbox = nurse.inbox.service, nurse.inbox
    remembered = " ".join([*nurse.words.split()[:6], "abacus" if nurse.words.split()[6] != "abacus" else "zoom"])
    refused(await inbox.client.post("/v1/inbox/sessions", json={"receipt": remembered}), 401, "receipt-not-known")
    nurse.clock.advance(timedelta(minutes=1))
    asking, keys, sessions = Asking(service, inbox), await keys_of(service, inbox), await open_inboxes(service)
    for name in ASKED_FOR_ANOTHER:
        somebody = getattr(service.actors, name)
        await somebody.sign_in()
        for operation in asking.taking:
            if operation.guards[0].relation != "reporter" and not operation.path.startswith(("/v1/auth", "/v1/me")):
                assert '"receipt"' not in await asking.ask(somebody, operation, outright=True)
    await service.runtime.background.settled()
    assert (await keys_of(service, inbox), await open_inboxes(service)) == (keys, sessions)
    assert (await intake.inbox_of(inbox.client, receipt=nurse.words))["narrative"] == NARRATIVE
