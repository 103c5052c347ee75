"""A webhook learns that there is something new, and leads nowhere else: with a real web server."""

import base64
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.kernel.runtime import Runtime
from app.notifications import webhooks
from app.notifications.models import Delivery, WebhookEndpoint
from tests.builders.intake import a_grievance, submitted
from tests.builders.notices import MORNING, NEXT_SLOT, nothing_waits, told
from tests.conftest import FROZEN, Actor, Clock, Service
from tests.notifications.conftest import Sending, WebServer, deliver


@pytest.fixture
def listed(service: Service, web_server: WebServer) -> Iterator[frozenset[str]]:
    """The host of the web server is listed, for as long as the test runs."""
    before = service.runtime.settings
    hosts = frozenset({f"localhost:{web_server.port}", f"127.0.0.1:{web_server.port}"})
    object.__setattr__(service.runtime, "settings", before.model_copy(update={"webhook_hosts": hosts}))
    yield hosts
    object.__setattr__(service.runtime, "settings", before)


async def added(administrator: Actor, url: str) -> dict[str, Any]:
    """The webhook, with its secret."""
    answer = await administrator.post("/v1/webhooks", json={"url": url})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def inside(sending: Sending, **changes: Any) -> Runtime:  # noqa: ANN401 any setting
    """A worker that may call the web server, which is of this machine."""
    return sending(webhook_internal_hosts=frozenset({"localhost"}), **changes)


async def states(service: Service) -> list[str]:
    """How far each delivery is."""
    async with service.runtime.database.session(write=False) as session:
        return [str(state) for state in (await session.scalars(select(Delivery.state))).all()]


async def test_a_call_says_that_there_is_something_new_signed_by_the_standard_and_nothing_else(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    web_server: WebServer,
    listed: object,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = await added(actors.administrator, web_server.url("/candour?x=1"))
    grievance = await submitted(anonymous, a_grievance(narrative="The canary sings of Dr Quill."))
    clock.set(MORNING)
    await deliver(inside(sending))
    [call] = web_server.called
    document = json.loads(call.body)
    assert (call.path, set(document), document["type"]) == ("/candour?x=1", {"event", "type"}, "something-new")
    assert document["event"] == call.headers["webhook-id"]
    assert len(document["event"]) == 32
    assert call.headers["webhook-timestamp"] == str(int(MORNING.timestamp()))
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    assert call.headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    assert {name.lower() for name in call.headers} == {
        "host", "content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature", "accept",
        "accept-encoding", "connection", "content-length",
    }  # fmt: skip
    everything = f"{call} {[vars(record) for record in caplog.records]}"
    for canary in ("canary", "Quill", grievance["reference"], grievance["receipt"], made["secret"]):
        assert canary not in everything


def test_the_signature_is_that_of_the_standards_example() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    found = webhooks.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_without_news_nothing_is_called_and_with_much_news_once_a_slot(
    service: Service, actors: SimpleNamespace, clock: Clock, web_server: WebServer, listed: object, sending: Sending
) -> None:
    await added(actors.administrator, web_server.url("/ok"))
    await nothing_waits(service)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending))
    assert web_server.called == []
    for _ in range(5):
        await told(service, actors.case_officer, actors.investigator)
    clock.set(MORNING)
    await deliver(inside(sending))
    await deliver(inside(sending))
    assert len(web_server.called) == 1


async def test_a_failed_call_is_tried_again_with_the_same_id_and_a_fresh_time(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    web_server: WebServer,
    listed: object,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = await added(actors.administrator, web_server.url("/ok"))
    web_server.answers["/ok"] = (500, {})
    await told(service, actors.case_officer)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending))
    web_server.answers.clear()
    clock.advance(timedelta(minutes=1))
    await deliver(inside(sending))
    first, second = web_server.called
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60
    assert await states(service) == ["sent"]
    assert "localhost" not in "".join(str(vars(record)) for record in caplog.records if record.levelno > logging.INFO)
    assert made["url"] not in caplog.text


async def test_a_redirection_is_not_followed(
    service: Service, actors: SimpleNamespace, clock: Clock, web_server: WebServer, listed: object, sending: Sending
) -> None:
    await added(actors.administrator, web_server.url("/away"))
    for status in (301, 302, 303, 307, 308):
        web_server.answers["/away"] = (status, {"Location": web_server.url("/stolen")})
        await told(service, actors.case_officer)
        clock.set(NEXT_SLOT if status == 301 else clock.at + timedelta(days=1))
        await deliver(inside(sending))
    assert {call.path for call in web_server.called} == {"/away"}
    assert set(await states(service)) == {"waiting"}


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "169.254.169.254", "127.0.0.1"])
async def test_a_name_that_leads_inside_is_not_called(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    web_server: WebServer,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
    host: str,
) -> None:
    before = service.runtime.settings
    hosts = frozenset({f"{host}:{web_server.port}"})
    object.__setattr__(service.runtime, "settings", before.model_copy(update={"webhook_hosts": hosts}))
    try:
        await added(actors.administrator, web_server.url("/ok", host))
        await told(service, actors.case_officer)
        clock.set(NEXT_SLOT)
        await deliver(sending())
    finally:
        object.__setattr__(service.runtime, "settings", before)
    assert web_server.called == []
    assert [vars(one)["failure"] for one in caplog.records if one.levelno == logging.ERROR] == ["AddressRefused"]


async def test_a_host_that_is_listed_no_more_is_called_no_more(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    web_server: WebServer,
    listed: object,
    sending: Sending,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await added(actors.administrator, web_server.url("/ok"))
    await told(service, actors.case_officer)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending, webhook_hosts=frozenset({"hooks.example.org"})))
    assert web_server.called == []
    assert [vars(one)["failure"] for one in caplog.records if one.levelno == logging.ERROR] == ["UrlRefused"]


async def test_a_server_that_cannot_prove_its_name_is_told_nothing(
    service: Service, actors: SimpleNamespace, clock: Clock, web_server: WebServer, listed: object, sending: Sending
) -> None:
    await added(actors.administrator, web_server.url("/ok"))
    await told(service, actors.case_officer)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending, outgoing_roots=None))
    assert web_server.called == []


async def test_a_server_that_does_not_answer_is_left_alone(
    service: Service,
    actors: SimpleNamespace,
    clock: Clock,
    web_server: WebServer,
    listed: object,
    sending: Sending,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "_WHOLE_SECONDS", 1)
    await added(actors.administrator, web_server.url("/slow"))
    await told(service, actors.case_officer)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending))
    assert await states(service) == ["waiting"]


async def test_an_ended_webhook_is_called_no_more(
    service: Service, actors: SimpleNamespace, clock: Clock, web_server: WebServer, listed: object, sending: Sending
) -> None:
    made = await added(actors.administrator, web_server.url("/ok"))
    web_server.answers["/ok"] = (500, {})
    await told(service, actors.case_officer)
    clock.set(NEXT_SLOT)
    await deliver(inside(sending))
    await actors.administrator.sign_in()
    for _ in range(2):
        assert (await actors.administrator.delete(f"/v1/webhooks/{made['id']}")).status_code == 204
    clock.advance(timedelta(minutes=5))
    await deliver(inside(sending))
    assert len(web_server.called) == 1
    assert await states(service) == ["dropped"]
    assert (await actors.administrator.get("/v1/webhooks")).json()["items"] == []


async def test_only_listed_addresses_are_taken_the_secret_is_shown_once_and_the_log_knows_who(
    service: Service, actors: SimpleNamespace, web_server: WebServer, listed: object
) -> None:
    administrator = actors.administrator
    for url in (
        "http://localhost/",
        f"https://user:secret@localhost:{web_server.port}/",
        "https://localhost/",
        "https://evil.example/",
    ):
        refused = await administrator.post("/v1/webhooks", json={"url": url})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/url")
        assert url not in refused.text
    made = await added(administrator, web_server.url("/ok"))
    shown = await administrator.get("/v1/webhooks")
    assert shown.json()["items"] == [{name: made[name] for name in ("id", "url", "made_on")}]
    assert made["secret"] not in shown.text
    assert made["made_on"] == FROZEN.date().isoformat()
    assert (await actors.case_officer.get("/v1/webhooks")).status_code == 404
    async with service.runtime.database.session(write=False) as session:
        row = (await session.scalars(select(WebhookEndpoint))).one()
        assert b"localhost" not in row.__dict__["url_sealed"] + row.__dict__["secret_sealed"]
        newest = select(AuditEvent).where(AuditEvent.event == "webhook.added")
        assert (await session.scalars(newest)).one().actor_id == administrator.account_id
