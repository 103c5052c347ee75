"""The edge of the service: headers, bounds, failures."""

import logging

import httpx
import pytest

from app.kernel import logs
from app.reference import pages
from tests.builders import intake
from tests.conftest import Service


async def test_every_answer_forbids_caching_sniffing_framing_and_referring(anonymous: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/v1/no-such-thing", "/docs", "/openapi.json", "/problems"):
        headers = (await anonymous.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_process_says_that_it_runs_and_that_its_database_answers(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok"}
    assert (await anonymous.get("/readyz")).json() == {"status": "ok"}


async def test_a_body_over_the_bound_is_refused_before_it_is_read_whole(
    anonymous: httpx.AsyncClient, service: Service
) -> None:
    bound = service.runtime.settings.body_bytes
    answer = await anonymous.post("/v1/inbox/sessions", content=b'{"receipt": "' + b"a" * bound + b'"}')
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/problems/body-too-large")


@pytest.mark.parametrize(
    "named", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_body_that_is_named_as_something_else_than_json_is_refused(
    anonymous: httpx.AsyncClient, named: str
) -> None:
    answer = await anonymous.post("/v1/inbox/sessions", content=b'{"receipt": "x"}', headers={"Content-Type": named})
    assert answer.status_code == 415
    assert answer.json()["type"].endswith("/problems/unsupported-media-type")


async def test_a_body_that_names_a_field_twice_is_refused(anonymous: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await anonymous.post(
        "/v1/inbox/sessions", content=b'{"receipt": "canary", "receipt": "canary"}', headers=headers
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"in": "body", "pointer": "", "rule": "names a field twice"}]


async def test_nobody_is_redirected_to_a_host_that_they_named(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/v1/inbox/", headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_who_floods_the_sign_in_keeps_no_reporter_waiting(
    anonymous: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.runtime.signing_in, "_most", 0)
    monkeypatch.setattr(service.runtime.slow, "_most", 0)
    receipt = (await intake.submitted(anonymous))["receipt"]
    assert (await intake.inbox_of(anonymous, receipt=receipt))["headline"] == intake.HEADLINE


async def test_a_wrong_method_is_named_and_the_right_ones_listed(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.put("/v1/inbox")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_a_defect_answers_with_a_number_and_nothing_else(
    anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError("the canary sings")

    monkeypatch.setattr(pages, "problem_index", fail)
    with caplog.at_level(logging.INFO):
        answer = await anonymous.get("/problems")
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "instance"}
    assert "canary" not in answer.text
    lines = [logs.SafeFormatter().format(record) for record in caplog.records]
    assert any(answer.json()["instance"].removeprefix("urn:uuid:") in line for line in lines)
    assert any("RuntimeError" in line for line in lines)
    assert not any("canary" in line for line in lines)


async def test_the_documentation_page_loads_nothing_from_elsewhere(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
        assert f"/docs/assets/{asset}" in page
        assert (await anonymous.get(f"/docs/assets/{asset}")).status_code == 200
    assert (await anonymous.get("/docs/assets/..%2Froutes.py")).status_code == 404


async def test_reporters_get_no_cookie(anonymous: httpx.AsyncClient, channel: str) -> None:
    assert "set-cookie" not in (await anonymous.get(f"/v1/channels/{channel}")).headers
