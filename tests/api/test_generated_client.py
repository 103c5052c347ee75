"""A typed client that a public generator makes from the document runs the journey: report, inbox, sign in, acknowledge."""

import asyncio
import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.builders.intake import a_grievance
from tests.conftest import Service

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


async def test_a_generated_client_runs_the_journey(
    package: Any,  # noqa: ANN401 a module made at run time
    service: Service,
    actors: SimpleNamespace,
    channel: str,
) -> None:
    models = part("models")
    transport = {"transport": httpx.ASGITransport(app=service.app)}
    nobody = package.Client(base_url="http://127.0.0.1:8000", httpx_args=transport)
    grievance = models.GrievanceIn.from_dict(a_grievance())
    submitted = await part("api.reporting.submit_grievance").asyncio(channel=channel, client=nobody, body=grievance)
    assert isinstance(submitted, models.SubmittedOut)

    receipt = models.InboxSessionIn(receipt=submitted.receipt)
    session = await part("api.reporting.open_inbox").asyncio(client=nobody, body=receipt)
    reporter = package.AuthenticatedClient(base_url="http://127.0.0.1:8000", token=session.token, httpx_args=transport)
    inbox = await part("api.reporting.read_inbox").asyncio(client=reporter)
    assert inbox.reference == submitted.reference
    assert inbox.narrative == a_grievance()["narrative"]

    officer = package.AuthenticatedClient(
        base_url="http://127.0.0.1:8000",
        token=actors.case_officer.headers["Authorization"].removeprefix("Bearer "),
        headers={"X-Unlock": actors.case_officer.headers["X-Unlock"]},
        httpx_args=transport,
    )
    cases = await part("api.cases.list_cases").asyncio(client=officer)
    case = next(one for one in cases.items if one.reference == submitted.reference)
    acknowledged = await part("api.cases.acknowledge_case").asyncio(case_id=case.id, client=officer)
    assert acknowledged.state == "acknowledged"
    refused = await part("api.cases.read_case").asyncio(case_id=case.id, client=nobody)
    assert isinstance(refused, models.Problem)
    assert refused.status == 401
