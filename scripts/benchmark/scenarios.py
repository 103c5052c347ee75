"""The work that is measured: which requests make one unit of it, of the service and of its floors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.benchmark.load import Step
from scripts.benchmark.measuring import Scenario, Subject
from scripts.benchmark.play import CHANNEL, CREATED, Actor, grievance, http_request
from scripts.benchmark.processes import Server

OK, NOT_MODIFIED = 200, 304
INTAKE, INTAKE_FOR_RECEIPT, OPEN, LIST, RELEASE, SAME_RELEASE = NAMES = (
    "intake", "intake for a receipt", "open a case", "list 50 cases", "read a release", "read a release again",
)  # fmt: skip
PARTS = {"": "file", "/allegations": "allegations", "/findings": "findings"}
"""The requests by which an investigator opens a case, and what the floor calls them."""


@dataclass(frozen=True)
class Stage:
    """What the play left to ask about."""

    case_id: str
    release_id: str
    release_etag: str
    investigator: Actor
    busy_investigator: Actor
    hr: Actor


def _get(path: str, headers: Mapping[str, str], status: int = OK) -> Step:
    lower = [(name.lower(), value) for name, value in headers.items()]
    return Step(http_request("GET", path, headers=lower), status)


def _intake(service: Server, floor: Server) -> tuple[Scenario, Scenario]:
    path = f"/v1/channels/{CHANNEL}/grievances"
    with_keys, without = (json.dumps(grievance(with_client_keys=it)) for it in (True, False))

    def post(server: Server, path: str, body: str) -> Subject:
        return Subject(server, (Step(http_request("POST", path, body=body), CREATED),))

    return (
        Scenario(
            INTAKE,
            "3 KB, 10 allegations, one identity 2 of 3, the log; the client made the reporter's keys",
            post(service, path, with_keys),
            post(floor, "/intake", with_keys),
            {"floor without log": post(floor, "/intake-without-log", with_keys)},
        ),
        Scenario(
            INTAKE_FOR_RECEIPT,
            "the same, but the server makes the receipt and stretches it by Argon2id",
            post(service, path, without),
            post(floor, "/intake-for-receipt", without),
        ),
    )


def scenarios(stage: Stage, service: Server, starlette: Server, fastapi: Server) -> list[Scenario]:
    """Return all work, as the play left it to be done."""
    investigator, busy, hr = stage.investigator.headers, stage.busy_investigator.headers, stage.hr.headers
    release, again = f"/v1/releases/{stage.release_id}", {"If-None-Match": stage.release_etag}
    case = f"/v1/cases/{stage.case_id}"
    return [
        *_intake(service, starlette),
        Scenario(
            OPEN,
            "the file, 15 allegations and their findings: three requests, about 40 sealed fields",
            Subject(service, tuple(_get(f"{case}{path}", investigator) for path in PARTS)),
            Subject(starlette, tuple(_get(f"/cases/{stage.case_id}/{part}", investigator) for part in PARTS.values())),
        ),
        Scenario(
            LIST,
            "the newest 50 of many cases that one investigator is appointed to",
            Subject(service, (_get("/v1/cases", busy),)),
            Subject(starlette, (_get("/cases", busy),)),
            {"floor that admits": Subject(starlette, (_get("/cases-admitted", busy),))},
        ),
        Scenario(
            RELEASE,
            "a release as JSON, by somebody of its audience",
            Subject(service, (_get(release, hr),)),
            Subject(fastapi, (_get("/release", hr),)),
            {"floor that admits": Subject(starlette, (_get("/release-admitted", hr),))},
        ),
        Scenario(
            SAME_RELEASE,
            "the same by somebody who has it already: 304",
            Subject(service, (_get(release, {**hr, **again}, NOT_MODIFIED),)),
            Subject(fastapi, (_get("/release", {**hr, **again}, NOT_MODIFIED),)),
        ),
    ]
