"""Where a service asks for a proof of work, the client does it, says so, and goes on; what is no decent work it refuses."""

import json
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import intake
from tests.client.liar import lying
from tests.client.people import CHANNEL, Council
from tests.client.test_ceremony import NARRATIVE, written
from tests.client.test_submitting import RECEIPT
from tests.promises.process import ServiceProcess

SAYS_SO = "proof of work"


@pytest.fixture
async def pressed(council: Council, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A second process of the council's service, which asks everybody for a proof; its slow lanes were just used."""
    asks = {"proof_of_work": "always", "proof_of_work_tries": "300", "slow_lane_per_minute": "1"}
    process = ServiceProcess(tmp_path / "pressed", None, faces='["reporter"]', **asks)
    process.data = council.service.data
    await process.start()
    async with process.client() as anybody:
        assert (await anybody.post(intake.grievances_of(CHANNEL), json=intake.a_grievance())).status_code == 201
        assert (await anybody.post("/v1/inbox/sessions", json={"receipt": "no such"})).status_code == 401
        assert (await anybody.post("/v1/inbox/sessions", json={"receipt": "no such"})).status_code == 428
    yield process
    await process.end(signal.SIGKILL)


async def test_the_client_works_where_it_is_asked_to_and_reports_and_comes_back(
    council: Council, pressed: ServiceProcess, tmp_path: Path
) -> None:
    reporter = council.visitor(tmp_path / "reporter")
    place = ("--server", pressed.address, "--channel", CHANNEL)
    ran = await reporter.runs("submit", written(tmp_path), *place, "--root-key", await council.root_words())
    assert SAYS_SO in ran.errors
    [receipt] = re.findall(RECEIPT, ran.out, re.MULTILINE)
    opened = await reporter.runs("inbox", "open", *place, typed=f"{receipt}\n")
    assert NARRATIVE in opened.out
    assert SAYS_SO in opened.errors


@pytest.mark.parametrize(
    "challenge", [None, {}, {"parameters": {"cost": 10**9}, "signature": ""}], ids=["none", "empty", "endless"]
)
async def test_a_service_cannot_make_the_client_work_without_end(
    council: Council, tmp_path: Path, challenge: object
) -> None:
    asked = {"type": "/problems/proof-of-work-needed", "title": "Work", "status": 428, "challenge": challenge}
    with lying(council.address) as liar:
        liar.spoils = [(428, json.dumps(asked).encode())]
        reporter = council.visitor(tmp_path / "reporter")
        place = ("--server", liar.address, "--channel", CHANNEL, "--root-key", await council.root_words())
        ran = await reporter.tries("submit", written(tmp_path), *place)
    assert ran.code == 1
    assert "a proof of work that is none" in ran.errors
