"""What must never be used twice is drawn anew each time: in one process, and in those that were forked from it."""

import os

from app.crypto import fields

KEY = bytes(range(32))
SALT = slice(1, 25)
"""Where the salt of a field stands. Source: docs/formats.md, "Field"."""


def test_no_salt_repeats_in_a_hundred_thousand_sealings() -> None:
    count = 100_000
    assert len({fields.seal(KEY, b"", b"")[SALT] for _ in range(count)}) == count


def test_processes_forked_from_one_seal_equal_texts_into_different_bytes() -> None:
    fields.seal(KEY, b"", b"")  # whatever is drawn ahead is drawn now
    made = {fields.seal(KEY, b"", b"")}
    for _ in range(4):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.write(writing, fields.seal(KEY, b"", b""))
            finally:
                os._exit(0)
        os.close(writing)
        made.add(os.read(reading, 4096))
        os.close(reading)
        os.waitpid(child, 0)
    assert len(made) == 5
    assert b"" not in made
