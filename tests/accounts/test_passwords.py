"""What is stored of an account is what docs/formats.md says, so that nobody needs our code to read it."""

import hmac
from hashlib import sha256
from uuid import UUID

import pytest

from app.accounts import passwords
from app.accounts.passwords import Stretching
from app.crypto import contexts, fields, hpke
from app.crypto import passwords as argon2
from app.crypto.errors import SealBroken
from app.kernel.keyring import ServiceKeys
from app.kernel.problems import InvalidInput
from app.kernel.settings import Settings

PEPPER = bytes(range(32))
KEYS = ServiceKeys({1: b"k" * 32}, PEPPER)
STRETCHING = Stretching(b"0123456789abcdef", 19_456, 2)
PASSWORD = "blue tram over the Itchen"
ORGANISATION, ACCOUNT = UUID(int=1), UUID(int=2)


def test_a_chosen_password_is_kept_as_the_document_says() -> None:
    chosen = passwords.choose(PASSWORD, STRETCHING, KEYS, ORGANISATION, ACCOUNT)

    stretched = argon2.stretch(PASSWORD, STRETCHING.salt, 19_456, 2)
    peppered = hmac.digest(fields.derive(PEPPER, "password"), stretched, sha256)
    assert chosen.stretched.verifier == fields.derive(peppered, "password-verifier")
    context = contexts.encode("account-seed", ORGANISATION, ACCOUNT)
    seed = fields.open_(fields.derive(peppered, "password-wrapping-key"), context, chosen.wrapped_seed)
    assert hpke.public_key(seed) == chosen.public_key


def test_a_seed_opens_for_its_own_account_and_password_alone() -> None:
    stretched = passwords.stretch(PASSWORD, STRETCHING, KEYS)
    wrapped = passwords.wrap_seed(stretched, b"s" * 32, ORGANISATION, ACCOUNT)
    assert passwords.unwrap_seed(stretched, wrapped, ORGANISATION, ACCOUNT) == b"s" * 32
    other = passwords.stretch(PASSWORD, Stretching(b"another salt 16b", 19_456, 2), KEYS)
    for key, organisation, account in (
        (stretched, ORGANISATION, UUID(int=3)),
        (stretched, UUID(int=3), ACCOUNT),
        (other, ORGANISATION, ACCOUNT),
    ):
        with pytest.raises(SealBroken):
            passwords.unwrap_seed(key, wrapped, organisation, account)


def test_without_the_pepper_a_password_makes_another_verifier() -> None:
    elsewhere = ServiceKeys({1: b"k" * 32}, bytes(32))
    assert passwords.stretch(PASSWORD, STRETCHING, KEYS) != passwords.stretch(PASSWORD, STRETCHING, elsewhere)


@pytest.mark.parametrize("same", ["D.Okafor", "d.okafor", "D.OKAFOR", "\uff24.okafor"])
def test_a_username_is_found_however_it_is_typed(same: str) -> None:
    expected = hmac.digest(fields.derive(PEPPER, "username-index"), b"d.okafor", sha256)
    assert passwords.username_index(same, KEYS) == expected
    assert passwords.username_index("e.okafor", KEYS) != expected


def test_a_password_chosen_now_is_stretched_as_the_settings_say_under_a_salt_of_its_own() -> None:
    settings = Settings(password_memory_kib=20_000, password_iterations=4)
    first, second = Stretching.fresh(settings), Stretching.fresh(settings)
    assert (first.memory_kib, first.iterations, len(first.salt)) == (20_000, 4, 16)
    assert first.salt != second.salt


def test_a_refused_password_is_answered_with_the_rule_and_not_repeated() -> None:
    with pytest.raises(InvalidInput) as refused:
        passwords.require_good("password1234", "d.okafor", "/password")
    (error,) = refused.value.members["errors"]
    assert (error["in"], error["pointer"]) == ("body", "/password")
    assert "password1234" not in str(refused.value.members)
