"""What guards an account is random where it can be, hard to guess where it cannot, and opens one session of one account."""

import base64
import hashlib
import hmac
import string
import unicodedata
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.secrets import (
    LONGEST_PASSWORD,
    OBVIOUS,
    PasswordNamesAccount,
    PasswordRefused,
    PasswordTooLong,
    PasswordTooObvious,
    PasswordTooShort,
    check_password,
    digest,
    new_one_time_password,
    new_refresh_token,
    new_unlock_secret,
    normalise_password,
    open_session_key,
    seal_session_key,
    split_stretched,
)
from app.crypto import contexts, fields
from app.crypto.errors import SealBroken

ACCOUNT, SESSION = UUID(int=1), UUID(int=2)
SEED = bytes(range(32))
STRETCHED, PEPPER = b"s" * 32, b"p" * 32
GOOD = "blue tram over the Itchen"


def test_a_refresh_token_is_known_by_its_digest_alone() -> None:
    token, stored = new_refresh_token()
    assert stored == digest(token) == hashlib.sha256(token.encode()).digest()
    assert len(base64.urlsafe_b64decode(f"{token}=")) == 32


def test_the_digest_is_sha256() -> None:
    """Source: FIPS 180-4, the one-block example "abc"."""
    assert digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_no_two_secrets_are_the_same() -> None:
    for make in (new_refresh_token, new_one_time_password, new_unlock_secret):
        assert len({make() for _ in range(200)}) == 200


def test_a_one_time_password_can_be_read_out() -> None:
    groups = new_one_time_password().split("-")
    assert [len(group) for group in groups] == [5, 5, 5, 5]
    assert not set("".join(groups)) & set("ILOU" + string.ascii_lowercase + string.punctuation)


def test_a_one_time_password_has_a_hundred_bits() -> None:
    """Each character is one of 32, and over many each of the 32 comes up about as often as any other."""
    counts = Counter("".join(new_one_time_password().replace("-", "") for _ in range(1600)))
    assert len(counts) == 32
    assert all(750 < count < 1250 for count in counts.values())


def test_a_one_time_password_is_good_enough_to_keep() -> None:
    check_password(new_one_time_password(), "maria.lopez")


@pytest.mark.parametrize(
    "password",
    [
        pytest.param(GOOD, id="a phrase"),
        pytest.param("twelve chars", id="the shortest"),
        pytest.param("kestrel jumpers welcome here", id="an obvious word among others"),
        pytest.param("083917465528", id="digits alone"),
        pytest.param("~}|{;:<>?/.,", id="punctuation alone"),
        pytest.param("\u2708\u26f5\u2603\u2602\u2601\u2600\u2606\u2615\u2618\u2620\u2622\u2623", id="signs"),
        pytest.param(
            "\u043a\u0440\u0430\u0441\u043d\u0430\u044f \u0441\u043e\u0431\u0430\u043a\u0430", id="another script"
        ),
        pytest.param("al over the harbour bridge", id="a name too short to count"),
        pytest.param("ab cd ef gh ij " * 17, id="a long one"),
    ],
)
def test_a_password_that_breaks_no_rule_is_accepted(password: str) -> None:
    check_password(password, "al")


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        pytest.param("", PasswordTooShort, id="empty"),
        pytest.param("eleven char", PasswordTooShort, id="eleven"),
        pytest.param("\ufb03" * 6, PasswordTooShort, id="six typed that normalise to eighteen"),
        pytest.param("e\u0301a\u0301o\u0301i\u0301u\u0301x", PasswordTooShort, id="eleven typed that normalise to six"),
        pytest.param(
            "e\u0301a\u0301o\u0301i\u0301u\u0301xyz", PasswordTooShort, id="thirteen typed that normalise to eight"
        ),
        pytest.param(GOOD * 11, PasswordTooLong, id="long"),
        pytest.param("\ufdfa" * LONGEST_PASSWORD, PasswordTooLong, id="long once normalised"),
        pytest.param("\ufdfa" * 1_000_000, PasswordTooLong, id="a million"),
        pytest.param("I am MARIA.LOPEZ@council.example", PasswordNamesAccount, id="the username"),
        pytest.param("tram-maria.lopez-tram", PasswordNamesAccount, id="the username before its @"),
        pytest.param(
            "tram \uff4d\uff41\uff52\uff49\uff41.lopez tram", PasswordNamesAccount, id="the username, full-width"
        ),
        pytest.param("aaaaaaaaaaaa", PasswordTooObvious, id="one character repeated"),
        pytest.param("AaAaAaAaAaAa", PasswordTooObvious, id="one character in two cases"),
        pytest.param("1212121212121", PasswordTooObvious, id="two characters repeated"),
        pytest.param("wxyzwxyzwxyz", PasswordTooObvious, id="four characters repeated"),
        pytest.param("password1234", PasswordTooObvious, id="a well-known one"),
        pytest.param("PasswordPassword", PasswordTooObvious, id="a well-known one twice"),
        pytest.param("P@ssw0rd-2026!", PasswordTooObvious, id="a well-known one in disguise"),
        pytest.param("correct horse battery staple", PasswordTooObvious, id="the example that everybody read"),
        pytest.param("qwertyuiop12", PasswordTooObvious, id="a row of keys"),
        pytest.param("123456789012", PasswordTooObvious, id="counting"),
        pytest.param("Candour Council 2026", PasswordTooObvious, id="the name of the service"),
        pytest.param("  w e l c o m e 2 0 2 6  ", PasswordTooObvious, id="an obvious word with blanks between"),
    ],
)
def test_a_password_that_breaks_a_rule_is_told_the_rule(password: str, rule: type[PasswordRefused]) -> None:
    with pytest.raises(ValueError, match=r"^A password ") as refusal:
        check_password(password, "Maria.Lopez@council.example")
    assert type(refusal.value) is rule
    assert str(refusal.value) == rule.rule


def test_a_username_is_found_however_it_is_written() -> None:
    with pytest.raises(PasswordNamesAccount):
        check_password("tram maria.lopez tram", "\uff2d\uff21\uff32\uff29\uff21.lopez")


@given(st.text(max_size=300), st.text(max_size=40))
def test_a_refusal_never_repeats_what_was_typed(password: str, username: str) -> None:
    shown = ""
    try:
        check_password(password, username)
    except PasswordRefused as refusal:
        shown = str(refusal)
    assert shown in {"", *(kind.rule for kind in PasswordRefused.__subclasses__())}


def test_an_obvious_word_is_taken_out_before_any_word_inside_it() -> None:
    for position, word in enumerate(OBVIOUS):
        assert [earlier for earlier in OBVIOUS[:position] if earlier in word] == []


def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    composed, decomposed = "caf\u00e9 over the road", "cafe\u0301 over the road"
    assert normalise_password(composed) == normalise_password(decomposed)
    assert normalise_password("\uff54ram") == "tram"


@given(st.text(max_size=LONGEST_PASSWORD))
def test_normalising_is_nfkc_and_keeps_case_and_blanks(password: str) -> None:
    assert normalise_password(password) == unicodedata.normalize("NFKC", password)


def test_a_password_longer_than_any_is_not_even_normalised() -> None:
    with pytest.raises(PasswordTooLong):
        normalise_password("x" * (LONGEST_PASSWORD + 1))


def derived(key: bytes, label: str) -> bytes:
    """HKDF-SHA256 with no salt and one block, written out. Source: RFC 5869 section 2."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, contexts.encode(label) + b"\x01", "sha256")


def test_the_halves_of_a_stretched_password_are_what_the_format_says() -> None:
    peppered = hmac.digest(PEPPER, STRETCHED, "sha256")
    assert split_stretched(STRETCHED, PEPPER) == (
        derived(peppered, "password-verifier"),
        derived(peppered, "password-wrapping-key"),
    )


def test_each_half_changes_with_the_password_and_with_the_pepper() -> None:
    halves = [
        half
        for stretched, pepper in ((STRETCHED, PEPPER), (PEPPER, STRETCHED), (STRETCHED, STRETCHED), (PEPPER, PEPPER))
        for half in split_stretched(stretched, pepper)
    ]
    assert len(set(halves)) == 8


@pytest.mark.parametrize(
    ("stretched", "pepper"),
    [(STRETCHED[1:], PEPPER), (STRETCHED + b"s", PEPPER), (STRETCHED, PEPPER[1:]), (STRETCHED, b"")],
)
def test_a_pepper_or_stretched_password_of_another_size_is_refused(stretched: bytes, pepper: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        split_stretched(stretched, pepper)


def test_an_unlock_secret_opens_what_it_sealed_for_its_session() -> None:
    secret = new_unlock_secret()
    sealed = seal_session_key(secret, SEED, SESSION, ACCOUNT)
    assert SEED not in sealed
    assert open_session_key(secret, sealed, SESSION, ACCOUNT) == SEED


def test_the_session_key_is_a_field_under_the_published_context() -> None:
    secret = new_unlock_secret()
    sealed = seal_session_key(secret, SEED, SESSION, ACCOUNT)
    key = base64.urlsafe_b64decode(f"{secret}=")
    assert fields.open_(key, contexts.encode("session", ACCOUNT, SESSION), sealed) == SEED


@pytest.mark.parametrize(
    ("session_id", "account_id"),
    [
        pytest.param(UUID(int=3), ACCOUNT, id="another session"),
        pytest.param(SESSION, UUID(int=3), id="another account"),
        pytest.param(ACCOUNT, SESSION, id="the two swapped"),
    ],
)
def test_a_session_key_does_not_open_elsewhere(session_id: UUID, account_id: UUID) -> None:
    secret = new_unlock_secret()
    sealed = seal_session_key(secret, SEED, SESSION, ACCOUNT)
    with pytest.raises(SealBroken):
        open_session_key(secret, sealed, session_id, account_id)


def test_another_unlock_secret_does_not_open_it() -> None:
    sealed = seal_session_key(new_unlock_secret(), SEED, SESSION, ACCOUNT)
    with pytest.raises(SealBroken):
        open_session_key(new_unlock_secret(), sealed, SESSION, ACCOUNT)


def stray_bits(secret: str) -> str:
    """The same 32 bytes spelled with a bit set where the last character has none to give."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return secret[:-1] + alphabet[alphabet.index(secret[-1]) | 1]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("", id="empty"),
        pytest.param("A", id="one character"),
        pytest.param("A" * 42, id="a byte short"),
        pytest.param("A" * 44, id="a byte long"),
        pytest.param("A" * 43 + "=", id="padding"),
        pytest.param("A" * 20 + "\n" + "A" * 23, id="newline inside"),
        pytest.param("A" * 43 + " ", id="blank after"),
        pytest.param("/" * 42 + "8", id="standard alphabet"),
        pytest.param(stray_bits("A" * 43), id="stray bits"),
        pytest.param("\u0410" * 43, id="another script"),
        pytest.param("A" * 1_000_000, id="a megabyte"),
    ],
)
def test_an_unlock_secret_has_one_spelling(hostile: str) -> None:
    sealed = seal_session_key("A" * 43, SEED, SESSION, ACCOUNT)
    with pytest.raises(SealBroken):
        open_session_key(hostile, sealed, SESSION, ACCOUNT)
    with pytest.raises(SealBroken):
        seal_session_key(hostile, SEED, SESSION, ACCOUNT)


@given(st.integers(0), st.integers(0, 7))
def test_a_damaged_session_key_does_not_open(position: int, bit: int) -> None:
    secret = new_unlock_secret()
    sealed = bytearray(seal_session_key(secret, SEED, SESSION, ACCOUNT))
    sealed[position % len(sealed)] ^= 1 << bit
    with pytest.raises(SealBroken):
        open_session_key(secret, bytes(sealed), SESSION, ACCOUNT)
