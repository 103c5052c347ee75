"""A database that is in use is only ever served with the keys that it was written with."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import setup, worker
from app.cli import app as commands
from app.kernel.keyring import KeyFilesUnsafe
from app.kernel.runtime import Runtime
from app.kernel.settings import Settings
from tests.builders.prooflog import SEQUENCING
from tests.conftest import Clock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An embedded deployment that was started once."""
    settings = Settings(data_folder=tmp_path / "data", database_url=None)
    assert setup.set_up(settings) is not None
    return settings


def test_a_second_start_finds_everything_ready(settings: Settings) -> None:
    assert setup.set_up(settings) is None


@pytest.mark.parametrize("name", ["pepper.key", "service-1.key"])
def test_a_key_that_was_lost_is_not_made_anew(settings: Settings, name: str) -> None:
    (settings.keys_folder / name).unlink()
    with pytest.raises(KeyFilesUnsafe):
        setup.set_up(settings)
    assert not (settings.keys_folder / name).exists()


@pytest.mark.parametrize("name", ["pepper.key", "service-1.key"])
def test_the_key_of_another_deployment_is_not_served_with(settings: Settings, name: str) -> None:
    path = settings.keys_folder / name
    path.chmod(0o600)
    path.write_bytes(bytes(32))
    with pytest.raises(KeyFilesUnsafe, match="not those"):
        setup.set_up(settings)


def test_a_key_that_signs_tokens_is_made_anew_for_it_opens_nothing(settings: Settings) -> None:
    (settings.keys_folder / "tokens-1.pem").unlink()
    assert setup.set_up(settings) is None
    assert (settings.keys_folder / "tokens-1.pem").exists()


def test_the_operator_is_told_which_key_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.keys_folder / "pepper.key").unlink()
    monkeypatch.setenv("CANDOUR_DATA_FOLDER", str(settings.data_folder))
    monkeypatch.delenv("CANDOUR_DATABASE_URL", raising=False)
    told = CliRunner().invoke(commands, ["setup"])
    assert told.exit_code == 1
    assert "pepper.key is missing" in told.output
    assert "Traceback" not in told.output


def _log_something(settings: Settings) -> None:
    """The sequencer has run on a day after the first start."""

    async def log() -> None:
        runtime = Runtime.from_settings(settings)
        try:
            assert await worker.run(runtime, SEQUENCING)
        finally:
            await runtime.close()

    asyncio.run(log())


def test_the_key_of_the_log_is_made_where_nothing_was_signed_yet(settings: Settings) -> None:
    (settings.keys_folder / "log.key").unlink()
    assert setup.set_up(settings) is None
    assert (settings.keys_folder / "log.key").stat().st_mode & 0o777 == 0o400


def test_the_key_of_a_log_that_was_signed_is_not_made_anew(settings: Settings, clock: Clock) -> None:
    clock.advance(timedelta(days=1))
    _log_something(settings)
    assert setup.set_up(settings) is None
    (settings.keys_folder / "log.key").unlink()
    with pytest.raises(KeyFilesUnsafe, match=r"log\.key is missing"):
        setup.set_up(settings)


def test_another_key_of_the_log_is_not_served_with(settings: Settings, clock: Clock) -> None:
    clock.advance(timedelta(days=1))
    _log_something(settings)
    path = settings.keys_folder / "log.key"
    path.chmod(0o600)
    path.write_bytes(bytes(32))
    with pytest.raises(KeyFilesUnsafe, match="not those"):
        setup.set_up(settings)
    path.write_bytes(bytes(31))
    with pytest.raises(KeyFilesUnsafe, match="not 32 bytes"):
        setup.set_up(settings)
