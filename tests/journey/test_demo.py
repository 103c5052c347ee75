"""The demo, as the person sees it who starts it: played once, there the second time, and looked at as anybody of the cast."""

import asyncio
import io
import json
import re
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from rich.console import Console
from typer.testing import CliRunner

from app.demo import __main__ as command
from app.demo import looking, telling
from app.demo.people import CAST
from app.demo.player import STAGES
from tests.conftest import Clock, EmptyService
from tests.promises.process import ROOT, ServiceProcess

ADDRESS = "http://127.0.0.1:8000"
PLAYED_WITHIN_SECONDS = 180


async def _shown(
    service: EmptyService, one_time_password: str | None, folder: Path, now: Callable[[], datetime]
) -> str:
    written = io.StringIO()
    await telling.show(service.client, ADDRESS, one_time_password, folder, Console(file=written, width=120), now)
    return written.getvalue()


def _curl_headers(printed: str) -> dict[str, str]:
    return dict(re.findall(r'^header = "([^:]+): (.+)"$', printed, re.MULTILINE))


async def test_the_demo_plays_once_is_there_the_second_time_and_can_be_looked_at_as_anybody_of_the_cast(
    empty_service: EmptyService, clock: Clock, tmp_path: Path
) -> None:
    def now() -> datetime:
        return clock.at

    first = await _shown(empty_service, empty_service.one_time_password, tmp_path, now)
    for stage, _ in STAGES:
        assert f"done  {stage}\n" in first
    assert first.splitlines()[-1].startswith("The case has been played")
    assert "This is a demo" in first
    file = tmp_path / looking.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = json.loads(file.read_text())
    assert "demo" in kept["warning"]
    for part in CAST:
        assert part.username in first
        assert kept["accounts"][part.name]["password"] in first
        assert looking.curl(file, part.name, kept) in first

    second = await _shown(empty_service, None, tmp_path, now)
    assert second.startswith("The Southampton case is there already")
    assert second.splitlines()[-1].startswith("The case has been played")
    assert kept["accounts"]["hr"]["password"] in second
    assert json.loads(file.read_text()) == kept

    clock.advance(timedelta(minutes=1))
    for _ in range(2):  # in one half minute, for which an authenticator has a single code
        headers = _curl_headers(await looking.headers(file, "hr", empty_service.client, now))
        assert set(headers) == {"Authorization", "X-Unlock"}
        address = f"/v1/releases/{kept['ids']['release_id']}"
        assert (await empty_service.client.get(address, headers=headers)).status_code == 200
    assert looking.recall(file)["accounts"]["hr"]["last_step"] > kept["accounts"]["hr"]["last_step"]
    assert len(kept["custodian_seeds"]) == 3


async def test_a_folder_that_was_in_use_before_is_told_apart_and_left_alone(
    empty_service: EmptyService, clock: Clock, tmp_path: Path
) -> None:
    said = await _shown(empty_service, None, tmp_path, lambda: clock.at)
    assert "cannot be played here" in said
    assert "has been played" not in said
    assert not (tmp_path / looking.FILE).exists()


async def test_a_play_that_is_refused_says_where_and_echoes_no_secret(
    empty_service: EmptyService, clock: Clock, tmp_path: Path
) -> None:
    said = await _shown(empty_service, "7K2QD-9XWMB-0RTFA-H4C3N", tmp_path, lambda: clock.at)
    assert "POST /v1/auth/activation answered 401, not 200" in said
    assert "sign-in-refused" in said
    assert "7K2QD" not in said
    assert not (tmp_path / looking.FILE).exists()


def _file_with(tmp_path: Path, address: str) -> Path:
    file = tmp_path / looking.FILE
    account = {
        "account_id": "",
        "password": "a password of the play",
        "totp_secret": pyotp.random_base32(),
        "last_step": 0,
    }
    file.write_text(json.dumps({"address": address, "ids": {}, "accounts": {"hr": account}}))
    return file


def test_the_code_of_an_authenticator_can_be_asked_for(tmp_path: Path) -> None:
    file = _file_with(tmp_path, ADDRESS)
    printed = CliRunner().invoke(command.app, ["code", str(file), "hr"])
    assert (printed.exit_code, bool(re.fullmatch(r"\d{6}\n", printed.output))) == (0, True)


@pytest.mark.parametrize("act", ["code", "headers"])
def test_asking_for_somebody_who_does_not_play_lists_who_does(tmp_path: Path, act: str) -> None:
    printed = CliRunner().invoke(command.app, [act, str(_file_with(tmp_path, ADDRESS)), "mayor"])
    assert printed.exit_code == 2
    assert "there are hr" in printed.output


@asynccontextmanager
async def _demo_of(service: ServiceProcess) -> AsyncIterator[str]:
    """Yield what `python -m app serve --demo` has written once the case is there; end it afterwards."""
    with service.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "serve", "--demo", "--port", str(service.port),
            cwd=ROOT, env=service.environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        async with asyncio.timeout(PLAYED_WITHIN_SECONDS):
            while "The case has been played" not in service.log.read_text():
                assert process.returncode is None, service.log.read_text()
                await asyncio.sleep(0.2)
        yield service.log.read_text()
    finally:
        process.terminate()
        await process.wait()


async def test_the_demo_of_a_process_can_be_read_by_the_curl_that_it_prints_and_is_there_at_the_next_start(
    tmp_path: Path,
) -> None:
    service = ServiceProcess(tmp_path, None)
    async with _demo_of(service) as said:
        (line,) = re.findall(r"^ +(.+ headers \S+ hr \| curl .+)$", said, re.MULTILINE)
        curl = await asyncio.create_subprocess_shell(line, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        released, _ = await curl.communicate()
    assert json.loads(released)["content"]["counts"]["upheld"] == 8

    async with _demo_of(service) as said:
        assert "there already" in said
        assert "First start" not in said
