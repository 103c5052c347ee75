"""A branch of 31 raises a grievance together, by codes drawn from a hat or by tokens that its union signs unseen.

What the service and the representative hold together cannot be linked: tests/supporting/test_unlinkable.py takes all of it and tries.
Here the numbers come out.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import httpx

from app.client import token_files
from app.crypto import supporter_tokens
from app.crypto.supporter_tokens import EVERY_ALLEGATION, Asked
from tests.builders import conversations, intake
from tests.builders.intake import CLAIMS
from tests.builders.investigation import body
from tests.builders.supporting import CLOSES, OPENS, STATEMENT, WORDINGS, Counted, a_count, a_round, spelled, supports
from tests.client.people import AN_ID, PASSPHRASE, Person
from tests.conftest import FROZEN, Actor, Clock, Service
from tests.journey.conftest import Machines

MEMBERS = 31
AFTER_THE_END = datetime(2026, 3, 13, 0, 30, tzinfo=UTC)
RECEIPT = r"^[a-z]+(?: [a-z]+){6}$"


@dataclass
class Branch:
    """The branch: its representative, its count, and what each member holds."""

    service: Service
    clock: Clock
    representative: Actor
    officer: Actor
    member: httpx.AsyncClient
    counted: Counted

    async def told(self) -> tuple[int | None, list[tuple[int, bool] | None]]:
        """Return what the representative is told: how many people, and of each allegation a number and whether it is exact."""
        count = body(await self.representative.get(self.counted.own))["count"]
        tallies = [one["tally"] for one in count["allegations"]]
        return (
            None if count["headcount"] is None else count["headcount"]["number"],
            [None if one is None else (one["number"], one["is_exact"]) for one in tallies],
        )

    async def day(self, at: datetime) -> None:
        """That instant has come; the worker has had its round, and those with accounts are at their desks."""
        self.clock.set(at)
        await a_round(self.service)
        for one in (self.representative, self.officer):
            await one.sign_in()


async def test_a_branch_of_31_is_counted_by_codes_from_a_hat(
    service: Service, actors: SimpleNamespace, anonymous: httpx.AsyncClient, clock: Clock
) -> None:
    counted = await a_count(actors.representative, "codes", MEMBERS)
    branch = Branch(service, clock, actors.representative, actors.case_officer, anonymous, counted)
    receipts = await _four_members_draw_a_code_and_nothing_is_told(branch)
    receipts += await _the_others_follow_and_31_is_told(branch)
    await _a_code_counts_nobody_in_twice(branch)
    await _two_members_change_their_minds_and_one_withdraws_of_which_nothing_is_told(branch, receipts)
    await _after_the_end_each_allegation_is_told_once(branch, [(26, False), (11, True), None])
    await _what_was_claimed_stands_beside_what_was_counted(branch)
    await _nobody_is_told_who_supported_what(branch, receipts)


async def _four_members_draw_a_code_and_nothing_is_told(branch: Branch) -> list[str]:
    receipts = [await supports(branch.member, branch.counted, number, 1) for number in range(4)]
    await branch.day(FROZEN + timedelta(days=1))
    assert await branch.told() == (None, [None, None, None])
    return receipts


async def _the_others_follow_and_31_is_told(branch: Branch) -> list[str]:
    chosen = {number: [1] + [2] * (number < 14) + [3] * (number < 7) for number in range(4, MEMBERS)}
    receipts = [await supports(branch.member, branch.counted, number, *chosen[number]) for number in chosen]
    await branch.day(FROZEN + timedelta(days=2))
    assert await branch.told() == (MEMBERS, [None, None, None])
    return receipts


async def _a_code_counts_nobody_in_twice(branch: Branch) -> None:
    again = {"code": branch.counted.codes[0], "allegations": [1]}
    refused = await branch.member.post(branch.counted.place, json=again)
    assert refused.json()["type"].rpartition("/")[2] == "not-counted-in"


async def _two_members_change_their_minds_and_one_withdraws_of_which_nothing_is_told(
    branch: Branch, receipts: list[str]
) -> None:
    for receipt in receipts[:2]:
        changed = await branch.member.put(branch.counted.place, json={"receipt": receipt, "allegations": [1, 2]})
        assert changed.status_code == 204, changed.text
    gone = await branch.member.post(f"{branch.counted.place}/withdrawal", json={"receipt": receipts[4]})
    assert gone.status_code == 204
    await branch.day(FROZEN + timedelta(days=3))
    assert await branch.told() == (MEMBERS, [None, None, None])


async def _after_the_end_each_allegation_is_told_once(branch: Branch, tallies: list[tuple[int, bool] | None]) -> None:
    await branch.day(AFTER_THE_END)
    people, told = await branch.told()
    assert told == tallies
    assert people in {MEMBERS - 1, MEMBERS}
    await branch.day(AFTER_THE_END + timedelta(days=1))
    assert await branch.told() == (people, tallies)


async def _what_was_claimed_stands_beside_what_was_counted(branch: Branch) -> None:
    url = f"/v1/collective-grievances/{branch.counted.grievance_id}"
    own = body(await branch.representative.get(url))
    support = body(await branch.representative.get(branch.counted.own))
    for claims in (own["headcount_claims"], support["headcount_claims"]):
        assert [(one["number"], one["basis"]) for one in claims] == [(31, "signed"), (None, "press")]
    assert own["headcount_claims"][1]["in_words"] == CLAIMS[1]["wording"] == "about 35"
    assert support["count"]["headcount"]["basis"] == "verified"
    case_id = await intake.case_called(branch.officer, own["reference"])
    assert body(await branch.officer.get(f"/v1/cases/{case_id}/support"))["items"] == [support]


async def _nobody_is_told_who_supported_what(branch: Branch, receipts: list[str]) -> None:
    case = body(await branch.representative.get(f"/v1/collective-grievances/{branch.counted.grievance_id}"))
    case_id = await intake.case_called(branch.officer, case["reference"])
    of_case = [f"/v1/cases/{case_id}{path}" for path in ("", "/support", "/grievances", "/identities")]
    held = [(await branch.representative.get(branch.counted.own)).text]
    held += [(await branch.officer.get(path)).text for path in of_case]
    for secret in (*branch.counted.codes, *receipts):
        assert not any(secret in one for one in held)
    assert await conversations.faults(branch.service) == []


async def test_a_branch_of_31_is_counted_by_tokens_that_its_union_signed_unseen(
    service: Service,
    actors: SimpleNamespace,
    anonymous: httpx.AsyncClient,
    clock: Clock,
    machines: Machines,
    tmp_path: Path,
) -> None:
    union = await machines.of_account(actors.representative)
    count = await _the_secretary_raises_the_grievance(actors.representative)
    words = await _the_union_makes_its_keys_and_registers_the_public_halves(union, count, tmp_path)
    members = [machines.of(f"member-{number}") for number in range(2)]
    for member in members:
        await _a_member_asks_without_showing_the_token(member, count, machines.address, words)
    kept = _the_other_29_ask_alike(union, count, tmp_path)
    tokens = await _the_union_signs_all_of_them_blindly_at_once(union, members, kept, count, tmp_path)
    receipts = [await _a_member_finishes_and_is_counted(one, count, machines.address) for one in members]
    for number, token in enumerate(tokens):
        draft = {"token": spelled(token), "allegations": [1] + [2] * (number < 12)}
        intake.created(await anonymous.post(count.place, json=draft))
    place = ("--server", machines.address, "--grievance", count.grievance_id)
    await members[0].runs("supporter", "amend", *place, "--allegation", "1", typed=f"{receipts[0]}\n")
    await members[1].runs("supporter", "withdraw", *place, typed=f"{receipts[1]}\n")
    branch = Branch(service, clock, actors.representative, actors.case_officer, anonymous, count)
    await branch.day(FROZEN + timedelta(days=1))
    assert await branch.told() == (MEMBERS - 1, [None, None, None])
    await _after_the_end_each_allegation_is_told_once(branch, [(26, False), (12, True), None])
    await _what_was_claimed_stands_beside_what_was_counted(branch)
    await _nobody_is_told_who_supported_what(branch, receipts)


async def _the_secretary_raises_the_grievance(representative: Actor) -> Counted:
    allegations = [{"label": f"{number}", "statement": wording} for number, wording in enumerate(WORDINGS, 1)]
    draft = intake.a_collective_grievance(0, allegations=allegations)
    made = await intake.submitted_for_many(representative, draft)
    own = body(await representative.get(f"/v1/collective-grievances/{made['id']}"))
    return Counted(made["id"], "tokens", [one["id"] for one in own["allegations"]], {})


async def _the_union_makes_its_keys_and_registers_the_public_halves(union: Person, count: Counted, folder: Path) -> str:
    words = (await union.runs("issuer", "new", union.key, typed=f"{PASSPHRASE}\n")).value("words")
    wordings = zip(count.allegations, WORDINGS, strict=True)
    content = {
        "opens_on": OPENS, "closes_on": CLOSES, "roll": 60, "statement": STATEMENT,
        "allegations": [{"allegation_id": one, "wording": wording} for one, wording in wordings],
    }  # fmt: skip
    file = folder / "count.json"
    file.write_text(json.dumps(content))
    arguments = ("--grievance", count.grievance_id, "--key", union.key)
    registered = await union.runs("issuer", "register", str(file), *arguments)
    assert registered.value("words") == words
    return words


async def _a_member_asks_without_showing_the_token(member: Person, count: Counted, address: str, words: str) -> None:
    place = ("--server", address, "--grievance", count.grievance_id, "--issuer-words", words)
    files = ("--out", str(member.folder / f"{member.name}.json"), "--keep", str(member.folder / "kept.json"))
    await member.runs("supporter", "request", *place, *files)


def _the_other_29_ask_alike(union: Person, count: Counted, folder: Path) -> dict[Path, Asked]:
    [public] = supporter_tokens.read_file(union.key_bytes())
    key, grievance = supporter_tokens.read_public(public), UUID(count.grievance_id)
    kept = {}
    for number in range(2, MEMBERS):
        file = folder / f"asked-{number}.json"
        kept[file] = supporter_tokens.ask(key, grievance, EVERY_ALLEGATION)
        token_files.write_request(file, grievance, [public], [kept[file]])
    return kept


async def _the_union_signs_all_of_them_blindly_at_once(
    union: Person, members: list[Person], kept: dict[Path, Asked], count: Counted, folder: Path
) -> list[bytes]:
    answers = folder / "answers"
    answers.mkdir()
    asked = [*(str(one.folder / f"{one.name}.json") for one in members), *map(str, kept)]
    arguments = ("--key", union.key, "--out", str(answers))
    assert "Signed 31" in (await union.runs("issuer", "sign", *asked, *arguments, typed=f"{PASSPHRASE}\n")).out
    for one in members:
        (answers / f"{one.name}.answer.json").rename(one.folder / "answer.json")
    [public] = supporter_tokens.read_file(union.key_bytes())
    key, grievance = supporter_tokens.read_public(public), UUID(count.grievance_id)
    tokens = []
    for file, asked_for in kept.items():
        _, [signed] = token_files.read_answer((answers / f"{file.stem}.answer.json").read_bytes())
        tokens.append(supporter_tokens.finish(key, grievance, EVERY_ALLEGATION, asked_for, signed))
    assert not any(spelled(token) in _everything_in(folder) for token in tokens)
    return tokens


def _everything_in(folder: Path) -> str:
    return "".join(one.read_text() for one in folder.rglob("*.json"))


async def _a_member_finishes_and_is_counted(member: Person, count: Counted, address: str) -> str:
    kept, answer, tokens = (str(member.folder / name) for name in ("kept.json", "answer.json", "tokens.json"))
    await member.runs("supporter", "finish", kept, answer, "--out", tokens)
    place = ("--server", address, "--grievance", count.grievance_id)
    chosen = ("--allegation", "1", "--allegation", "3")
    ran = await member.runs("supporter", "redeem", *place, "--tokens", tokens, *chosen)
    assert not re.search(AN_ID, ran.out)
    [receipt] = re.findall(RECEIPT, ran.out, re.MULTILINE)
    return str(receipt)
