"""The benchmark runs from its command line, and says what it measured: no number is asserted, only that there is one."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL = ("--seconds", "0.2", "--rounds", "1", "--clients", "8", "--no-valgrind", "--database", "sqlite")


def test_the_benchmark_measures_service_and_floor_in_one_run(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "scripts.benchmark", "--only", "read a release", *SMALL, "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read a release" in done.stdout
    assert '"floor"' in output.read_text()
    assert '"service"' in output.read_text()
    assert json.loads(output.read_text())
