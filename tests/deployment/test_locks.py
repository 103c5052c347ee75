"""The lock files name every package by hash, name no place to fetch from, and agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
GROUPS = ("service", "test", "lint")


def entries(group: str) -> dict[str, str]:
    """Answers what the lock says of each package, hashes and all."""
    text = (ROOT / "scripts" / "requirements" / f"{group}.txt").read_text()
    found = re.split(r"\n(?=[a-z0-9])", text.strip())
    return {entry.split("==")[0]: entry for entry in found}


@pytest.mark.parametrize("group", GROUPS)
def test_every_package_is_held_to_one_version_and_to_its_hashes(group: str) -> None:
    assert len(entries(group)) > 40
    for entry in entries(group).values():
        assert re.match(r"[a-z0-9.-]+==[^ ]+ .*\\\n( +--hash=sha256:[0-9a-f]{64}( \\\n)?)+$", entry)


@pytest.mark.parametrize("group", GROUPS)
def test_no_lock_says_where_to_fetch_from(group: str) -> None:
    assert not re.search(r"://|--index|--find-links|@ ", "".join(entries(group).values()))


@pytest.mark.parametrize(("narrow", "wide"), [("service", "test"), ("test", "lint")])
def test_a_wider_group_holds_the_narrower_one_at_the_same_versions(narrow: str, wide: str) -> None:
    assert entries(narrow).items() <= entries(wide).items()


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = entries("service")
    for wanted in map(Requirement, project["dependencies"]):
        version = locked[canonicalize_name(wanted.name)].split()[0].split("==")[1]
        assert wanted.specifier.contains(version)
