"""Reading a release: in the form one prefers, at no cost twice, and without a trace of who read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from app.audit.models import AuditEvent
from app.learning import shelf
from app.learning.release import Form, is_held, preferred_form
from tests.builders.reports import (
    a_release,
    a_reported_case,
    a_summary,
    approve,
    body_of,
    read_summary,
    release_url,
)
from tests.conftest import Service


async def test_what_a_reader_holds_already_is_not_sent_again(service: Service) -> None:
    worked = await a_reported_case(service)
    address, hr = release_url(await a_release(worked)), service.actors.hr
    whole = await hr.get(address)
    page = await hr.get(address, headers={"Accept": "text/html"})
    assert whole.headers["ETag"] != page.headers["ETag"]
    assert whole.headers["Vary"] == page.headers["Vary"] == "Accept"
    held = await hr.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (held.status_code, held.content, held.headers["ETag"]) == (304, b"", whole.headers["ETag"])
    assert (await hr.get(address, headers={"If-None-Match": page.headers["ETag"]})).status_code == 200
    again = await hr.get(address)
    assert (again.content, again.headers["ETag"]) == (whole.content, whole.headers["ETag"])


async def test_a_release_that_was_read_before_costs_two_queries_and_writes_nothing(service: Service) -> None:
    worked = await a_reported_case(service)
    address, hr = release_url(await a_release(worked)), service.actors.hr
    assert (await hr.get(address)).status_code == 200
    statements: list[str] = []
    engine = service.runtime.database._reader.sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await hr.get(address)).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [statement.split()[0] for statement in statements if statement != "BEGIN"] == ["SELECT", "SELECT"]
    assert not any("content_sealed" in statement for statement in statements)


async def test_rendered_releases_do_not_fill_the_memory(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "_SIZE", 1)
    shelf._shelf.clear()
    worked = await a_reported_case(service)
    address, hr = release_url(await a_release(worked)), service.actors.hr
    for accept in ("text/html", "application/json", "text/html"):
        assert (await hr.get(address, headers={"Accept": accept})).headers["Content-Type"].startswith(accept)
    assert len(shelf._shelf) == 1


async def test_reading_a_release_is_no_event_and_being_refused_one_is(service: Service) -> None:
    worked = await a_reported_case(service)
    made = await a_release(worked)

    async def events() -> list[str]:
        async with service.runtime.database.session(write=False) as session:
            return sorted(await session.scalars(select(AuditEvent.event)))

    before = await events()
    assert (await service.actors.hr.get(release_url(made))).status_code == 200
    assert await events() == before
    assert (await service.actors.investigator.get(release_url(made))).status_code == 404
    assert await events() == sorted([*before, "refused.release:read"])


async def test_a_release_is_made_once_for_one_idempotency_key(service: Service) -> None:
    worked = await a_reported_case(service)
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    address, headers = f"{worked.summaries}/{summary['id']}/release", {"Idempotency-Key": "0123456789abcdef"}
    officer, body = service.actors.case_officer, {"audiences": ["hr"]}
    first = await officer.post(address, json=body, headers=headers)
    assert (await officer.post(address, json=body, headers=headers)).json() == body_of(first, 201)
    assert (await read_summary(worked, summary))["state"] == "released"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Form.JSON),
        ("", Form.JSON),
        ("*/*", Form.JSON),
        ("application/json", Form.JSON),
        ("text/html", Form.HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form.HTML),
        ("text/*", Form.HTML),
        ("text/html;q=0.5, application/json", Form.JSON),
        ("application/json;q=0.5, text/html;q=0.6", Form.HTML),
        ("TEXT/HTML ; Q=1.0", Form.HTML),
        ("text/html;q=0", Form.JSON),
        ("text/html;q=high", Form.HTML),
        ("text/html;level=1;q=0.2, */*;q=0.1", Form.HTML),
    ],
)
def test_the_form_is_the_one_that_the_reader_prefers(accept: str | None, form: Form) -> None:
    assert preferred_form(accept) == form


@given(st.text(max_size=2_000))
def test_no_accept_header_is_beyond_reading(accept: str) -> None:
    assert preferred_form(accept) in Form


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        (None, False),
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ('"b"', False),
        ("a", False),
        ("*", True),
    ],
)
def test_a_reader_holds_what_its_header_names(header: str | None, is_known: bool) -> None:
    assert is_held(header, '"a"') is is_known
