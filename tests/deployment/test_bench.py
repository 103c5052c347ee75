"""The benchmark runs from its command line, and says what it measured: no number is asserted, only that there is one."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL = (
    "--seconds",
    "0.2",
    "--rounds",
    "1",
    "--clients",
    "8",
    "--no-valgrind",
    "--database",
    "sqlite",
    "--cases",
    "50",
)


def test_the_benchmark_measures_service_and_floor_in_one_run(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "scripts.benchmark", "--only", "read a release", *SMALL, "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "read a release" in done.stdout
    assert '"floor"' in output.read_text()
    assert '"service"' in output.read_text()
    assert json.loads(output.read_text())


def test_sealing_and_proving_are_measured_beside_their_primitives_in_one_run(tmp_path: Path) -> None:
    output = tmp_path / "bench-sealing.json"
    small = ("--seconds", "0.01", "--rounds", "1", "--events", "50", "--database", "sqlite", "--no-valgrind")
    command = [sys.executable, "-m", "scripts.benchmark", "sealing", *small, "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    without, on_sqlite = json.loads(output.read_text())["measured"]
    acts = [[cost["name"] for cost in measured["costs"]] for measured in (without, on_sqlite)]
    assert acts == [
        ["seal", "approve", "open", "check a path", "check a receipt"],
        ["append, global", "append, per case", "sequence", "verify", "rotate"],
    ]
    for cost in (*without["costs"], *on_sqlite["costs"]):
        assert cost["name"] in done.stdout
        assert cost["ours_us"]
        assert cost["floor_us"]
        assert cost["least"] <= cost["ratio"] <= cost["most"]


def test_a_file_is_sent_beside_its_floor_in_one_run(tmp_path: Path) -> None:
    output = tmp_path / "bench-files.json"
    command = [
        sys.executable,
        "-m",
        "scripts.benchmark",
        "files",
        "--mib",
        "3",
        "--rounds",
        "1",
        "--output",
        str(output),
    ]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(output.read_text())
    assert found["ratio"] == found["rounds"][0]["floor"] / found["rounds"][0]["sent"]
    assert "memory growth" in done.stdout


def test_an_act_can_be_repeated_in_a_process_of_its_own_so_that_its_instructions_can_be_counted() -> None:
    command = [sys.executable, "-m", "scripts.benchmark.counting", "check a receipt", "ours", "2"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_timing_of_refusals_is_told_and_asserts_nothing() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "scripts.benchmark.timing", "3"], cwd=ROOT, check=True, capture_output=True
    )
    assert told.stdout.count(b"p = ") == 2
