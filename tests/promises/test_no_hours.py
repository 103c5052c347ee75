"""A13: nothing that a reporter causes tells more than the day: no row, no file, no header, no answer, no token."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import DateTime

from app.crypto import hpke
from app.kernel.db import Base, Instant
from tests import conftest
from tests.builders import intake
from tests.builders.intake import ReporterClient
from tests.conftest import Clock, Service

AT = datetime(2026, 3, 2, 13, 47, 21, 987_654, tzinfo=UTC)
"""No part of it is likely to turn up by chance."""
START_OF_DAY_MS = int(AT.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
HOUR = re.compile(r"\d{1,2}:\d{2}(:\d{2})?|13[-_.h]?47|T\d{2}:?\d{2}")


def numbers_of(instant: datetime) -> Iterator[int]:
    """Yield an instant as programs count it."""
    for per_second in (1, 1_000, 1_000_000):
        yield int(instant.timestamp() * per_second)


MOMENTS = [number for minutes in (0, 10, 15) for number in numbers_of(AT + timedelta(minutes=minutes))]
"""When it happens, and when what then begins will end."""
AS_BYTES = [number.to_bytes(size, order) for number in MOMENTS for size, order in ((4, "big"), (4, "little"), (8, "big"), (8, "little")) if number < 256**size]  # type: ignore[arg-type]  # fmt: skip


def hours_in(value: Any) -> list[str]:  # noqa: ANN401 any value of a column
    """Return what tells the hour in a value of a row."""
    if isinstance(value, datetime):
        return [] if value == value.replace(hour=0, minute=0, second=0, microsecond=0) else [str(value)]
    if isinstance(value, UUID):
        return [] if value.version != 7 or value.int >> 80 == START_OF_DAY_MS else [str(value)]
    if isinstance(value, bytes):
        return [f"{value.hex()} holds {moment.hex()}" for moment in AS_BYTES if moment in value]
    if isinstance(value, list):
        return [found for one in value for found in hours_in(one)]
    text = str(value)
    return [text for number in MOMENTS if str(number) in text] + [text for _ in HOUR.finditer(text)]


async def journey(service: Service, anonymous: httpx.AsyncClient) -> tuple[list[httpx.Response], list[str]]:
    """Report twice, with a receipt of the service's and with keys of one's own; look; leave; return answers and tokens."""
    answers, tokens = [await anonymous.get(f"/v1/channels/{conftest.CHANNEL}")], []
    client = ReporterClient()
    bodies = (intake.a_grievance(), intake.a_grievance("anonymous", reporter_keys=client.keys()))
    for number, body in enumerate(bodies):
        key = {"Idempotency-Key": f"a-fresh-random-key-000{number}"}
        sent = await anonymous.post(intake.grievances_of(), json=body, headers=key)
        proof = {"receipt": sent.json()["receipt"]} if sent.json()["receipt"] else {"lookup": client.lookup}
        opened = await anonymous.post("/v1/inbox/sessions", json=proof)
        tokens.append(opened.json()["token"])
        headers = {"Authorization": f"Bearer {tokens[-1]}"}
        answers += [sent, opened, await anonymous.get("/v1/inbox", headers=headers)]
    answers.append(await anonymous.delete("/v1/inbox/sessions", headers=headers))
    answers.append(await anonymous.post("/v1/inbox/sessions", json={"receipt": "none"}))
    return answers, tokens


async def test_no_row_of_a_table_that_a_reporter_writes_to_tells_the_hour(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    before = await conftest._snapshot(service.runtime)
    clock.set(AT)
    await journey(service, anonymous)
    after = await conftest._snapshot(service.runtime)
    written = {name: [row for row in rows if row not in before[name]] for name, rows in after.items()}
    tables = {name for name, rows in written.items() if rows}
    assert tables >= {"grievances", "cases", "sealed_identities", "inbox_sessions", "stored_answers", "audit_events"}
    told = [
        f"{name}.{column}: {hour}"
        for name, rows in written.items()
        for row in rows
        for column, value in row.items()
        for hour in hours_in(value)
    ]
    assert told == []


async def test_every_column_of_a_reporters_own_tables_holds_a_day_at_most() -> None:
    """By the kind of the column, whatever a journey puts there: only the log has instants, and gets the first of the day."""
    own = {"grievances", "raised_allegations", "supporters", "headcount_claims", "inbox_sessions", "stored_answers", "sealed_identities", "identity_shares"}  # fmt: skip
    assert own <= set(Base.metadata.tables)
    instants = [
        f"{name}.{column.name}"
        for name in sorted(own)
        for column in Base.metadata.tables[name].columns
        if isinstance(column.type, DateTime | Instant)
    ]
    assert instants == []


async def test_no_answer_and_no_header_that_a_reporter_gets_tells_the_hour(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    clock.set(AT)
    answers, tokens = await journey(service, anonymous)
    for answer in answers:
        assert not {"date", "last-modified", "age", "expires", "etag", "set-cookie", "server"} & set(answer.headers)
        said = answer.text
        for token in tokens:
            said = said.replace(token, "")  # of a token, below
        assert [found for number in MOMENTS for found in [str(number)] if found in said] == []
        assert re.findall(r"T(?!00:00)\d{2}:\d{2}|\b\d{2}:\d{2}:\d{2}\b", said) == []


async def test_a_token_tells_its_end_to_its_holder_alone(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    """It must say when it ends, for no row may; what the database keeps of it is a hash."""
    clock.set(AT)
    _, (token, _other) = await journey(service, anonymous)
    rows = (await conftest._snapshot(service.runtime))["inbox_sessions"]
    assert rows
    assert all(token.encode() not in value for row in rows for value in row.values() if isinstance(value, bytes))


def files_in(folder: Path) -> set[Path]:
    """Return every file and folder below."""
    return set(folder.rglob("*"))


async def test_no_file_of_a_reporters_tells_the_hour(
    service: Service, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    folder: Path = service.runtime.settings.erasure_folder
    before = files_in(folder)
    clock.set(AT)
    await journey(service, anonymous)
    made = files_in(folder) - before
    assert len([path for path in made if path.is_file()]) == 2
    day = AT.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    assert {path.stat().st_mtime for path in (*made, folder)} == {day}
    assert [hour for path in made if path.is_file() for hour in hours_in(UUID(path.name))] == []


@pytest.mark.parametrize(
    "value",
    [AT, hpke.new_seed() + int(AT.timestamp()).to_bytes(4, "big"), "at 13:47", str(int(AT.timestamp())), [AT]],
    ids=["instant", "bytes", "text", "number", "list"],
)
def test_what_tells_the_hour_would_be_found(value: object) -> None:
    assert hours_in(value) != []
