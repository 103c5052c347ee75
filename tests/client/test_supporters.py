"""A branch counts its members in: the union at its machine, each member at theirs, and nothing on paper but a sheet to cut up."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.client import sheets
from tests.builders.intake import a_collective_grievance
from tests.client.people import CHANNEL, PASSPHRASE, Council, Person

CODE = r"[0-9A-HJKMNP-TV-Z]{5}(?:-[0-9A-HJKMNP-TV-Z]{5}){3}"
RECEIPT = r"^[a-z]+(?: [a-z]+){6}$"


async def representative(council: Council, folder: Path) -> Person:
    """Return a representative, signed in."""
    person = Person("representative", folder / "representative")
    username = f"rep{uuid4().hex[:8]}"
    body = {"username": username, "display_name": username, "roles": ["representative"]}
    invited = await council.as_(council.administrator, "POST", "/v1/accounts", body)
    await council.activates(person, username, invited["one_time_password"])
    return person


async def a_grievance(council: Council, person: Person) -> tuple[str, list[str]]:
    """Return the id of a new grievance of theirs, and those of its two allegations."""
    body = a_collective_grievance(
        0, headcount_claims=[{"number": 31, "basis": "signed", "source": "Signatures", "claimed_on": "2026-02-27"}]
    )
    made = await council.as_(person, "POST", f"/v1/channels/{CHANNEL}/collective-grievances", body)
    own = await council.as_(person, "GET", f"/v1/collective-grievances/{made['id']}")
    return str(made["id"]), [one["id"] for one in own["allegations"]]


def count_file(folder: Path, allegations: list[str], **more: object) -> str:
    """Return the file that says how supporters are counted."""
    today = datetime.now(UTC).date()
    content = {
        "opens_on": str(today), "closes_on": str(today + timedelta(days=9)), "statement": "Members raise this together.",
        "allegations": [{"allegation_id": one, "wording": f"The {number}."} for number, one in enumerate(allegations, 1)], **more,
    }  # fmt: skip
    file = folder / f"count-{uuid4().hex}.json"
    file.write_text(json.dumps(content))
    return str(file)


def is_there(file: str) -> bool:
    """Whether there is a file."""
    return Path(file).exists()


def text_of(*files: str) -> str:
    """Return what is in files."""
    return "".join(Path(file).read_text() for file in files)


def receipt_in(out: str) -> str:
    [receipt] = re.findall(RECEIPT, out, re.MULTILINE)
    return str(receipt)


async def test_a_member_is_counted_by_a_token_that_the_union_never_saw(council: Council, tmp_path: Path) -> None:
    union = await representative(council, tmp_path)
    grievance, allegations = await a_grievance(council, union)
    key = str(tmp_path / "union.key")
    words = (await union.runs("issuer", "new", key, typed=f"{PASSPHRASE}\n")).value("words")
    assert (tmp_path / "union.key").stat().st_mode & 0o777 == 0o400
    assert "never overwritten" in await union.fails("issuer", "new", key, typed=f"{PASSPHRASE}\n")
    count = count_file(tmp_path, allegations, roll=31)
    registered = await union.runs("issuer", "register", count, "--grievance", grievance, "--key", key)
    assert registered.value("words") == words == (await union.runs("issuer", "show", key)).value("words")

    member = council.visitor(tmp_path / "member")
    place = ("--server", council.address, "--grievance", grievance)
    asked, kept, answer, tokens = (
        str(tmp_path / name) for name in ("asked.json", "kept.json", "answer.json", "tokens.json")
    )
    ask = ("supporter", "request", *place, "--out", asked, "--keep", kept)
    assert "other keys" in await member.fails(
        *ask, "--issuer-words", "abacus abdomen abdominal zoology zone zoom", code=3
    )
    assert not is_there(kept)
    await member.runs(*ask, "--issuer-words", words)
    sign = ("issuer", "sign", asked, "--key", key, "--out", answer)
    assert "passphrase does not open" in await union.fails(*sign, typed="another passphrase\n")
    await union.runs(*sign, typed=f"{PASSPHRASE}\n")
    await member.runs("supporter", "finish", kept, answer, "--out", tokens)
    assert not is_there(kept)
    token = json.loads(text_of(tokens))["tokens"][0]["token"]
    assert token not in text_of(asked, answer)
    redeem = ("supporter", "redeem", *place, "--tokens", tokens, "--allegation", "1")
    ran = await member.runs(*redeem)
    receipt = receipt_in(ran.out)
    again = await member.tries(*redeem)
    assert (again.code, "counts nobody in" in again.errors) == (1, True)
    assert receipt_in(again.out) != receipt
    await member.runs("supporter", "amend", *place, "--allegation", "2", typed=f"{receipt}\n")
    await member.runs("supporter", "withdraw", *place, typed=f"{receipt}\n")
    assert "No grievance belongs" in await member.fails("supporter", "withdraw", *place, typed=f"{receipt}\n")
    assert "seven words" in await member.fails("supporter", "amend", *place, typed="one two\n")


async def test_with_a_key_for_each_allegation_each_is_asked_for_and_supported_by_itself(
    council: Council, tmp_path: Path
) -> None:
    union = await representative(council, tmp_path)
    grievance, allegations = await a_grievance(council, union)
    key, one = str(tmp_path / "union.key"), str(tmp_path / "one.key")
    words = (await union.runs("issuer", "new", key, "--keys", "2", typed=f"{PASSPHRASE}\n")).value("words")
    await union.runs("issuer", "new", one, typed=f"{PASSPHRASE}\n")
    assert "1 to 50 keys" in await union.fails("issuer", "new", f"{key}2", "--keys", "0", typed=f"{PASSPHRASE}\n")
    assert "takes 1, or one for each" in await union.fails(
        "issuer", "register", count_file(tmp_path, allegations[:1], roll=9), "--grievance", grievance, "--key", key
    )
    await union.runs(
        "issuer", "register", count_file(tmp_path, allegations, roll=9), "--grievance", grievance, "--key", key
    )
    member = council.visitor(tmp_path / "member")
    place = ("--server", council.address, "--grievance", grievance)
    asked, kept, answers, tokens = (tmp_path / name for name in ("asked.json", "kept.json", "answers", "tokens.json"))
    answers.mkdir()
    await member.runs("supporter", "request", *place, "--issuer-words", words, "--out", str(asked), "--keep", str(kept))
    assert len(json.loads(asked.read_text())["blinded"]) == 2
    sign = ("issuer", "sign", str(asked), "--out", str(answers))
    assert "signatures of other keys" in await union.fails(*sign, "--key", one, typed=f"{PASSPHRASE}\n")
    await union.runs(*sign, "--key", key, typed=f"{PASSPHRASE}\n")
    await member.runs("supporter", "finish", str(kept), str(answers / "asked.answer.json"), "--out", str(tokens))
    redeem = ("supporter", "redeem", *place, "--tokens", str(tokens))
    assert "name one" in await member.fails(*redeem, "--allegation", "1", "--allegation", "2")
    receipts = {receipt_in((await member.runs(*redeem, "--allegation", number)).out) for number in ("1", "2")}
    assert len(receipts) == 2
    other = ("supporter", "redeem", "--server", council.address, "--grievance", grievance)
    assert "counted by tokens" in await member.fails(*other, "--allegation", "1")


async def test_a_branch_prints_a_sheet_and_a_member_uses_a_slip(council: Council, tmp_path: Path) -> None:
    union = await representative(council, tmp_path)
    grievance, allegations = await a_grievance(council, union)
    sheet, page = tmp_path / "sheet.html", f"{council.address}/support/{grievance}"
    draw = ("codes", "sheet", "--grievance", grievance, "--number", "14", "--page", page, "--out", str(sheet))
    assert "no count of supporters" in await union.fails(*draw)
    assert not sheet.exists()
    await union.runs("codes", "open", count_file(tmp_path, allegations), "--grievance", grievance)
    ran = await union.runs(*draw)
    codes = re.findall(CODE, sheet.read_text())
    assert len(set(codes)) == 14
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert not re.findall(CODE, ran.out)
    assert "no code was drawn" in await union.fails(*draw)
    kept = [path for path in union.folder.rglob("*") if path.is_file()]
    assert not any(code.encode() in path.read_bytes() for path in kept for code in codes)
    member = council.visitor(tmp_path / "member")
    person = tmp_path / "person.json"
    person.write_text(json.dumps({"name": "Robin Ashe", "contact": "robin@example.org"}))
    redeem = ("supporter", "redeem", "--server", council.address, "--grievance", grievance)
    ran = await member.runs(*redeem, "--allegation", "2", "--identity", str(person), typed=f"{codes[0].lower()}\n")
    assert receipt_in(ran.out)
    failed = await member.tries(*redeem, typed=f"{codes[0]}\n")
    assert (failed.code, "You may have been counted" in failed.out) == (1, True)
    request = ("supporter", "request", *redeem[2:], "--issuer-words", "a", "--out", "a.json", "--keep", "b.json")
    assert "counted by codes" in await member.fails(*request)


async def test_files_that_are_something_else_are_refused(council: Council, tmp_path: Path) -> None:
    member = council.visitor(tmp_path / "member")
    odd = tmp_path / "odd.json"
    odd.write_text("{}")
    odd.chmod(0o600)
    some = str(uuid4())
    assert "other members than its format" in await member.fails("issuer", "show", str(odd))
    assert "no JSON" in await member.fails("codes", "open", __file__, "--grievance", some)
    assert "each" not in await member.fails("codes", "open", str(odd), "--grievance", some)
    assert "other members" in await member.fails("issuer", "sign", str(odd), "--key", str(odd), "--out", "-")
    assert "other members" in await member.fails("supporter", "finish", str(odd), str(odd), "--out", str(odd) + "2")
    odd.chmod(0o644)
    assert "open to others" in await member.fails("issuer", "show", str(odd))


class _Seen(HTMLParser):
    """What an HTML page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.referred: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.referred += [name for name, _ in attrs if name in {"src", "href", "srcset", "data", "action"}]


@pytest.mark.parametrize("number", [1, 12, 31])
def test_the_sheet_fetches_nothing_escapes_what_it_shows_and_mixes_the_codes(number: int) -> None:
    codes = [f"{UUID(int=one).hex[-20:]}" for one in range(number)]
    page = "https://candour.example/?a=<b>&c"
    made = sheets.sheet_of(codes, page)
    seen = _Seen()
    seen.feed(made)
    assert seen.referred == []
    assert {"script", "img", "link", "iframe"}.isdisjoint(seen.tags)
    assert "<b>" not in made
    assert "@page { size: A4" in made
    assert "default-src 'none'" in made
    assert "url(" not in made
    printed = re.findall(r'<p class="code">(\w+)</p>', made)
    assert sorted(printed) == sorted(codes)
    assert seen.tags.count("section") == -(-number // sheets.PER_PAGE)
    if number == 31:
        assert printed != codes  # one in 31!
