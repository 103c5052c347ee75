"""A typed client that a public generator makes from the document runs the journey, from grievance to release."""

import asyncio
import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.builders.cases import TRIAGE
from tests.builders.intake import a_collective_grievance, a_grievance
from tests.builders.whole import REPORT
from tests.conftest import Actor, Service

QUIET = "project_name_override: candour-client\npackage_name_override: candour_client\npost_hooks: []\n"


@pytest.fixture
async def generated(service: Service, tmp_path: Path) -> Any:  # noqa: ANN401 a module made at run time
    """The generated package, imported. The generator had nothing to complain of."""
    (tmp_path / "openapi.json").write_text(json.dumps(service.app.openapi()))
    (tmp_path / "config.yml").write_text(QUIET)
    generator = shutil.which("openapi-python-client", path=str(Path(sys.executable).parent))
    assert generator is not None
    process = await asyncio.create_subprocess_exec(
        generator, "generate", "--meta", "none", "--path", "openapi.json", "--config", "config.yml",
        "--output-path", "candour_client", "--fail-on-warning",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return tmp_path


@pytest.fixture
def package(generated: Path) -> Iterator[Any]:
    """What `import candour_client` gives."""
    sys.path.insert(0, str(generated))
    yield importlib.import_module("candour_client")
    sys.path.remove(str(generated))
    for name in [name for name in sys.modules if name.startswith("candour_client")]:
        del sys.modules[name]


def part(name: str) -> Any:  # noqa: ANN401 a module made at run time
    """Return a module of the generated package."""
    return importlib.import_module(f"candour_client.{name}")


async def ask(name: str, client: Any, **arguments: Any) -> Any:  # noqa: ANN401 what was generated
    """Return the parsed answer of an operation, named by tag and id. It is no problem."""
    answer = await part(f"api.{name}").asyncio(client=client, **arguments)
    assert not isinstance(answer, part("models").Problem), (name, answer)
    return answer


def body(model: str, **fields: Any) -> Any:  # noqa: ANN401 what was generated
    """Return the body of that model."""
    return getattr(part("models"), model).from_dict(fields)


def version(of: Any) -> str:  # noqa: ANN401 what was generated
    """Return the If-Match that names what was read."""
    return f'"{of.version}"'


@pytest.fixture
def as_(package: Any, service: Service) -> Callable[[Actor], Any]:  # noqa: ANN401 what was generated
    """How to get the client of somebody who is signed in."""

    def client_of(actor: Actor) -> Any:  # noqa: ANN401
        return package.AuthenticatedClient(
            base_url="http://127.0.0.1:8000",
            token=actor.headers["Authorization"].removeprefix("Bearer "),
            headers={"X-Unlock": actor.headers["X-Unlock"]},
            httpx_args={"transport": httpx.ASGITransport(app=service.app)},
        )

    return client_of


async def test_a_generated_client_reports_and_reads_the_inbox(
    package: Any,  # noqa: ANN401 a module made at run time
    service: Service,
    actors: SimpleNamespace,
    channel: str,
    as_: Callable[[Actor], Any],
) -> None:
    models = part("models")
    transport = {"transport": httpx.ASGITransport(app=service.app)}
    nobody = package.Client(base_url="http://127.0.0.1:8000", httpx_args=transport)
    grievance = models.GrievanceIn.from_dict(a_grievance())
    submitted = await ask("reporting.submit_grievance", nobody, channel=channel, body=grievance)
    session = await ask("reporting.open_inbox", nobody, body=models.InboxSessionIn(receipt=submitted.receipt))
    reporter = package.AuthenticatedClient(base_url="http://127.0.0.1:8000", token=session.token, httpx_args=transport)
    inbox = await ask("reporting.read_inbox", reporter)
    assert inbox.reference == submitted.reference
    assert inbox.narrative == a_grievance()["narrative"]
    cases = await ask("cases.list_cases", as_(actors.case_officer), reference=submitted.reference)
    refused = await part("api.cases.read_case").asyncio(case_id=cases.items[0].id, client=nobody)
    assert isinstance(refused, models.Problem)
    assert refused.status == 401


async def test_a_generated_client_takes_a_grievance_of_many_to_its_release(
    actors: SimpleNamespace, channel: str, as_: Callable[[Actor], Any]
) -> None:
    officer, investigator, reviewer = (as_(one) for one in (actors.case_officer, actors.investigator, actors.reviewer))
    submitted = await ask(
        "collective_grievances.submit_collective_grievance",
        as_(actors.representative),
        channel=channel,
        body=body("CollectiveGrievanceIn", **a_collective_grievance(2)),
    )
    [found] = (await ask("cases.list_cases", officer, reference=submitted.reference)).items
    case = {"case_id": found.id}
    await ask("cases.acknowledge_case", officer, **case)
    await ask("cases.triage_case", officer, **case, body=body("TriageIn", **TRIAGE))
    decision = body("DecisionIn", outcome="accepted", reason="It must be looked into.")
    await ask("cases.decide_case", officer, **case, body=decision)
    for capacity in ("investigator", "reviewer"):
        who = str(getattr(actors, capacity).account_id)
        await ask(
            "cases.appoint_to_case", officer, **case, body=body("AppointmentIn", account_id=who, capacity=capacity)
        )

    theme = await ask(
        "allegations.record_theme", investigator, **case, body=body("ThemeIn", label="1", title="Records")
    )
    alleged = body("AllegationIn", label="1.1", statement="Records were altered.", theme_id=str(theme.id))
    allegation = await ask("allegations.record_allegation", investigator, **case, body=alleged)
    record = body("ExhibitIn", kind="document", state="received", title="The record")
    exhibit = await ask("evidence.record_exhibit", investigator, **case, body=record)
    on = {"exhibit_id": exhibit.id, "allegation_id": allegation.id}
    await ask("evidence.link_exhibit", investigator, **case, **on, body=body("LinkIn", bearing="supports"))
    what = body(
        "FindingIn",
        outcome="upheld",
        standard_of_proof="balance_of_probabilities",
        reasons="The record shows it: ring 07700 900123.",
        exhibit_ids=[str(exhibit.id)],
    )
    finding = await ask("findings.record_finding", investigator, **case, allegation_id=allegation.id, body=what)
    agreed = await ask(
        "findings.review_finding", reviewer, **case, finding_id=finding.id, if_match=version(finding),
        body=body("ReviewIn", agrees=True),
    )  # fmt: skip
    assert agreed.state == "final"
    await ask("findings.complete_findings", investigator, **case)
    report = await ask("reports.write_report", investigator, **case, body=body("ReportIn", **REPORT))
    await ask("reports.seal_report", investigator, **case, report_id=report.id)

    draft = body("SummaryIn", report_id=str(report.id))
    summary = await ask("summaries.draft_summary", investigator, **case, body=draft)
    it = {**case, "summary_id": summary.id}
    suggested = await ask("summaries.suggest_redactions", investigator, **it, body=body("SuggestionsIn"))
    redactions = [one.redaction.to_dict() for one in suggested.suggestions]
    assert [one["type"] for one in redactions] == ["telephone"]
    redacted = await ask(
        "summaries.redact_summary", investigator, **it, if_match=version(summary),
        body=body("RedactionsIn", redactions=redactions),
    )  # fmt: skip
    assert "07700" not in str(redacted.preview.to_dict())
    statement = body("ApprovalIn", statement="I read every paragraph.")
    await ask("summaries.approve_summary", reviewer, **it, if_match=version(redacted), body=statement)
    released = await ask("summaries.release_summary", officer, **it, body=body("ReleaseIn", audiences=["hr"]))
    hr = as_(actors.hr)
    assert [one.id for one in (await ask("releases.list_releases", hr)).items] == [released.id]
    read = await ask("releases.read_release", hr, release_id=released.id)
    assert read.content.title == released.title
