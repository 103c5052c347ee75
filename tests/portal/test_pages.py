"""The pages over HTTP: their headers, their lengths, their language, and the way through them by forms alone."""

import re

import httpx
import pytest

from app.crypto import logproofs
from app.portal import pages
from tests.builders import intake
from tests.builders.prooflog import log_key_of, sequenced_on_the_next_day
from tests.conftest import CHANNEL, Clock, Service
from tests.portal.people import a_report, form_of, hidden, let_in, reported, sent_to, words_of

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "content-type": "text/html; charset=utf-8",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
PUBLIC = ("", f"/report/{CHANNEL}", f"/report/{CHANNEL}/form", "/inbox/open", "/inbox/left")
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><svg/onload=alert(1)>", "'-alert(1)-'",
    "{{ 7 * 191 }}{% raw %}", "javascript:alert(1)", "&lt;b&gt;", "<!--", "{headline}",
)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "cy"])
async def test_every_page_has_exactly_these_headers_one_of_a_few_lengths_and_nothing_from_elsewhere(
    anonymous: httpx.AsyncClient, language: str
) -> None:
    for path in PUBLIC:
        answer = await anonymous.get(f"/{language}{path}")
        assert answer.status_code == 200
        assert dict(answer.headers) == HEADERS | {"content-length": str(len(answer.content))}
        assert len(answer.content) in {8192, 32768}
        assert f'<html lang="{language}">' in answer.text
        assert re.findall(r"(?:https?:)?//|<script|<style|\sstyle=|data:", answer.text) == []
        assert set(re.findall(r'(?:src|href|action)="([^#"]*)', answer.text)) <= {
            "", pages.STYLE, *(f"/{one}{known}" for one in ("en", "cy") for known in PUBLIC)
        }  # fmt: skip


async def test_the_stylesheet_loads_nothing_else(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get(pages.STYLE)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert re.findall(r"url\(|@import|//", answer.text) == []


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", "/cy"),
        ("/inbox", "/cy/inbox/open"),
        (f"/report/{CHANNEL}", f"/cy/report/{CHANNEL}"),
        ("/report/%22%3Cb", "/cy/report/%22%3Cb"),
    ],
)
async def test_a_short_address_leads_to_the_language_that_the_browser_prefers(
    anonymous: httpx.AsyncClient, path: str, leads_to: str
) -> None:
    answer = await anonymous.get(path, headers={"Accept-Language": "cy"})
    assert (answer.status_code, answer.headers["location"], answer.headers["vary"]) == (
        303,
        leads_to,
        "Accept-Language",
    )


async def test_the_first_page_lists_open_channels_alone(anonymous: httpx.AsyncClient, service: Service) -> None:
    assert f'href="/en/report/{CHANNEL}"' in (await anonymous.get("/en")).text
    administrator = service.actors.administrator
    changed = await administrator.patch(f"/v1/channels/{CHANNEL}", json={"is_open": False}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    home = await anonymous.get("/cy")
    assert CHANNEL not in home.text
    assert "Nid oes unrhyw sianel" in home.text
    channel = await anonymous.get(f"/en/report/{CHANNEL}")
    assert "takes no reports at present" in channel.text
    assert "/form" not in channel.text
    closed = await anonymous.get(form_of())
    assert closed.status_code == 409
    assert "takes no reports at present" in closed.text


async def test_a_report_goes_from_form_to_receipt_to_inbox_and_out_again(anonymous: httpx.AsyncClient) -> None:
    report = await a_report(anonymous, confidentiality="confidential", name="Robin Ashe")
    checked = await anonymous.post(form_of(), data=report | {"do": "check"})
    assert checked.status_code == 200
    assert "Nothing has been sent yet" in checked.text
    carried = hidden(checked)
    assert carried["once"] == report["once"]
    assert carried["narrative"] == intake.NARRATIVE
    sent = await anonymous.post(sent_to(), data=report)
    assert sent.status_code == 201
    assert len(words_of(sent).split()) == 7
    assert words_of(sent) not in str(sent.headers)
    inbox = await let_in(anonymous, words_of(sent))
    for said in (intake.HEADLINE, "naïve", "Records were altered.", "employee", "Nobody has asked to open it."):
        assert said in inbox.text
    assert "Robin Ashe" not in inbox.text
    left = await anonymous.post("/en/inbox/leave", data={"token": hidden(inbox)["token"]})
    assert (left.status_code, left.headers["location"]) == (303, "/en/inbox/left")
    assert (await anonymous.get("/en/inbox")).status_code == 401


async def test_a_report_by_page_is_a_report_like_any_other(anonymous: httpx.AsyncClient) -> None:
    words = await reported(anonymous)
    inbox = await intake.inbox_of(anonymous, receipt=words)
    assert inbox["narrative"] == intake.NARRATIVE
    assert [one["statement"] for one in inbox["allegations"]] == ["Records were altered."]
    assert inbox["confidentiality"] == "anonymous"


async def test_the_same_report_sent_again_brings_the_same_receipt_and_a_changed_one_another(
    anonymous: httpx.AsyncClient,
) -> None:
    report = await a_report(anonymous)
    first, again = [await anonymous.post(sent_to(), data=report) for _ in range(2)]
    assert first.content == again.content
    assert again.headers["content-security-policy"] == POLICY
    changed = await anonymous.post(sent_to(), data=report | {"headline": "Another line"})
    assert changed.status_code == 201
    assert words_of(changed) != words_of(first)
    fresh = await anonymous.post(sent_to(), data=await a_report(anonymous))
    assert words_of(fresh) not in {words_of(first), words_of(changed)}


@pytest.mark.parametrize("once", ["", "short", "a" * 44, "!" * 43])
async def test_a_report_without_a_mark_of_ours_is_not_taken(anonymous: httpx.AsyncClient, once: str) -> None:
    answer = await anonymous.post(sent_to(), data=await a_report(anonymous, once=once))
    assert answer.status_code == 422
    assert words_of(answer) == ""


async def test_points_are_added_without_losing_what_was_written(anonymous: httpx.AsyncClient) -> None:
    report = await a_report(anonymous, allegation=["one", "two"])
    longer = await anonymous.post(form_of(), data=report | {"do": "another"})
    assert longer.text.count('name="allegation"') == 3
    assert re.search(r'id="allegation-3"[^>]*autofocus', longer.text)
    assert f'value="{intake.HEADLINE}"' in longer.text
    assert 'value="anonymous" checked' in longer.text
    full = await anonymous.post(form_of(), data=report | {"do": "another", "allegation": ["x"] * 50})
    assert full.text.count('name="allegation"') == 50
    assert "no room for more points" in full.text


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"headline": " "}, "headline", "Say in one line"),
        ({"narrative": ""}, "narrative", "Say what happened"),
        ({"headline": "x" * 301}, "headline", "too long"),
        ({"headline": "a\nb"}, "headline", "one line"),
        ({"narrative": "bell \x07"}, "narrative", "characters that cannot be kept"),
        ({"allegation": ["", "fine", "", "x" * 4001]}, "allegation-4", "too long"),
        ({"capacity": "x" * 301}, "capacity", "too long"),
        ({"confidentiality": ""}, "confidentiality", "Choose who"),
        ({"confidentiality": "secret"}, "confidentiality", "Choose who"),
        ({"confidentiality": "open"}, "name", "fill in your name"),
        ({"name": "Robin Ashe"}, "name", "You chose that nobody"),
        ({"contact": "07700 900123"}, "name", "You chose that nobody"),
        ({"confidentiality": "open", "name": "x" * 300, "contact": "\U0001f98b" * 300}, "name", "is too long"),
    ],
)  # fmt: skip
async def test_a_breach_of_a_rule_is_said_at_the_top_and_at_its_field_and_all_that_was_written_stays(
    anonymous: httpx.AsyncClient, changes: dict[str, str], field: str, says: str
) -> None:
    answer = await anonymous.post(form_of(), data=await a_report(anonymous, **changes) | {"do": "check"})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert re.search(rf'<div class="summary"[^>]*autofocus.*<a href="#{field}">[^<]*{says}', answer.text, re.DOTALL)
    assert f'id="{field}-error"' in answer.text
    assert re.search(rf'id="{field}"[^>]*aria-describedby="{field}-error', answer.text)
    if "narrative" not in changes:
        assert "nobody at the door" in answer.text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_whatever_is_typed_is_shown_as_text(anonymous: httpx.AsyncClient, hostile: str) -> None:
    everywhere = dict.fromkeys(("headline", "narrative", "capacity", "name", "contact", "employee_number"), hostile)
    report = await a_report(anonymous, **everywhere, allegation=[hostile], confidentiality="open")
    escaped = (
        hostile.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )
    form = await anonymous.post(form_of(), data=report | {"do": "change"})
    check = await anonymous.post(form_of(), data=report | {"do": "check"})
    inbox = await let_in(anonymous, words_of(await anonymous.post(sent_to(), data=report)))
    wrong = await anonymous.post("/en/inbox/open", data={"receipt": hostile})
    for answer, times in ((form, 7), (check, 14), (inbox, 4), (wrong, 1)):
        unmarked = re.sub(r'</?mark>|<dd class="advice">.*?</dd>', "", answer.text, flags=re.DOTALL)
        assert unmarked.count(escaped) == times
        assert escaped == hostile or hostile not in answer.text
        assert "1337" not in answer.text


async def test_the_receipt_is_handed_back_as_a_file_of_one_length(anonymous: httpx.AsyncClient) -> None:
    lengths = set()
    for language in ("en", "en", "cy"):
        sent = await anonymous.post(sent_to(language=language), data=await a_report(anonymous))
        file = await anonymous.post(f"/{language}/receipt-file", data=hidden(sent))
        assert file.headers["content-disposition"] == 'attachment; filename="receipt.txt"'
        assert file.headers["content-type"] == "text/plain; charset=utf-8"
        assert file.headers["cache-control"] == "no-store"
        assert " ".join(re.findall(r"^[1-7]\. ([a-z]+) *\r$", file.text, re.MULTILINE)) == words_of(sent)
        assert hidden(sent)["reference"] in file.text
        lengths.add((language, len(file.content)))
    assert len(lengths) == 2


@pytest.mark.parametrize(
    "changes", [{"receipt": "one two"}, {"receipt": "<b>"}, {"reference": "x"}, {"acknowledge_by": "2026-1-1; x"}]
)
async def test_no_other_text_is_handed_back_as_a_file(anonymous: httpx.AsyncClient, changes: dict[str, str]) -> None:
    sent = await anonymous.post(sent_to(), data=await a_report(anonymous))
    answer = await anonymous.post("/en/receipt-file", data=hidden(sent) | changes)
    assert answer.status_code == 422
    assert "content-disposition" not in answer.headers


async def test_the_inbox_says_whether_what_is_owed_was_done(
    anonymous: httpx.AsyncClient, service: Service, clock: Clock
) -> None:
    words = await reported(anonymous)
    assert "Not yet" in (await let_in(anonymous, words)).text
    clock.set(clock.at.replace(day=20))
    assert "Overdue" in (await let_in(anonymous, words)).text
    assert "Yn hwyr" in (await let_in(anonymous, words, "cy")).text


async def test_the_proof_of_receipt_can_be_kept_and_checked_without_the_service(
    anonymous: httpx.AsyncClient, service: Service, clock: Clock
) -> None:
    words = await reported(anonymous)
    early = await let_in(anonymous, words)
    assert "From 3 March 2026" in early.text
    await sequenced_on_the_next_day(service, clock)
    inbox = await let_in(anonymous, words)
    assert 'href="/en/inbox/proof"' in inbox.text
    file = await anonymous.get("/en/inbox/proof")
    assert len(file.content) in {8192, 32768}
    kept = file.json()
    shown = logproofs.verify_receipt_proof(
        kept["proof"], bytes.fromhex(kept["salt"]), kept["statement"], await log_key_of(service)
    )
    assert shown.index >= 0


async def test_the_length_of_an_inbox_tells_nothing_of_what_is_in_it(anonymous: httpx.AsyncClient) -> None:
    lengths = set()
    for narrative in ("Short.", "A longer text. " * 100):
        words = await reported(anonymous, narrative=narrative)
        lengths.add(len((await let_in(anonymous, words)).content))
    assert lengths == {8192}
