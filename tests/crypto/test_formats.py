"""The document of formats, its vectors and the code say the same."""

import re
from pathlib import Path

import pytest

from app.crypto.errors import LyingCustodian, SealBroken
from tests.crypto.vector_files import FOLDER, read

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "formats.md").read_text("utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "app" / "crypto").glob("*.py")))

EXAMPLES = {
    "Context": read("contexts")[1]["encoded"],
    "Field": read("fields")[1]["sealed"],
    "Derived key": read("derived")[0]["derived"],
    "Key pair": read("hpke")[0]["key_id"],
    "Sealed to a key": read("hpke")[0]["sealed"][:30],
    "Pieces": "\n".join(read("sharing")[2]["pieces"]),
    "Identity": read("identity")["check"],
    "Receipt": read("receipts")[0]["lookup"],
    "Stretched password": read("passwords")[0]["key"],
}


@pytest.mark.parametrize("format_name", EXAMPLES)
def test_the_example_of_every_format_is_a_vector(format_name: str) -> None:
    section = DOCUMENT.split(f"\n## {format_name}\n")[1].split("\n## ")[0]
    assert f"```\n{EXAMPLES[format_name]}\n```" in section


def test_every_section_that_the_code_points_at_exists() -> None:
    cited = {
        name
        for line in re.findall(r"docs/formats\.md, (\".+?\"(?: and \".+?\")?)", SOURCES)
        for name in re.findall('"(.+?)"', line)
    }
    assert cited >= set(EXAMPLES) | {"Reference"}
    assert [name for name in cited if f"\n## {name}\n" not in DOCUMENT] == []


def test_every_label_in_the_code_is_in_the_document_once() -> None:
    used = re.findall(r"(?:encode|derive)\((?:root, )?\"([a-z-]+)\"", SOURCES)
    table = DOCUMENT.split("## Context")[1].split("## Field")[0]
    listed = re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)))
    assert sorted(set(used)) == sorted(listed)


def test_every_file_of_vectors_has_its_provenance() -> None:
    page = (FOLDER / "README.md").read_text("utf-8")
    published = [path.name for path in (FOLDER / "published").iterdir()]
    own = [path.stem for path in FOLDER.glob("*.json")]
    assert len(published) == 6
    assert [name for name in [*published, *own] if f"`{name}`" not in page] == []


def test_a_failure_to_open_says_nothing_of_why() -> None:
    assert str(SealBroken()) == str(LyingCustodian([])) == "what was sealed cannot be opened"
