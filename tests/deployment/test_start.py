"""The service starts where it may write to nothing but its data folder, as in a container with a read-only root."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.promises.process import ServiceProcess, free_port

ROOT = Path(__file__).parents[2]
SECONDS_TO_START = 60
READ_ONLY = """
mount --make-rprivate / && mount --bind "$CANDOUR_DATA_FOLDER" "$CANDOUR_DATA_FOLDER" && mount -o remount,ro,bind / || exit 9
touch scripts/written 2>/dev/null && exit 9
exec "$@"
"""


def may_mount() -> bool:
    """Answers whether this process may make the root file system read-only for a child of its own."""
    probe = ["unshare", "--mount", "sh", "-c", "mount --make-rprivate / && mount -o remount,ro,bind /"]
    return bool(shutil.which("unshare")) and subprocess.run(probe, check=False, capture_output=True).returncode == 0


def is_ready(port: int) -> bool:
    """Answers whether the service says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.mark.skipif(not may_mount(), reason="only root may make a file system read-only")
def test_the_service_starts_with_a_read_only_root_file_system(tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "CANDOUR_DATA_FOLDER": str(tmp_path / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    (tmp_path / "data").mkdir(mode=0o700)
    service = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    command = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", *service]
    log = tmp_path / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        ) as process,
    ):
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not is_ready(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        finally:
            process.terminate()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) != []


async def test_the_process_names_neither_itself_nor_the_hour_and_writes_no_address_down(tmp_path: Path) -> None:
    service = ServiceProcess(tmp_path, None)
    await service.start()
    try:
        async with service.client() as client:
            headers = {"X-Forwarded-For": "203.0.113.77", "User-Agent": "canary-browser"}
            answer = await client.get("/v1/channels/none", headers=headers)
    finally:
        await service.end(signal.SIGTERM)
    assert answer.status_code == 404
    assert not {"server", "date", "set-cookie"} & set(answer.headers)
    written = service.log.read_text()
    assert "/docs" in written
    assert not [trace for trace in ("203.0.113.77", "canary-browser", "/v1/channels/none", "GET ") if trace in written]
