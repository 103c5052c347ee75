"""The proof of work: solved by whoever works, in the format of others; nothing else is accepted."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest

from app.crypto import proof_of_work
from app.crypto.proof_of_work import ChallengeUnusable
from tests.crypto.vector_files import read

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))


def a_challenge(tries: int = 100, *, key: bytes = KEY) -> dict[str, Any]:
    return proof_of_work.new_challenge(key, tries, NOW + timedelta(minutes=10))


def solved(challenge: dict[str, Any]) -> str:
    return proof_of_work.solve(challenge, lambda _: None)


def altered(solution: str, *path: str, value: Any) -> str:  # noqa: ANN401 any JSON
    content = json.loads(base64.b64decode(solution))
    place = content
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return base64.b64encode(json.dumps(content).encode()).decode()


def test_what_was_worked_for_is_accepted_until_it_ends() -> None:
    challenge = a_challenge()
    solution = solved(challenge)
    assert proof_of_work.accepted(KEY, solution, NOW) == challenge["signature"]
    assert proof_of_work.accepted(KEY, solution, NOW + timedelta(minutes=9, seconds=59)) == challenge["signature"]
    assert proof_of_work.accepted(KEY, solution, NOW + timedelta(minutes=10)) is None
    assert proof_of_work.accepted(bytes(32), solution, NOW) is None


def test_it_takes_at_least_half_of_the_tries_and_at_most_all() -> None:
    counters = [json.loads(base64.b64decode(solved(a_challenge())))["solution"]["counter"] for _ in range(30)]
    assert all(50 <= counter <= 100 for counter in counters)
    assert len(set(counters)) > 5


def test_the_library_of_the_format_solves_it_and_ours_what_the_library_sets() -> None:
    challenge = a_challenge()
    found = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(found)
    assert solution is not None
    assert proof_of_work.accepted(KEY, altcha.Payload(found, solution).to_base64(), NOW) == challenge["signature"]
    assert altcha.verify_solution(solved(challenge), KEY).verified


def test_the_work_is_that_of_the_published_vector() -> None:
    vector = read("proof_of_work")
    assert solved(vector["challenge"]) == vector["solution"]
    key, ends_before = bytes.fromhex(vector["key"]), datetime.fromisoformat(vector["accepted_at"])
    assert proof_of_work.accepted(key, vector["solution"], ends_before) == vector["name"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("solution", "derivedKey"), "00" * 32),
        (("solution", "derivedKey"), None),
        (("challenge", "signature"), "00" * 32),
        (("challenge", "signature"), 5),
        (("challenge", "signature"), None),
        (("challenge", "parameters", "cost"), 1),
        (("challenge", "parameters", "keyPrefix"), "00"),
        (("challenge", "parameters", "keySignature"), None),
        (("challenge", "parameters", "data"), {"ends": 9_999_999_999, "tries": 1}),
        (("challenge", "parameters", "data"), {"ends": "soon", "tries": 1}),
        (("challenge", "parameters", "data"), None),
        (("challenge", "parameters"), []),
        (("challenge",), "a challenge"),
        (("solution",), []),
    ],
    ids=str,
)
def test_what_nobody_worked_for_is_not_accepted(path: tuple[str, ...], value: object) -> None:
    assert proof_of_work.accepted(KEY, altered(solved(a_challenge()), *path, value=value), NOW) is None


@pytest.mark.parametrize("text", ["", "x", "====", "e30=", "W10=", "bnVsbA==", "NQ==", "é", "A" * 5_000, "[" * 1_000])
def test_what_is_no_solution_is_not_accepted_and_raises_nothing(text: str) -> None:
    assert proof_of_work.accepted(KEY, text, NOW) is None


def test_whatever_bytes_are_sent_nothing_is_raised() -> None:
    solution = solved(a_challenge())
    for _ in range(300):
        content = bytearray(base64.b64decode(solution))
        content[secrets.randbelow(len(content))] = secrets.randbelow(256)
        proof_of_work.accepted(KEY, base64.b64encode(bytes(content)).decode(), NOW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cost",), 10_000_000),
        (("cost",), True),
        (("data",), {"tries": 10_000_000}),
        (("data",), {}),
        (("keyPrefix",), ""),
        (("keyPrefix",), "zz"),
        (("algorithm",), "SCRYPT"),
        (("keyLength",), 1_000_000),
        (("nonce",), 5),
    ],
    ids=str,
)
def test_a_client_does_no_more_work_than_is_decent_and_none_of_another_kind(path: tuple[str], value: object) -> None:
    challenge = a_challenge()
    challenge["parameters"][path[0]] = value
    with pytest.raises(ChallengeUnusable):
        solved(challenge)


@pytest.mark.parametrize("challenge", [None, 5, "x", [], {}, {"parameters": {}}], ids=str)
def test_what_is_no_challenge_is_not_worked_on(challenge: object) -> None:
    with pytest.raises(ChallengeUnusable):
        proof_of_work.solve(challenge, lambda _: None)


def test_a_challenge_without_a_solution_ends() -> None:
    challenge = a_challenge()
    challenge["parameters"]["keyPrefix"] = "00" * 16
    with pytest.raises(ChallengeUnusable, match="no solution"):
        solved(challenge)
