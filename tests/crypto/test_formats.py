"""The document of formats, its vectors and the code say the same."""

import ast
import re
from pathlib import Path

import pytest

from app.crypto.errors import LyingCustodian, SealBroken
from tests.crypto.labels import ANY, LabelUnknown, labels_in
from tests.crypto.vector_files import FOLDER, read

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "formats.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in DOCUMENT.split("\n## ")[1:]}
SOURCES = [path.read_text("utf-8") for path in sorted((ROOT / "app").rglob("*.py"))]
LABELS = labels_in([ast.parse(source) for source in SOURCES])

NONE = "\N{EN DASH}"


def both(*values: str) -> str:
    """Return the lines of an example of more than one value."""
    return "\n".join(values)


LOG = read("proof_log")
LINES = [line.rpartition(" ")[2] for line in LOG["note"].partition("\n\n")[2].splitlines()]
EXAMPLES = [
    ("Context", read("contexts")[1]["encoded"]),
    ("Field", read("fields")[1]["sealed"]),
    ("Derived key", read("derived")[0]["derived"]),
    ("Service keys", both(read("service")["organisation_key"], read("service")["of_the_pepper"]["username-index"])),
    ("Wrapped key file", both(read("wrapped_keys")["binding"], read("wrapped_keys")["file"])),
    ("Key pair", read("hpke")[0]["key_id"]),
    ("Sealed to a key", read("hpke")[0]["sealed"][:30]),
    ("Pieces", both(*read("sharing")[2]["pieces"])),
    ("Identity", read("identity")["check"]),
    ("Identity", read("identity_reference")["reference"]),
    ("Re-sharing", both(*read("resharing")["new"]["pieces"])),
    ("Signature", read("signing")["signature"]),
    ("Signed document", read("manifests")["chain"][0]["signature"]),
    ("Manifest", both(*(one["digest"] for one in read("manifests")["chain"]))),
    ("Opening", read("openings")["digest"]),
    ("Fingerprint words", read("fingerprints")[0]["words"]),
    ("Key file", read("keyfiles")[0]["key"]),
    ("Enrolment", read("enrolments")[0]["signing_key"]),
    ("Receipt", read("receipts")[0]["lookup"]),
    ("Receipt", both(read("inbox")["salt"], read("inbox")["stored_lookup"])),
    ("Stretched password", read("passwords")[0]["key"]),
    ("Account", both(read("accounts")["verifier"], read("accounts")["username_index"])),
    ("Account", both(*read("account_tags")["tags"].values())),
    ("Case key", read("case_keys")["grant"][:30]),
    ("Case key", both(*(read("case_key_escrow")[name] for name in ("verifier", "grant_tag", "shred_key")))),
    ("Conversation", read("case_keys")["for_case"]),
    ("Conversation", read("case_key_escrow")["sender_tag"]),
    ("Message", both(read("messages")["signature"], read("messages")["chain"])),
    ("Inbox session", both(read("inbox")["token"], read("inbox")["digest"])),
    ("Sealed column", read("columns")[0]["sealed"]),
    ("Stored file", read("blobs")[0]["sealed"]),
    ("Sealed submission", read("sealed_submission")["body"]["statement"]),
    ("Classification", both(read("classifications")["text"].strip(), read("classifications")["handle"])),
    ("Stored answer", both(read("answers")["lookup"], read("answers")["fingerprint"])),
    ("Statement", LOG["statement_commitment"]),
    ("Log entry", both(LOG["blind"], LOG["leaf"])),
    ("Checkpoint", both(LOG["log_key"], LOG["checkpoint"] + LINES[0], LINES[1])),
    ("Proof of receipt", both(*LOG["proof"]["path"])),
    ("Supporter token", both(read("supporter_tokens")["message"], read("supporter_tokens")["serial"])),
    ("Audit events", both(read("audit")["commitment"], read("audit")["link"], read("audit")["head"])),
]


def parts_in_the_document() -> dict[str, str]:
    """Every label of the table of labels, with what the table says of its parts."""
    rows = re.findall(r"^\| (`.+?) \| (.+?) \|", SECTIONS["Context"], re.MULTILINE)
    return {label: parts for labels, parts in rows for label in re.findall(r"`([a-z-]+)`", labels)}


@pytest.mark.parametrize(("section", "example"), EXAMPLES, ids=[f"{name} {n}" for n, (name, _) in enumerate(EXAMPLES)])
def test_the_example_of_every_format_is_a_vector(section: str, example: str) -> None:
    assert f"```\n{example}\n```" in SECTIONS[section]


def test_every_section_has_an_example_or_nothing_to_show() -> None:
    without = {"Versions", "Timestamp", "Bundle", "Reference", "What these formats do not do"}
    assert set(SECTIONS) == {section for section, _ in EXAMPLES} | without


def test_every_section_that_the_code_points_at_exists() -> None:
    known = {name.lower() for name in SECTIONS}
    cited = [
        name.lower()
        for source in SOURCES
        for quoted, plain in re.findall(r'docs/formats\.md, (?:(".+?"(?:\sand ".+?")?)|([A-Za-z ]+))', source)
        for name in re.findall('"(.+?)"', quoted) or [plain]
    ]
    assert len(set(cited)) > 14
    assert [name for name in cited if name not in known] == []


def test_there_are_labels_to_look_at() -> None:
    assert len(LABELS) > 35
    assert {"field", "grant", "audit-head", "conversation-for-case", "piece", "receipt-salt"} <= set(LABELS)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("contexts.encode('a', 1, 2); fields.derive(key, 'b')", {"a": {2}, "b": {0}}),
        ("X, Y = 'a', 'b'\ncontexts.encode(X if one else module.Y, *parts)", {"a": {ANY}, "b": {ANY}}),
        ("def seal(label, row): contexts.encode(label, row)\ndef far(of): seal(of, 1)\nfar('a')", {"a": {ANY}}),
        ("class Keys:\n def of(self, label): fields.derive(self.key, label)\nkeys.of('a')", {"a": {ANY}}),
    ],
)
def test_a_label_is_found_wherever_it_is_handed_on_to(code: str, found: dict[str, set[int]]) -> None:
    assert labels_in([ast.parse(code)]) == found


@pytest.mark.parametrize("code", ["contexts.encode(made())", "contexts.encode(X)", "contexts.encode(f'a{1}')"])
def test_a_label_that_cannot_be_read_is_no_label(code: str) -> None:
    with pytest.raises(LabelUnknown):
        labels_in([ast.parse(code), ast.parse("X = 'a'"), ast.parse("X = 'b'")])


def test_every_label_in_the_code_is_in_the_document_and_no_other() -> None:
    """A label that the document lacks is a ciphertext that nobody opens without our code."""
    assert sorted(LABELS) == sorted(parts_in_the_document())


def test_every_label_has_as_many_parts_as_the_document_says() -> None:
    """A label whose parts differ from place to place serves two purposes."""
    listed = parts_in_the_document()
    for label, counts in LABELS.items():
        of_contexts = counts - {0} or {0}
        if ANY not in counts:
            assert of_contexts == {len(listed[label].split(", ")) if listed[label] != NONE else 0}, label


def test_every_file_of_vectors_has_its_provenance() -> None:
    page = (FOLDER / "README.md").read_text("utf-8")
    published = [path.name for path in (FOLDER / "published").iterdir()]
    own = [path.stem for path in FOLDER.glob("*.json")]
    assert len(published) == 10
    assert [name for name in [*published, *own] if f"`{name}`" not in page] == []


def test_a_failure_to_open_says_nothing_of_why() -> None:
    assert str(SealBroken()) == str(LyingCustodian([])) == "what was sealed cannot be opened"
