"""A service in a process of its own and a browser that shows its pages: made once, used by every test with a browser."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser, async_playwright

from app import setup
from app.crypto import hpke
from app.main import create_app
from tests import conftest
from tests.builders.supporting import a_count
from tests.conftest import CHANNEL, Clock
from tests.interop.node import NodeMissing, in_ci, install
from tests.portal import reader
from tests.promises.process import ServiceProcess

MOST_WALKS = 60
"""As many codes are drawn."""
ELSEWHERE = "Protect, the whistleblowing charity; or the prescribed person for social care."
FOLDER = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OF_THE_CHANNEL = (
    "administrator", "case_officer", "other_case_officer", "custodian", "second_custodian", "third_custodian",
    "representative",
)  # fmt: skip
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
"""The browser asks nobody anything by itself. It runs without its sandbox, since the tests may run as root."""


@pytest.fixture(scope="session")
async def portal(tmp_path_factory: pytest.TempPathFactory, frozen_clock: Clock) -> AsyncIterator[ServiceProcess]:
    """A running service on the embedded database, with a cast and one open channel."""
    process = ServiceProcess(tmp_path_factory.mktemp("portal"), None)
    settings = conftest._settings(process.data, None)
    setup.prepare_folder(settings)
    setup.make_keys(settings)
    await asyncio.to_thread(setup.migrate, settings)
    app = create_app(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conftest, "CAST", {name: conftest.CAST[name] for name in OF_THE_CHANNEL})
        cast = await conftest._make_cast(app, app.state.runtime)
    await conftest._open_channel(cast, [hpke.new_seed() for _ in range(3)])
    made_at = frozen_clock.at
    frozen_clock.set(datetime.now(UTC))  # that of the process: supporters are counted while its tests run
    await _offer_all(cast)
    frozen_clock.set(made_at)
    await app.state.runtime.close()
    await process.start()
    yield process
    await process.end(signal.SIGTERM)


async def _offer_all(cast: SimpleNamespace) -> None:
    """The channel has what channels can have, and a grievance of many is to be supported."""
    for who in (cast.administrator, cast.representative):
        await who.sign_in()
    settings = {
        "elsewhere": ELSEWHERE,
        "own_categories": [{"code": "bullying", "names": [{"language": "en", "text": "Bullying"}]}],
        "translations": [
            {"language": "cy", "name": "Gwasanaethau plant", "procedure_text": "Gweithdrefn.", "elsewhere": None}
        ],
        "shows_officers": True,
    }
    changed = await cast.administrator.patch(f"/v1/channels/{CHANNEL}", json=settings, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    today = datetime.now(UTC).date()
    reader.COUNTED[:] = [
        await a_count(
            cast.representative,
            "codes",
            MOST_WALKS,
            opens_on=today.isoformat(),
            closes_on=(today + timedelta(days=30)).isoformat(),
        )
    ]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, as it is installed on the machine."""
    if CHROMIUM is None:
        if in_ci():
            pytest.fail("there is no Chromium")
        pytest.skip("NOTHING WAS SHOWN IN A BROWSER: there is no Chromium on this machine")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that judges a page by WCAG, of the version in package-lock.json."""
    try:
        install(FOLDER)
    except NodeMissing as missing:
        if in_ci():
            raise
        pytest.skip(f"NOTHING WAS SHOWN ABOUT ACCESSIBILITY: {missing}")
    return (FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
