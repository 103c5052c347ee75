"""The inbox in a browser: its cookie, its end, who may act in it, and that a page changes nothing by being read."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from pydantic import HttpUrl
from sqlalchemy import select

from app.intake import receipts
from app.intake.models import InboxSession
from app.kernel.db import Base
from app.kernel.octets import spell
from app.main import create_app
from app.policy.guard import operations
from tests.builders.supporting import a_count
from tests.conftest import CHANNEL, Clock, Service
from tests.portal.people import a_report, form_of, hidden, let_in, reported, sent_to

CLEARED = '"cache", "cookies", "storage"'
OWN = "http://127.0.0.1:8000"


@pytest.fixture
async def secure(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a service that people reach over TLS."""
    settings = service.runtime.settings.model_copy(update={"public_url": HttpUrl("https://speak.example.org/")})
    app = create_app(settings)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://speak.example.org"
    ) as client:
        yield client
    await app.state.runtime.close()


async def everything(service: Service) -> dict[str, list[object]]:
    """Return every row of the database."""
    async with service.runtime.database.session(write=False) as session:
        return {
            table.name: [tuple(row) for row in (await session.execute(select(table))).all()]
            for table in Base.metadata.sorted_tables
        }


async def test_no_page_before_the_inbox_sets_a_cookie(anonymous: httpx.AsyncClient) -> None:
    report = await a_report(anonymous)
    sent = await anonymous.post(sent_to(), data=report)
    for answer in (
        await anonymous.get("/en"),
        await anonymous.get(f"/en/report/{CHANNEL}"),
        await anonymous.post(form_of(), data=report | {"do": "check"}),
        sent,
        await anonymous.post("/en/receipt-file", data=hidden(sent)),
        await anonymous.get("/en/inbox/open"),
        await anonymous.post("/en/inbox/open", data={"receipt": "abacus " * 7}),
    ):
        assert "set-cookie" not in answer.headers
    assert len(anonymous.cookies) == 0


async def test_over_tls_the_cookie_has_exactly_these_attributes(secure: httpx.AsyncClient) -> None:
    words = await reported(secure)
    opened = await secure.post("/en/inbox/open", data={"receipt": words})
    name, _, rest = opened.headers["set-cookie"].partition("=")
    token, _, attributes = rest.partition("; ")
    assert name == "__Host-inbox"
    assert len(token) == 48
    assert attributes == "HttpOnly; Path=/; SameSite=strict; Secure"
    inbox = await secure.get("/en/inbox")
    assert inbox.status_code == 200
    left = await secure.post("/en/inbox/leave", data={"token": hidden(inbox)["token"]})
    assert left.headers["set-cookie"] == '__Host-inbox=""; HttpOnly; Max-Age=0; Path=/; SameSite=strict; Secure'
    assert left.headers["clear-site-data"] == CLEARED


async def test_at_an_onion_service_without_tls_the_cookie_is_the_same_but_for_the_prefix_that_needs_tls(
    anonymous: httpx.AsyncClient,
) -> None:
    opened = await anonymous.post("/cy/inbox/open", data={"receipt": await reported(anonymous)})
    assert opened.headers["set-cookie"].startswith("inbox=")
    assert opened.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=strict")
    assert opened.headers["location"] == "/cy/inbox"


async def test_a_session_is_always_under_a_token_that_is_new(anonymous: httpx.AsyncClient) -> None:
    """Whoever planted a cookie before somebody opened their inbox gains nothing by it."""
    words, tokens = await reported(anonymous), set()
    planted = "A" * 48
    anonymous.cookies.set("inbox", planted, domain="127.0.0.1", path="/")
    for _ in range(2):
        await let_in(anonymous, words)
        tokens |= {anonymous.cookies["inbox"]}
    assert len(tokens) == 2
    assert planted not in tokens


async def test_the_token_stands_in_no_page_and_no_address(anonymous: httpx.AsyncClient) -> None:
    inbox = await let_in(anonymous, await reported(anonymous))
    token = anonymous.cookies["inbox"]
    assert token not in inbox.text
    assert token not in str(inbox.url)
    assert hidden(inbox)["token"] != token


async def test_when_its_minutes_are_over_the_inbox_says_so_and_shows_nothing(
    anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    inbox = await let_in(anonymous, await reported(anonymous))
    clock.advance(timedelta(minutes=14))
    assert (await anonymous.get("/en/inbox")).status_code == 200
    clock.advance(timedelta(minutes=1))
    for answer in (
        await anonymous.get("/en/inbox"),
        await anonymous.get("/en/inbox/proof"),
        await anonymous.post("/en/inbox/leave", data={"token": hidden(inbox)["token"]}),
    ):
        assert answer.status_code == 401
        assert "Your inbox is closed" in answer.text
        assert "www-authenticate" not in answer.headers
        assert answer.headers["clear-site-data"] == CLEARED
        assert "Visits were recorded" not in answer.text
        anonymous.cookies.set("inbox", "A" * 48, domain="127.0.0.1", path="/")


async def test_leaving_ends_the_session_for_whoever_kept_its_cookie(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    inbox = await let_in(anonymous, await reported(anonymous))
    kept = anonymous.cookies["inbox"]
    await anonymous.post("/en/inbox/leave", data={"token": hidden(inbox)["token"]})
    assert "inbox" not in anonymous.cookies
    assert (await everything(service))[InboxSession.__tablename__] == []
    anonymous.cookies.set("inbox", kept, domain="127.0.0.1", path="/")
    assert (await anonymous.get("/en/inbox")).status_code == 401


async def test_the_cookie_opens_no_door_of_the_api_and_the_bearer_token_none_of_the_pages(
    anonymous: httpx.AsyncClient,
) -> None:
    await let_in(anonymous, await reported(anonymous))
    token = anonymous.cookies["inbox"]
    assert (await anonymous.get("/v1/inbox")).status_code == 401
    assert (await anonymous.delete("/v1/inbox/sessions")).status_code == 401
    anonymous.cookies.clear()
    assert (await anonymous.get("/en/inbox", headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_an_inbox_that_a_client_opens_on_its_own_machine_is_shown_by_no_page(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    lookup = receipts.derive(service.runtime.keys, await reported(anonymous)).lookup
    opened = await anonymous.post("/v1/inbox/sessions", json={"lookup": spell(lookup)})
    anonymous.cookies.set("inbox", opened.json()["token"], domain="127.0.0.1", path="/")
    assert (await anonymous.get("/en/inbox")).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 64])
async def test_an_act_in_the_inbox_needs_the_token_of_its_page(anonymous: httpx.AsyncClient, token: str) -> None:
    words = await reported(anonymous)
    other = hidden(await let_in(anonymous, words))["token"]
    await let_in(anonymous, words)
    for wrong in (token, other):
        refused = await anonymous.post("/en/inbox/leave", data={"token": wrong})
        assert refused.status_code == 403
        assert "not sent from our page" in refused.text
        assert (await anonymous.get("/en/inbox")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "https://127.0.0.1.evil.example:8000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_no_other_site_can_send_a_form_of_ours(anonymous: httpx.AsyncClient, headers: dict[str, str]) -> None:
    report = await a_report(anonymous)
    words = await reported(anonymous)
    inbox = await let_in(anonymous, words)
    for path, form in (
        (form_of(), report),
        (sent_to(), report),
        ("/en/inbox/open", {"receipt": words}),
        ("/en/inbox/leave", {"token": hidden(inbox)["token"]}),
    ):
        refused = await anonymous.post(path, data=form, headers=headers)
        assert refused.status_code == 403, path
        assert "set-cookie" not in refused.headers
    assert (await anonymous.get("/en/inbox")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OWN},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_our_own_pages_can_in_every_browser(anonymous: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """Tor Browser sends an Origin with each form; a page that sends no referrer makes it null."""
    answer = await anonymous.post(sent_to(), data=await a_report(anonymous), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("named", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_what_is_not_a_form_is_refused(anonymous: httpx.AsyncClient, named: str) -> None:
    answer = await anonymous.post("/en/inbox/open", content=b"receipt=abacus", headers={"Content-Type": named})
    assert answer.status_code == 415
    assert "could not be read" in answer.text


@pytest.mark.parametrize("body", [b"receipt=a&receipt=b", b"\xff\xfe", b"receipt=%ff", b"&".join([b"a=b"] * 201)])
async def test_a_form_that_cannot_be_read_in_one_way_is_refused(anonymous: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await anonymous.post("/en/inbox/open", content=body, headers=headers)
    assert answer.status_code == 422
    assert "could not be read" in answer.text


async def test_reading_a_page_changes_nothing(anonymous: httpx.AsyncClient, service: Service) -> None:
    counted = await a_count(service.actors.representative)
    inbox = await let_in(anonymous, await reported(anonymous))
    sent = await anonymous.post(
        "/en/inbox/files", data={"token": hidden(inbox)["token"]}, files={"file": ("a.txt", b"They lied.")}
    )
    assert sent.status_code == 303, sent.text
    (file_id,) = re.findall(r"/inbox/files/([0-9a-f-]+)", (await anonymous.get("/en/inbox/files")).text)
    before = await everything(service)
    read = [one for one in operations(service.app) if one.is_page and one.method == "GET"]
    assert len(read) > 8
    for operation in read:
        for language in ("en", "cy"):
            path = operation.path.replace("{language}", language).replace("{channel}", CHANNEL)
            path = path.replace("{grievance_id}", counted.grievance_id)
            path = path.replace("{file_id}", file_id)
            answer = await anonymous.get(path)
            assert answer.status_code in {200, 303}, path
    assert await everything(service) == before


async def test_writing_a_report_stores_nothing_until_it_is_sent(anonymous: httpx.AsyncClient, service: Service) -> None:
    before = await everything(service)
    report = await a_report(anonymous)
    for do in ("another", "check", "change", "language"):
        assert (await anonymous.post(form_of(), data=report | {"do": do})).status_code == 200
    assert await everything(service) == before
