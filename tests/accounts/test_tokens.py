"""An access token opens what it was issued for, once its key, form and times are right, and nothing else ever does."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.tokens import (
    LEEWAY,
    LONGEST_LIFETIME,
    LONGEST_TOKEN,
    Claims,
    SigningKey,
    TokenKeys,
    TokenRefused,
    issue,
    thumbprint,
    verify,
)
from tests.accounts.hostile_tokens import (
    ACCOUNT,
    ACTIVE,
    ACTIVE_PEM,
    ALPHABET,
    AUDIENCE,
    CLAIMS,
    FIRST,
    FORMS,
    GENUINE,
    HOSTILE,
    IAT,
    ISSUER,
    K256_KEY,
    KEYS,
    NOW,
    ORGANISATION,
    P256_ORDER,
    P384_KEY,
    PEM,
    PREVIOUS,
    RSA_KEY,
    SECOND,
    SESSION,
    SIGNATURE,
    TOKEN_ID,
    encoded,
    jwk_of,
    padded,
    private,
    with_claims,
)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(max_value=1_000_000) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def opened(token: str, keys: TokenKeys = KEYS, now: datetime = NOW) -> Claims:
    return verify(keys, token, now=now, issuer=ISSUER, audience=AUDIENCE)


def issued(keys: TokenKeys = KEYS, lifetime: timedelta = timedelta(minutes=10)) -> str:
    return issue(
        keys,
        account_id=ACCOUNT,
        organisation_id=ORGANISATION,
        session_id=SESSION,
        issued_at=NOW,
        lifetime=lifetime,
        issuer=ISSUER,
        audience=AUDIENCE,
    )


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_token_is_refused_without_a_reason(token: str) -> None:
    with pytest.raises(TokenRefused) as refusal:
        opened(token)
    assert (refusal.value.args, refusal.value.__cause__) == ((), None)


def test_the_token_that_hostile_ones_are_made_from_is_accepted() -> None:
    assert opened(GENUINE) == Claims(
        account_id=ACCOUNT,
        organisation_id=ORGANISATION,
        session_id=SESSION,
        token_id=TOKEN_ID,
        issued_at=datetime.fromtimestamp(IAT, UTC),
        expires_at=datetime.fromtimestamp(IAT + 600, UTC),
    )


def test_an_issued_token_says_whose_session_it_is() -> None:
    claims = opened(issued())
    assert (claims.account_id, claims.organisation_id, claims.session_id) == (ACCOUNT, ORGANISATION, SESSION)
    assert claims.expires_at - claims.issued_at == timedelta(minutes=10)
    assert claims.issued_at == NOW.replace(microsecond=0)


def test_two_tokens_of_one_session_have_different_names() -> None:
    assert opened(issued()).token_id != opened(issued()).token_id


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(with_claims(iat=IAT + 30, exp=IAT + 600), id="issued by a clock that runs ahead by the leeway"),
        pytest.param(with_claims(iat=IAT - 600, exp=IAT + 1), id="in its last second"),
        pytest.param(with_claims(exp=IAT + 900), id="of the longest lifetime"),
        pytest.param(padded(LONGEST_TOKEN), id="of the longest length"),
    ],
)
def test_a_token_at_a_bound_is_accepted(token: str) -> None:
    assert opened(token).account_id == ACCOUNT


def test_the_tokens_about_length_stand_on_both_sides_of_the_bound() -> None:
    assert LONGEST_TOKEN - 2 <= len(padded(LONGEST_TOKEN)) <= LONGEST_TOKEN < len(FORMS["just over the bound"])
    assert len(issued()) * 2 < LONGEST_TOKEN


def test_the_leeway_is_for_the_issuer_and_never_for_expiry() -> None:
    token = issued(lifetime=LONGEST_LIFETIME)
    assert opened(token, now=NOW - LEEWAY).session_id == SESSION
    end = NOW.replace(microsecond=0) + LONGEST_LIFETIME
    assert opened(token, now=end - timedelta(microseconds=1)).expires_at == end
    with pytest.raises(TokenRefused):
        opened(token, now=end)


@pytest.mark.parametrize(
    "lifetime",
    [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=999), LONGEST_LIFETIME + timedelta(seconds=1)],
)
def test_a_token_is_not_issued_for_longer_than_it_would_be_believed(lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="between one second and fifteen minutes"):
        issued(lifetime=lifetime)


def test_a_rotated_key_is_believed_until_it_is_dropped_and_signs_no_more() -> None:
    before = issued(TokenKeys(PREVIOUS))
    assert opened(before, TokenKeys(ACTIVE, (PREVIOUS,))).session_id == SESSION
    with pytest.raises(TokenRefused):
        opened(before, TokenKeys(ACTIVE))
    with pytest.raises(TokenRefused):
        opened(issued(TokenKeys(ACTIVE, (PREVIOUS,))), TokenKeys(PREVIOUS))


def test_the_second_form_of_an_ecdsa_signature_names_the_same_token() -> None:
    r, s = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:], "big")
    twin = f"{FIRST}.{SECOND}.{encoded(r + (P256_ORDER - s).to_bytes(32, 'big'))}"
    private(ACTIVE_PEM).public_key().verify(
        encode_dss_signature(int.from_bytes(r, "big"), P256_ORDER - s),
        f"{FIRST}.{SECOND}".encode(),
        ec.ECDSA(hashes.SHA256()),
    )
    assert twin != GENUINE
    assert opened(twin) == opened(GENUINE)


@given(st.text(max_size=200) | st.text(alphabet=ALPHABET + ".", max_size=200))
def test_whatever_is_sent_only_ever_raises_the_refusal(token: str) -> None:
    with pytest.raises(TokenRefused):
        opened(token)


@given(st.integers(0, len(GENUINE) - 1), st.sampled_from(ALPHABET + ".= \n"))
def test_no_character_of_a_token_can_be_changed(position: int, character: str) -> None:
    changed = GENUINE[:position] + character + GENUINE[position + 1 :]
    if changed != GENUINE:
        with pytest.raises(TokenRefused):
            opened(changed)


@given(ANY_JSON, st.sampled_from(sorted(CLAIMS)))
def test_no_claim_takes_a_value_of_another_kind(value: object, name: str) -> None:
    with pytest.raises(TokenRefused):
        opened(with_claims(**{name: value}))


def test_the_thumbprint_is_the_published_one() -> None:
    """Source: RFC 9449 section 6.1, the key of its examples and its jkt."""
    x, y = (
        int.from_bytes(base64.urlsafe_b64decode(f"{coordinate}="), "big")
        for coordinate in ("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")
    )
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    assert thumbprint(public) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_the_name_of_a_key_is_the_thumbprint_of_its_public_half() -> None:
    canonical = json.dumps(jwk_of(ACTIVE_PEM), sort_keys=True, separators=(",", ":"))
    assert ACTIVE.kid == encoded(hashlib.sha256(canonical.encode()).digest())


def test_every_generated_key_is_new() -> None:
    assert SigningKey.generate() != SigningKey.generate()


def private_pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes | None = None, *, is_old: bool = False
) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL if is_old else serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(PEM, id="a public key"),
        pytest.param(private_pem(private(ACTIVE_PEM), b"passphrase"), id="an encrypted key"),
        pytest.param(private_pem(private(ACTIVE_PEM), is_old=True), id="a key in the older format"),
        pytest.param(private_pem(RSA_KEY), id="an RSA key"),
        pytest.param(private_pem(P384_KEY), id="a key on P-384"),
        pytest.param(private_pem(K256_KEY), id="a key on another curve of the size"),
        pytest.param(ACTIVE_PEM[:60], id="half a key"),
    ],
)
def test_only_a_plain_p256_key_may_sign(pem: bytes) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        SigningKey(pem)
    assert "PRIVATE KEY" not in str(refusal.value)


def test_a_key_shows_nothing_of_itself_when_printed() -> None:
    secret = private(ACTIVE_PEM).private_numbers().private_value
    shown = repr(KEYS) + repr(ACTIVE) + str(vars(ACTIVE))
    assert str(secret) not in shown
    assert f"{secret:x}" not in shown
    assert "PRIVATE" not in shown
