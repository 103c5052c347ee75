"""A case played from grievance to release by the cast of the tests, in as few steps as it takes.

`say` is what becomes of each text before it is sent: a test that looks for the texts later puts a canary into each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx

from tests.builders.intake import submitted_for_many
from tests.conftest import CHANNEL, Actor

REDACTED_ROLE = "deputy director of early help"
STATEMENT = f"The {REDACTED_ROLE} had records of visits altered."
REPORT = {
    "title": "Report of the investigation",
    "introduction": "A grievance of many was investigated.",
    "method": "People were heard and records read.",
    "conclusions": "Records must not be altered.",
}


@dataclass
class WholeCase:
    """A released case: every id that a path of the API can want, by the name that the path gives it."""

    ids: dict[str, str] = field(default_factory=dict)

    def path(self, tail: str = "") -> str:
        """Return an address within the case."""
        return f"/v1/cases/{self.ids['case_id']}{tail}"


def _done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


async def _make(actor: Actor, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    return _done(await actor.post(path, json=body or {}))


async def _a_file(representative: Actor, grievance_id: str, name: str) -> str:
    at = f"/v1/collective-grievances/{grievance_id}/files"
    file_id: str = (await _make(representative, at, {"name": name, "size": len(name.encode())}))["id"]
    _done(await representative.patch(f"{at}/{file_id}", content=name.encode(), headers={"Upload-Offset": "0"}))
    await _make(representative, f"{at}/{file_id}/completion")
    return file_id


async def an_investigated_case(
    actors: SimpleNamespace, grievance: Mapping[str, Any] | None = None, say: Callable[[str], str] = str
) -> WholeCase:
    """Return a case under investigation: one theme, one allegation, one exhibit on it."""
    made = await submitted_for_many(actors.representative, grievance)
    names = ("subject_id", "identity_id", "conflict_id", "detriment_id")
    shared = {"kind": "identity"} | {name: str(uuid4()) for name in names}
    case = WholeCase({"grievance_id": made["id"], "channel": CHANNEL, **shared})
    officer, investigator = actors.case_officer, actors.investigator
    listed = _done(await officer.get("/v1/cases"))["items"]
    case.ids["case_id"] = next(one["id"] for one in listed if one["reference"] == made["reference"])
    await _make(officer, case.path("/acknowledgement"))
    triage = {
        "likelihood": "high", "impact": "high", "immediate_risk": False, "knowledge": "first_hand",
        "previously_reported": True, "procedure": "whistleblowing", "reason": say("It concerns safety."),
    }  # fmt: skip
    await _make(officer, case.path("/triage"), triage)
    await _make(officer, case.path("/decision"), {"outcome": "accepted", "reason": say("It must be looked into.")})
    owed = _done(await officer.get(case.path("/duties")))["duties"]
    case.ids["duty_id"] = next(one["id"] for one in owed if one["kind"] == "feed_back")
    stopped = await _make(officer, case.path("/clock-stops"), {"reason": say("Records were promised.")})
    case.ids["clock_stop_id"] = stopped["id"]
    for capacity in ("investigator", "assistant", "reviewer"):
        body = {"account_id": str(getattr(actors, capacity).account_id), "capacity": capacity}
        case.ids["appointment_id"] = (await _make(officer, case.path("/appointments"), body))["id"]
    case.ids["file_id"] = await _a_file(actors.representative, made["id"], say("The rota of March"))
    theme = await _make(investigator, case.path("/themes"), {"label": "1", "title": say("Records")})
    allegation = await _make(
        investigator, case.path("/allegations"), {"label": "1.1", "statement": say(STATEMENT), "theme_id": theme["id"]}
    )
    exhibit = await _make(
        investigator,
        case.path("/exhibits"),
        {
            "kind": "document",
            "state": "received",
            "title": say("The record of visits"),
            "description": say("As it was kept by the service."),
        },
    )
    link = {"bearing": "supports", "note": say("The times were changed.")}
    _done(await investigator.put(case.path(f"/exhibits/{exhibit['id']}/links/{allegation['id']}"), json=link))
    case.ids |= {"theme_id": theme["id"], "allegation_id": allegation["id"], "exhibit_id": exhibit["id"]}
    return case


async def a_reported_case(
    actors: SimpleNamespace, grievance: Mapping[str, Any] | None = None, say: Callable[[str], str] = str
) -> WholeCase:
    """Return a case whose full report is sealed."""
    case = await an_investigated_case(actors, grievance, say)
    investigator = actors.investigator
    finding = await _make(
        investigator,
        case.path(f"/allegations/{case.ids['allegation_id']}/findings"),
        {
            "outcome": "upheld",
            "standard_of_proof": "balance_of_probabilities",
            "reasons": say("The record shows it."),
            "exhibit_ids": [case.ids["exhibit_id"]],
        },
    )
    review, agreed = (
        case.path(f"/findings/{finding['id']}/review"),
        {"agrees": True, "note": say("I read the record too.")},
    )
    _done(await actors.reviewer.post(review, json=agreed, headers={"If-Match": '"1"'}))
    await _make(investigator, case.path("/findings-completion"))
    report = await _make(investigator, case.path("/reports"), {name: say(text) for name, text in REPORT.items()})
    await _make(investigator, case.path(f"/reports/{report['id']}/seal"))
    case.ids |= {"finding_id": finding["id"], "report_id": report["id"]}
    return case


async def a_released_case(
    actors: SimpleNamespace, grievance: Mapping[str, Any] | None = None, say: Callable[[str], str] = str
) -> WholeCase:
    """Return a case whose learning summary is released to every audience."""
    case = await a_reported_case(actors, grievance, say)
    summary = await _make(
        actors.investigator,
        case.path("/summaries"),
        {"report_id": case.ids["report_id"], "title": say("Learning from a review")},
    )
    at = case.path(f"/summaries/{summary['id']}")
    redactions = [
        {
            "paragraph": number, "start": start, "end": start + len(REDACTED_ROLE), "type": "role",
            "reason": say("Held by one person."), "replacement": "senior manager",
        }
        for number, paragraph in enumerate(summary["paragraphs"])
        if (start := paragraph["text"].find(REDACTED_ROLE)) >= 0
    ]  # fmt: skip
    version = {"If-Match": f'"{summary["version"]}"'}
    _done(await actors.investigator.put(f"{at}/redactions", json={"redactions": redactions}, headers=version))
    checked = await _make(actors.investigator, f"{at}/checks")
    accepted = [
        {"id": leak["id"], "reason": say("It names nobody.")}
        for leak in checked["leaks"]
        if leak["severity"] == "blocking"
    ]
    await _make(actors.investigator, f"{at}/checks", {"accepted": accepted})
    read = await actors.reviewer.get(at)
    statement = {"statement": say("I read every paragraph.")}
    _done(await actors.reviewer.post(f"{at}/approval", json=statement, headers={"If-Match": read.headers["ETag"]}))
    release = await _make(
        actors.case_officer, f"{at}/release", {"audiences": ["hr", "leadership", "panel", "staff", "representative"]}
    )
    case.ids |= {"summary_id": summary["id"], "release_id": release["id"], "account_id": str(actors.staff.account_id)}
    case.ids |= {"session_id": str(uuid4()), "webhook_id": str(uuid4())}
    return case
