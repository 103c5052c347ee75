"""What stops somebody is said on a page of the same kind: it repeats nothing, loses nothing, and says what to do."""

import asyncio
import logging
import os
import tempfile
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import DBAPIError

from app.intake import service as intake_service
from app.kernel.problems import Busy, OutcomeUnknown
from app.portal import pages
from app.portal.languages import Language
from app.portal.words import of
from tests.builders import intake
from tests.builders.supporting import a_count
from tests.conftest import CHANNEL, Service
from tests.portal.people import a_report, form_of, hidden, let_in, sent_to, words_of
from tests.promises.canaries import Canaries
from tests.promises.test_nothing_echoed import lines_of, stored_bytes

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


async def test_where_there_is_nothing_a_browser_gets_a_page_and_a_program_a_document(
    anonymous: httpx.AsyncClient,
) -> None:
    for path, language in (("/en/nowhere", "en"), ("/cy/nowhere", "cy"), ("/nowhere", "cy"), ("/favicon.ico", "cy")):
        answer = await anonymous.get(path, headers=BROWSER | {"Accept-Language": "cy"})
        assert answer.status_code == 404
        assert answer.headers["content-security-policy"] == pages.POLICY
        assert of(Language(language))("problem.not-found.title") in unescape(answer.text)
        assert "nowhere" not in answer.text
    program = await anonymous.get("/en/nowhere")
    assert program.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/en/report/none", "/en/report/Not-A-Slug", "/en/report/none/form"])
async def test_a_channel_that_there_is_not_is_not_there(anonymous: httpx.AsyncClient, path: str) -> None:
    answer = await anonymous.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_a_wrong_method_is_said_on_a_page(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get(sent_to())
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert "cannot be asked for" in answer.text


async def test_a_form_that_is_too_large_is_refused_on_a_page(anonymous: httpx.AsyncClient, service: Service) -> None:
    report = await a_report(anonymous, narrative="x" * service.runtime.settings.body_bytes)
    answer = await anonymous.post(form_of(), data=report)
    assert answer.status_code == 413
    assert "too long to be sent at once" in answer.text
    assert answer.headers["content-security-policy"] == pages.POLICY


async def test_when_too_many_are_there_the_report_waits_in_the_page_and_is_sent_from_it(
    anonymous: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.runtime.reporting, "_most", 0)
    report = await a_report(anonymous)
    busy = await anonymous.post(sent_to(), data=report)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, str(Busy.retry_after))
    assert "wait 5 seconds" in busy.text
    assert f'action="{sent_to()}"' in busy.text
    again = hidden(busy)
    assert {name: again[name] for name in ("once", "narrative")} == {
        name: report[name] for name in ("once", "narrative")
    }
    monkeypatch.undo()
    assert (await anonymous.post(sent_to(), data=report)).status_code == 201


async def test_a_report_that_is_sent_twice_at_once_is_stored_once(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    report = await a_report(anonymous)
    answers = await asyncio.gather(*(anonymous.post(sent_to(), data=report) for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    receipts = {words_of(answer) for answer in answers if answer.status_code == 201}
    assert len(receipts) == 1
    for late in (answer for answer in answers if answer.status_code == 409):
        assert "not stored twice" in late.text
        assert hidden(late)["once"] == report["once"]
    assert words_of(await anonymous.post(sent_to(), data=report)) in receipts


async def test_a_defect_keeps_nothing_and_says_only_a_number(
    anonymous: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*arguments: object) -> None:
        raise RuntimeError(f"the canary sings {arguments}")

    monkeypatch.setattr(intake_service, "store", fail)
    kept = set(intake.erasure_keys_in(service.runtime.settings.erasure_folder))
    with caplog.at_level(logging.INFO):
        answer = await anonymous.post(sent_to(), data=await a_report(anonymous))
    assert answer.status_code == 500
    assert "The service failed" in answer.text
    assert "canary" not in answer.text
    assert "canary" not in lines_of(caplog)
    assert set(intake.erasure_keys_in(service.runtime.settings.erasure_folder)) == kept


async def test_where_it_is_not_known_whether_it_was_stored_it_can_be_sent_again(
    anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose(*arguments: object) -> None:
        raise DBAPIError(None, None, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(intake_service, "store", lose)
    report = await a_report(anonymous)
    answer = await anonymous.post(sent_to(), data=report)
    assert answer.status_code == OutcomeUnknown.status
    assert "not stored twice" in answer.text
    assert hidden(answer)["once"] == report["once"]


async def test_nothing_that_is_typed_is_logged_kept_in_clear_or_shown_outside_its_form(
    anonymous: httpx.AsyncClient,
    service: Service,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    caplog.set_level(logging.INFO)
    canaries = Canaries()
    new = canaries.new
    texts = {name: new(name) for name in ("headline", "narrative", "capacity", "name", "contact", "employee_number")}
    report = await a_report(
        anonymous,
        **texts,
        allegation=[new("point")],
        conflicted=[new("conflicted")],
        category="crime",
        confidentiality="confidential",
    )
    words = words_of(await anonymous.post(sent_to(), data=report))
    inbox = await let_in(anonymous, words)
    assert inbox.status_code == 200
    assert lines_of(caplog) == "", "who reports leaves no line in the log"
    counted = await a_count(service.actors.representative, "codes", 1)
    caplog.clear()
    place = f"/en/support/{counted.grievance_id}"
    support = {"once": hidden(await anonymous.get(place))["once"], "code": counted.codes[0], "name": new("supporter")}
    receipt = {"receipt": words_of(await anonymous.post(f"{place}/counted", data=support)), "supports": "1"}
    assert len(receipt["receipt"].split()) == 7
    for act in ("change", "withdraw"):
        assert (await anonymous.post(f"{place}/{act}", data=receipt)).status_code == 200
    assert lines_of(caplog) == "", "who supports leaves none either"
    answers = [
        await anonymous.post(form_of(), data=report | {"do": new("button")}, headers={"Referer": new("referrer")}),
        await anonymous.post(form_of(new("channel")), data=report),
        await anonymous.post(form_of(), data=report, headers={"Content-Type": new("type")}),
        await anonymous.post(sent_to(), data=report | {"once": new("mark")}),
        await anonymous.post(f"{place}/withdraw", data={"supports": new("supports"), "other": new("other")}),
        await anonymous.post("/en/support-receipt-file", data={"receipt": new("supporter words")}),
        await anonymous.get(f"/en/support/{new('grievance')}"),
        await anonymous.get(f"/en/report/{CHANNEL}?texts={new('texts')}"),
        await anonymous.post("/en/receipt-file", data={"receipt": new("words")}),
        await anonymous.post("/en/inbox/leave", data={"token": new("token")}),
        await anonymous.get(f"/en/inbox?receipt={new('query')}", headers={"Cookie": f"inbox={new('cookie')}"}),
        await anonymous.get(f"/en/{new('path')}", headers=BROWSER),
    ]
    for answer in answers[1:]:
        assert not answer.is_success
        assert canaries.in_text(answer.text + str(answer.headers)) == []
    assert canaries.in_text(lines_of(caplog)) == []
    assert os.listdir(tmp_path) == []  # noqa: PTH208 a folder of the test's own
    assert canaries.in_bytes(await stored_bytes(service)) == []
