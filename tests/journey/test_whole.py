"""The main job from grievance to release, in as few steps as it takes."""

from types import SimpleNamespace

from app.audit.verify import verify
from tests.builders.whole import REDACTED_ROLE, a_released_case
from tests.conftest import Service


async def test_hr_reads_the_release_and_for_hr_there_is_no_case(service: Service, actors: SimpleNamespace) -> None:
    case = await a_released_case(actors)
    released = await actors.hr.get(f"/v1/releases/{case.ids['release_id']}")
    assert released.status_code == 200
    assert REDACTED_ROLE not in released.text
    assert "senior manager" in released.text
    assert case.ids["case_id"] not in released.text
    for tail in ("", "/allegations", "/findings", "/reports", "/grievances", "/summaries"):
        assert (await actors.hr.get(case.path(tail))).status_code == 404


async def test_the_log_vouches_for_every_row_of_a_released_case(service: Service, actors: SimpleNamespace) -> None:
    await a_released_case(actors)
    async with service.runtime.database.session(write=False) as session:
        result = await verify(session, service.runtime.keys)
    assert result.faults == []
    assert result.chains == 2
