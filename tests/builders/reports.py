"""Cases on their way from findings to a release, worked over HTTP."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from tests.builders.cases import OpenFile, an_investigation
from tests.conftest import Actor, Service

REPORT = {
    "title": "Report of the independent investigation",
    "introduction": "A collective grievance was received.",
    "method": "Twenty-six people were interviewed.",
    "conclusions": "Change was made without consultation.\n\nThe service lost the trust of many who work in it.",
}
SUMMARY_TEXT_KEYS = ("section", "text", "finding")


@dataclass(frozen=True)
class Alleged:
    """An allegation as a test wants it. Without an outcome nothing is found yet; a draft is found and not agreed to."""

    label: str
    outcome: str | None = "upheld"
    theme: str | None = "1"
    reasons: str = "The accounts agree."
    statement: str = "Caseloads were unmanageably high"
    is_draft: bool = False


@dataclass
class Worked:
    """A case with what was recorded in it, by label or number."""

    case: OpenFile
    actors: Any
    themes: dict[str, str] = field(default_factory=dict)
    allegations: dict[str, str] = field(default_factory=dict)
    exhibits: dict[str, str] = field(default_factory=dict)
    report_id: str = ""

    @property
    def url(self) -> str:
        """Address of the case."""
        return self.case.url

    @property
    def reports(self) -> str:
        """Address of its reports."""
        return f"{self.url}/reports"

    @property
    def report(self) -> str:
        """Address of its newest report."""
        return f"{self.reports}/{self.report_id}"

    @property
    def summaries(self) -> str:
        """Address of its summaries."""
        return f"{self.url}/summaries"


TWO_THEMES = (
    Alleged("1.1", "upheld", statement="Caseloads were unmanageably high"),
    Alleged("1.2", "not_upheld", statement="Agency workers were told to close cases"),
    Alleged("2.1", "no_view", theme="2", statement="Partner agencies lost trust"),
)


def body_of(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the body of an answer that has this status."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def slug_of(answer: httpx.Response, status: int) -> str:
    """Return which problem an answer of this status is."""
    return str(body_of(answer, status)["type"].rpartition("/")[2])


def version_of(body: dict[str, Any]) -> dict[str, str]:
    """Return the header that names the version of what was read."""
    return {"If-Match": f'"{body["version"]}"'}


async def an_investigated_case(service: Service, *alleged: Alleged) -> Worked:
    """Return a case with these allegations, one exhibit, and what was found; TWO_THEMES where none is named."""
    worked = Worked(await an_investigation(service), service.actors)
    investigator, reviewer = service.actors.investigator, service.actors.reviewer
    worked.exhibits["1"] = await an_exhibit(worked, "1")
    for one in alleged or TWO_THEMES:
        if one.theme is not None and one.theme not in worked.themes:
            theme = {"label": one.theme, "title": f"Theme number {one.theme}"}
            worked.themes[one.theme] = body_of(await investigator.post(f"{worked.url}/themes", json=theme), 201)["id"]
        await _allege(worked, one)
        if one.outcome is not None:
            finding = await _find(worked, one)
            if not one.is_draft:
                address = f"{worked.url}/findings/{finding}/review"
                body_of(await reviewer.post(address, json={"agrees": True}, headers={"If-Match": '"1"'}))
    return worked


async def _allege(worked: Worked, one: Alleged) -> None:
    theme_id = None if one.theme is None else worked.themes[one.theme]
    allegation = {"label": one.label, "statement": one.statement, "theme_id": theme_id, "paragraphs": ["2.1"]}
    made = await worked.actors.investigator.post(f"{worked.url}/allegations", json=allegation)
    worked.allegations[one.label] = body_of(made, 201)["id"]


async def _find(worked: Worked, one: Alleged) -> str:
    is_no_view = one.outcome == "no_view"
    finding = {
        "outcome": one.outcome,
        "no_view_reason": "insufficient_evidence" if is_no_view else None,
        "reasons": one.reasons,
        "exhibit_ids": [] if is_no_view else [worked.exhibits["1"]],
    }
    address = f"{worked.url}/allegations/{worked.allegations[one.label]}/findings"
    return str(body_of(await worked.actors.investigator.post(address, json=finding), 201)["id"])


async def an_exhibit(worked: Worked, number: str, **changes: Any) -> str:  # noqa: ANN401 any JSON
    """Return the id of a new exhibit."""
    exhibit = {"number": number, "kind": "data", "title": f"Exhibit number {number}"} | changes
    return str(body_of(await worked.actors.investigator.post(f"{worked.url}/exhibits", json=exhibit), 201)["id"])


async def complete(worked: Worked) -> None:
    """The findings of the case are complete."""
    body_of(await worked.actors.investigator.post(f"{worked.url}/findings-completion"))


async def a_report(worked: Worked, **changes: str) -> dict[str, Any]:
    """Return a new draft of a report, which is the case's newest."""
    report = body_of(await worked.actors.investigator.post(worked.reports, json=REPORT | changes), 201)
    worked.report_id = report["id"]
    return report


async def seal(worked: Worked) -> dict[str, Any]:
    """Return the newest report, sealed."""
    return body_of(await worked.actors.investigator.post(f"{worked.report}/seal"))


async def a_reported_case(service: Service, *alleged: Alleged) -> Worked:
    """Return a case whose report is sealed."""
    worked = await an_investigated_case(service, *alleged)
    await complete(worked)
    await a_report(worked)
    await seal(worked)
    return worked


async def a_summary(worked: Worked, somebody: Actor | None = None) -> dict[str, Any]:
    """Return a draft summary of the newest report, by the investigator unless somebody else is named."""
    author = somebody or worked.actors.investigator
    return body_of(await author.post(worked.summaries, json={"report_id": worked.report_id}), 201)


async def read_summary(worked: Worked, summary: dict[str, Any]) -> dict[str, Any]:
    """Return the summary as it is now."""
    return body_of(await worked.actors.investigator.get(f"{worked.summaries}/{summary['id']}"))


async def rewrite(worked: Worked, summary: dict[str, Any], **texts: str) -> dict[str, Any]:
    """Return the summary with these texts instead: `p1` is the paragraph at 1, `title` the title."""
    paragraphs = [{key: paragraph[key] for key in SUMMARY_TEXT_KEYS} for paragraph in summary["paragraphs"]]
    for number, paragraph in enumerate(paragraphs):
        paragraph["text"] = texts.get(f"p{number}", paragraph["text"])
    draft = {"title": texts.get("title", summary["title"]), "paragraphs": paragraphs}
    address = f"{worked.summaries}/{summary['id']}"
    return body_of(await worked.actors.investigator.put(address, json=draft, headers=version_of(summary)))


async def redact(
    worked: Worked, summary: dict[str, Any], *redactions: dict[str, Any], somebody: Actor | None = None
) -> httpx.Response:
    """Return the answer to setting these redactions."""
    address, author = f"{worked.summaries}/{summary['id']}/redactions", somebody or worked.actors.investigator
    return await author.put(address, json={"redactions": list(redactions)}, headers=version_of(summary))


def a_redaction(summary: dict[str, Any], paragraph: int, words: str, replacement: str, **more: str) -> dict[str, Any]:
    """Return the redaction of the first place of `words` in a paragraph."""
    start = summary["paragraphs"][paragraph]["text"].index(words)
    span = {"paragraph": paragraph, "start": start, "end": start + len(words)}
    return span | {"type": "person", "reason": "Names somebody.", "replacement": replacement} | more


async def approve(worked: Worked, summary: dict[str, Any], somebody: Actor | None = None) -> httpx.Response:
    """Return the answer to an approval of the version given, by the reviewer unless somebody else is named."""
    address, approver = f"{worked.summaries}/{summary['id']}/approval", somebody or worked.actors.reviewer
    statement = {"statement": "I read every paragraph and found nobody identifiable."}
    return await approver.post(address, json=statement, headers=version_of(summary))


async def release(
    worked: Worked, summary: dict[str, Any], *audiences: str, somebody: Actor | None = None
) -> httpx.Response:
    """Return the answer to a release, to hr unless audiences are named, by the case officer unless somebody else is."""
    address, releaser = f"{worked.summaries}/{summary['id']}/release", somebody or worked.actors.case_officer
    return await releaser.post(address, json={"audiences": list(audiences) or ["hr"]})


async def a_release(worked: Worked, *audiences: str) -> dict[str, Any]:
    """Return a new release of the newest report, to hr unless audiences are named."""
    summary = await a_summary(worked)
    body_of(await approve(worked, summary))
    return body_of(await release(worked, summary, *audiences), 201)


def release_url(made: dict[str, Any]) -> str:
    """Return where the audiences of a release read it."""
    return f"/v1/releases/{UUID(made['id'])}"


async def leaking(service: Service, reasons: str) -> tuple[Worked, dict[str, Any]]:
    worked = await a_reported_case(service, Alleged("1.1", reasons=reasons))
    return worked, await a_summary(worked)
