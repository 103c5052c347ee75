"""What comes from elsewhere cannot play with somebody's terminal, and a server's answer is read as nothing but what it should be."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.client.server import Answer, Server
from app.client.terminal import Failure, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann Okafor\nna\u00efve", "Ann Okafor\nna\u00efve"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("a\rb\x07\x08", "a\ufffdb\ufffd\ufffd"),
        ("\u202eeman", "\ufffdeman"),
        ("\u200bzero\ue000", "\ufffdzero\ufffd"),
    ],
)
def test_a_text_from_elsewhere_moves_no_cursor_and_turns_no_line(text: str, shown: str) -> None:
    assert printable(text) == shown


READERS = [
    Answer.text, Answer.number, Answer.flag, Answer.uuid, Answer.octets, Answer.of, Answer.each, Answer.uuids,
    Answer.all_octets, Answer.texts,
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON, st.sampled_from(READERS))
def test_any_answer_is_read_or_refused(value: Any, reader: Any) -> None:  # noqa: ANN401 any JSON
    with contextlib.suppress(Failure):
        reader(Answer({"member": value}), "member")


@pytest.mark.parametrize("value", [True, "1", 1.0, None])
def test_a_number_is_a_number(value: object) -> None:
    with pytest.raises(Failure):
        Answer({"member": value}).number("member")


@pytest.mark.parametrize(
    "address",
    ["https://council.example", "http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:1", "http://abc.onion"],
)
def test_what_is_said_goes_over_https_this_machine_or_an_onion_service(address: str) -> None:
    assert Server(f"{address}/").address == address
