"""Decides whether an access token is ours, whole and current. It knows no account, session or database.

The only module that may use python-jose, which by itself accepts what RFC 8725 forbids: tokens without exp or aud, any
crit, HS256 under the bytes of a public key. So everything is read and judged here; the library verifies the signature.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jws

ALGORITHM = "ES256"
"""Source: RFC 7518 section 3.4, ECDSA on P-256 with SHA-256."""
TYPE = "at+jwt"
"""Source: RFC 9068 section 2.1, so that no other kind of JWT passes for an access token (RFC 8725 section 3.11)."""
CLAIMS = frozenset({"iss", "aud", "sub", "org", "sid", "jti", "iat", "exp"})
"""Every token has these and no others: a claim that nobody reads, such as nbf, would be a promise that nobody keeps."""
LONGEST_LIFETIME = timedelta(minutes=15)
LEEWAY = timedelta(seconds=30)
"""How far the clock of the process that issued may run ahead of the one that verifies. Expiry has no leeway."""
LONGEST_TOKEN = 2048
"""Characters. Ours have about 600; the bound keeps the parsers from large or deeply nested input."""

_PKCS8 = b"-----BEGIN PRIVATE KEY-----"


class TokenRefused(Exception):
    """The token does not open anything. It never says why: a reason would help only whoever forged it."""


@dataclass(frozen=True)
class Claims:
    """What a token that was accepted says."""

    account_id: UUID
    organisation_id: UUID
    session_id: UUID
    token_id: UUID
    """Name a token by this, never by its text: one ECDSA signature has a second valid form."""
    issued_at: datetime
    expires_at: datetime


class SigningKey:
    """A P-256 key pair that signs access tokens, named by its thumbprint."""

    def __init__(self, pem: bytes) -> None:
        """Hold the key of an unencrypted PKCS #8 PEM.

        Raises:
            ValueError: it is not such a PEM, or the key is not on P-256.

        """
        if not pem.startswith(_PKCS8):
            raise ValueError("the signing key must be an unencrypted PKCS #8 PEM")
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("the signing key must be on P-256")
        self.kid = thumbprint(private.public_key())
        self.private = jwk.construct(pem.decode(), ALGORITHM)
        self.public = self.private.public_key()

    @staticmethod
    def generate() -> bytes:
        """Return the PEM of a new key."""
        return ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@dataclass(frozen=True)
class TokenKeys:
    """The key that signs, and those that signed before it and are still believed.

    A previous key may go once LONGEST_LIFETIME has passed since it last signed.
    """

    active: SigningKey
    previous: tuple[SigningKey, ...] = ()

    def named(self, kid: object) -> SigningKey:
        """Return the one key of that name.

        Raises:
            TokenRefused: there is none.

        """
        for key in (self.active, *self.previous):
            if key.kid == kid:
                return key
        raise TokenRefused


def thumbprint(public: ec.EllipticCurvePublicKey) -> str:
    """Return the name of a P-256 public key.

    Source: RFC 7638 section 3, SHA-256 of the JWK's required members in lexicographic order; vector in RFC 9449.
    """
    point = public.public_numbers()
    x, y = (_encode(number.to_bytes(32, "big")) for number in (point.x, point.y))
    members = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return _encode(hashlib.sha256(members.encode()).digest())


def issue(
    keys: TokenKeys,
    *,
    account_id: UUID,
    organisation_id: UUID,
    session_id: UUID,
    issued_at: datetime,
    lifetime: timedelta,
    issuer: str,
    audience: str,
) -> str:
    """Return a token for that session, signed by the active key.

    Raises:
        ValueError: the lifetime is under a second or over LONGEST_LIFETIME.

    """
    if not timedelta(seconds=1) <= lifetime <= LONGEST_LIFETIME:
        raise ValueError("a token lives between one second and fifteen minutes")
    iat = int(issued_at.timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": str(account_id),
        "org": str(organisation_id),
        "sid": str(session_id),
        "jti": str(uuid4()),
        "iat": iat,
        "exp": iat + int(lifetime.total_seconds()),
    }
    return jws.sign(claims, keys.active.private, headers={"typ": TYPE, "kid": keys.active.kid}, algorithm=ALGORITHM)


def verify(keys: TokenKeys, token: str, *, now: datetime, issuer: str, audience: str) -> Claims:
    """Return what the token says, if one of the keys signed it for this audience and it is current.

    Raises:
        TokenRefused: in every other case, whatever the reason.

    """
    try:
        claims = _claims(_signed_payload(keys, token), issuer, audience)
        _require_current(claims, now)
    except Exception:  # noqa: BLE001 a hostile token may break the parsers in ways unknown; each means the same
        raise TokenRefused from None
    return claims


def _signed_payload(keys: TokenKeys, token: str) -> dict[str, Any]:
    """Return the payload of a token whose form is exactly ours and whose signature verifies."""
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused
    header_part, payload_part, signature_part = token.split(".")
    header, payload = _object(header_part), _object(payload_part)
    _decode(signature_part)
    key = keys.named(header["kid"])
    if header != {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}:
        raise TokenRefused
    jws.verify(token, key.public, algorithms=[ALGORITHM])
    return payload


def _claims(payload: dict[str, Any], issuer: str, audience: str) -> Claims:
    """Return what a payload says that has exactly our claims, of exactly our types, from and for the right party."""
    if payload.keys() != CLAIMS or payload["iss"] != issuer or payload["aud"] != audience:
        raise TokenRefused
    return Claims(
        account_id=_uuid(payload["sub"]),
        organisation_id=_uuid(payload["org"]),
        session_id=_uuid(payload["sid"]),
        token_id=_uuid(payload["jti"]),
        issued_at=_instant(payload["iat"]),
        expires_at=_instant(payload["exp"]),
    )


def _require_current(claims: Claims, now: datetime) -> None:
    """Refuse a token from the future, past its end, or that lives longer than we ever allow."""
    if claims.issued_at > now + LEEWAY or claims.expires_at <= now:
        raise TokenRefused
    if not timedelta(0) < claims.expires_at - claims.issued_at <= LONGEST_LIFETIME:
        raise TokenRefused


def _encode(data: bytes) -> str:
    """Return base64url without padding. Source: RFC 7515 section 2."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    """Return the bytes of a base64url part in its one spelling: no padding, blanks, other alphabet or stray bits."""
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if _encode(decoded) != part:
        raise TokenRefused
    return decoded


def _object(part: str) -> dict[str, Any]:
    """Return the JSON object of a part. JSON of another shape has no members, and is refused where they are read."""
    parsed: dict[str, Any] = json.loads(_decode(part).decode("utf-8"), object_pairs_hook=_distinct)
    return parsed


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members as an object in which no name stands twice. Source: RFC 8259 section 4."""
    found = dict(members)
    if len(found) != len(members):
        raise TokenRefused
    return found


def _uuid(value: object) -> UUID:
    """Return the UUID of a claim written in the one spelling that we write."""
    parsed = UUID(str(value))
    if str(parsed) != value:
        raise TokenRefused
    return parsed


def _instant(value: object) -> datetime:
    """Return the instant of a claim in whole seconds."""
    if type(value) is not int:  # an exact type: true is an int to Python
        raise TokenRefused
    return datetime.fromtimestamp(value, UTC)
