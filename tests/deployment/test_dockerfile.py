"""The image keeps to what docs and operators rely on. Read from the Dockerfile: no container engine is needed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Answers each instruction of the Dockerfile with its arguments, continuation lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, arguments) for name, _, arguments in (line.partition(" ") for line in lines)]


def last_stage() -> list[tuple[str, str]]:
    """Answers the instructions that make the image which is run."""
    found = instructions()
    start = max(number for number, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def arguments_of(name: str) -> list[str]:
    """Answers the arguments of each such instruction in the last stage."""
    return [arguments for found, arguments in last_stage() if found == name]


def test_every_base_is_pinned_to_a_patch_release() -> None:
    bases = [arguments for name, arguments in instructions() if name == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.match(r"python:3\.\d+\.\d+-slim-\w+( AS build)?$", base)


def test_the_service_runs_as_a_numbered_account_that_is_not_root() -> None:
    user, group = arguments_of("USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_the_image_checks_its_own_health_without_a_shell_or_another_program() -> None:
    (check,) = arguments_of("HEALTHCHECK")
    assert 'CMD [".venv/bin/python"' in check
    assert "/readyz" in check


def test_the_image_is_started_by_the_script_that_starts_the_service_everywhere() -> None:
    assert arguments_of("ENTRYPOINT") == ['["scripts/serve"]']
    assert arguments_of("CMD") == ['["--host", "0.0.0.0"]']


def test_only_the_data_folder_is_a_volume_and_the_service_is_told_of_it() -> None:
    assert arguments_of("VOLUME") == ['["/data"]']
    assert any("CANDOUR_DATA_FOLDER=/data" in line for line in arguments_of("ENV"))


def test_the_packages_are_the_locked_ones() -> None:
    assert ("RUN", "scripts/environment service") in instructions()


def test_nothing_is_sent_to_the_builder_that_the_image_does_not_copy() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        path
        for name, arguments in instructions()
        if name == "COPY" and not arguments.startswith("--")
        for path in arguments.split()[:-1]
    }
    assert "*" in lines
    assert sent == copied


def test_the_image_can_clean_files_of_metadata() -> None:
    assert any("apt-get install" in line and " mat2 " in line for line in arguments_of("RUN"))
