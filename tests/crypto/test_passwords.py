"""A password is stretched alike however it was composed, and never for less than the minimum."""

from typing import Any

import pytest

from app.crypto import passwords
from tests.crypto.vector_files import read, unhex

SALT = bytes(range(16))


@pytest.mark.parametrize("vector", read("passwords"), ids=["words", "composed", "decomposed"])
def test_a_password_stretches_to_the_published_bytes(vector: dict[str, Any]) -> None:
    salt, key = unhex(vector, "salt", "key")
    assert passwords.stretch(vector["password"], salt, vector["memory_kib"], vector["iterations"]) == key


def test_password_salt_memory_and_iterations_each_matter() -> None:
    keys = {
        passwords.stretch("one", SALT, 19456, 2),
        passwords.stretch("One", SALT, 19456, 2),
        passwords.stretch("one ", SALT, 19456, 2),
        passwords.stretch("one", bytes(16), 19456, 2),
        passwords.stretch("one", SALT, 19464, 2),
        passwords.stretch("one", SALT, 19456, 3),
    }
    assert len(keys) == 6


def test_half_a_character_is_stretched_rather_than_shown_in_an_error() -> None:
    assert passwords.stretch("\ud800", SALT, 19456, 2) != passwords.stretch("", SALT, 19456, 2)


@pytest.mark.parametrize(
    ("salt", "memory_kib", "iterations"), [(SALT, 19455, 2), (SALT, 19456, 1), (SALT[:15], 19456, 2), (b"", 0, 0)]
)
def test_less_than_the_minimum_is_refused(salt: bytes, memory_kib: int, iterations: int) -> None:
    with pytest.raises(ValueError, match="at least 19456 KiB, 2 iterations and 16 bytes of salt"):
        passwords.stretch("one", salt, memory_kib, iterations)
