"""A code opens in its own half minute and the two beside it, once."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.totp import accepted_step, new_secret, provisioning_uri

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def code_at(step: int, secret: str = RFC_SECRET) -> str:
    return pyotp.TOTP(secret).generate_otp(step)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_published_codes_open_in_their_step(seconds: int, code: str) -> None:
    """Source: RFC 6238 appendix B, SHA-1. Its codes have eight digits, of which six-digit codes are the last six."""
    assert accepted_step(RFC_SECRET, code[-6:], datetime.fromtimestamp(seconds, UTC), None) == seconds // 30


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_code_beside_the_present_one_opens_and_names_its_own_step(drift: int) -> None:
    assert accepted_step(RFC_SECRET, code_at(STEP + drift), NOW, None) == STEP + drift


@pytest.mark.parametrize("drift", [-1000, -3, -2, 2, 3, 1000])
def test_a_code_from_further_away_does_not_open(drift: int) -> None:
    assert accepted_step(RFC_SECRET, code_at(STEP + drift), NOW, None) is None


def test_a_code_opens_once() -> None:
    code = code_at(STEP)
    step = accepted_step(RFC_SECRET, code, NOW, None)
    assert step is not None
    assert accepted_step(RFC_SECRET, code, NOW, step) is None
    assert accepted_step(RFC_SECRET, code, NOW + timedelta(seconds=30), step) is None


def test_an_earlier_code_does_not_open_after_a_later_one() -> None:
    assert accepted_step(RFC_SECRET, code_at(STEP - 1), NOW, STEP) is None
    assert accepted_step(RFC_SECRET, code_at(STEP), NOW, STEP + 1) is None


def test_the_next_code_opens_after_the_last_one() -> None:
    assert accepted_step(RFC_SECRET, code_at(STEP + 1), NOW, STEP) == STEP + 1


@pytest.mark.parametrize(
    ("step", "other_step", "code"), [(59061240, 59061241, "963181"), (61331809, 61331811, "768734")]
)
def test_a_code_that_belongs_to_two_steps_is_spent_for_both(step: int, other_step: int, code: str) -> None:
    """These steps of the RFC's secret share a code by chance, found by search."""
    assert code_at(step) == code_at(other_step) == code
    between = datetime.fromtimestamp((step + 1) * 30, UTC)
    assert accepted_step(RFC_SECRET, code, between, None) == other_step


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda code: code[:-1], id="five digits"),
        pytest.param(lambda code: f"0{code}", id="seven digits"),
        pytest.param(lambda code: f"{code}\n", id="newline after"),
        pytest.param(lambda code: f" {code}", id="blank before"),
        pytest.param(lambda code: f"{code[:3]} {code[3:]}", id="blank inside"),
        pytest.param(lambda code: f"+{code[1:]}", id="sign"),
        pytest.param(
            lambda code: code.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}), id="full-width"
        ),
        pytest.param(
            lambda code: code.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)}), id="Arabic digits"
        ),
        pytest.param(lambda code: code[:0], id="empty"),
        pytest.param(lambda code: code * 200_000, id="a megabyte"),
    ],
)
def test_only_six_ascii_digits_are_a_code(alter: Callable[[str], str]) -> None:
    assert accepted_step(RFC_SECRET, alter(code_at(STEP)), NOW, None) is None


@given(st.text(max_size=12))
def test_whatever_is_typed_gets_an_answer(code: str) -> None:
    assert accepted_step(RFC_SECRET, code, NOW, None) in {None, STEP - 1, STEP, STEP + 1}


def test_the_code_of_another_account_does_not_open() -> None:
    mine, theirs = RFC_SECRET, base64.b32encode(b"09876543210987654321").decode()
    assert accepted_step(mine, code_at(STEP, theirs), NOW, None) is None


def test_a_new_secret_has_160_bits_and_is_never_the_same() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_address_for_an_authenticator_names_service_and_account() -> None:
    """The defaults of RFC 6238 stand in no parameter, as some authenticators ignore those."""
    address = urlsplit(provisioning_uri(RFC_SECRET, "maria lópez?&", "Candour: Southampton"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert [unquote(part) for part in address.path.lstrip("/").split(":")] == ["Candour: Southampton", "maria lópez?&"]
    assert parse_qs(address.query) == {"secret": [RFC_SECRET], "issuer": ["Candour: Southampton"]}
