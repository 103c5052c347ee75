"""Every way we know to pass a token that is not ours, whole and current, by name. Each is signed as well as it can be.

Source: RFC 8725 (JWT best current practices), CVE-2015-9235, CVE-2022-21449, CVE-2024-33663 and CVE-2024-33664.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from app.accounts.tokens import LONGEST_TOKEN, SigningKey, TokenKeys

NOW = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
IAT = int(NOW.timestamp())
ISSUER, AUDIENCE = "https://candour.example", "https://candour.example/v1"
ACCOUNT, ORGANISATION, SESSION, TOKEN_ID = (UUID(int=number << 64 | 0x7ABC) for number in (1, 2, 3, 4))
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

ACTIVE_PEM, PREVIOUS_PEM, STRANGER_PEM = (SigningKey.generate() for _ in range(3))
ACTIVE, PREVIOUS, STRANGER = (SigningKey(pem) for pem in (ACTIVE_PEM, PREVIOUS_PEM, STRANGER_PEM))
KEYS = TokenKeys(ACTIVE, (PREVIOUS,))
RSA_KEY = rsa.generate_private_key(65537, 2048)
P384_KEY, P521_KEY, K256_KEY = (
    ec.generate_private_key(curve()) for curve in (ec.SECP384R1, ec.SECP521R1, ec.SECP256K1)
)

HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": ACTIVE.kid}
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": str(ACCOUNT),
    "org": str(ORGANISATION),
    "sid": str(SESSION),
    "jti": str(TOKEN_ID),
    "iat": IAT,
    "exp": IAT + 600,
}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def raw(der: bytes, size: int = 32) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def unsigned(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes) -> str:
    return ".".join(
        encoded(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)
    )


def signed(
    header: Mapping[str, Any] | bytes = HEADER,
    payload: Mapping[str, Any] | bytes = CLAIMS,
    pem: bytes = ACTIVE_PEM,
) -> str:
    """A token whose signature is good, made without the module under test, so that only one thing is wrong with it."""
    return under_es256(unsigned(header, payload), pem)


def under_es256(text: str, pem: bytes = ACTIVE_PEM) -> str:
    return f"{text}.{encoded(raw(private(pem).sign(text.encode(), ec.ECDSA(hashes.SHA256()))))}"


def with_header(**members: Any) -> str:  # noqa: ANN401 hostile members are of any type
    return signed(HEADER | members)


def with_claims(**members: Any) -> str:  # noqa: ANN401 hostile members are of any type
    return signed(payload=CLAIMS | members)


def without(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def spelled(name: str, json_value: str) -> str:
    """A good signature over a claim written in JSON that json.dumps would not write."""
    marked = json.dumps(CLAIMS | {name: "MARK"})
    return signed(payload=marked.replace('"MARK"', json_value).encode())


def under_hmac(secret: bytes, algorithm: str = "HS256") -> str:
    first = unsigned(HEADER | {"alg": algorithm}, CLAIMS)
    return f"{first}.{encoded(hmac.digest(secret, first.encode(), 'sha' + algorithm[2:]))}"


def under_ec(key: ec.EllipticCurvePrivateKey, algorithm: str, size: int) -> str:
    first = unsigned(HEADER | {"alg": algorithm}, CLAIMS)
    sha = {32: hashes.SHA256(), 48: hashes.SHA384(), 66: hashes.SHA512()}[size]
    return f"{first}.{encoded(raw(key.sign(first.encode(), ec.ECDSA(sha)), size))}"


def under_rsa(algorithm: str) -> str:
    first = unsigned(HEADER | {"alg": algorithm}, CLAIMS)
    return f"{first}.{encoded(RSA_KEY.sign(first.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def padded(length: int) -> str:
    """A good token whose payload JSON ends in blanks, as near to that many characters as base64 allows from below."""
    blanks = (length - len(signed())) * 3 // 4
    return signed(payload=json.dumps(CLAIMS).encode() + b" " * blanks)


def in_standard_alphabet() -> str:
    while True:
        token = signed()
        if {"-", "_"} & set(token.rpartition(".")[2]):
            return token.replace("-", "+").replace("_", "/")


def public_bytes(encoding: serialization.Encoding) -> bytes:
    return private(ACTIVE_PEM).public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk_of(pem: bytes) -> dict[str, str]:
    point = private(pem).public_key().public_numbers()
    x, y = (encoded(number.to_bytes(32, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


JWE = encoded(b'{"alg":"dir","enc":"A256GCM"}')
JWE_INFLATING = encoded(b'{"alg":"dir","enc":"A256GCM","zip":"DEF"}')
GENUINE = signed()
FIRST, SECOND, THIRD = GENUINE.split(".")
SIGNATURE = base64.urlsafe_b64decode(THIRD + "==")
PEM, DER = public_bytes(serialization.Encoding.PEM), public_bytes(serialization.Encoding.DER)
OTHER_SESSION = with_claims(sid=str(UUID(int=9)), jti=str(UUID(int=10)))

FORMS = {
    "empty": "",
    "blank": " ",
    "one part": FIRST,
    "two parts": f"{FIRST}.{SECOND}",
    "two dots and nothing else": "..",
    "four parts": f"{GENUINE}.",
    "four parts with a second signature": f"{GENUINE}.{THIRD}",
    **{
        f"four parts under one good signature, {size}": under_es256(f"{FIRST}.{SECOND}.{'A' * size}")
        for size in (2, 3, 4)
    },
    "five parts, a JWE": f"{JWE}..{encoded(bytes(12))}.{SECOND}.{encoded(bytes(16))}",
    "five parts, a JWE that would inflate": f"{JWE_INFLATING}..AA.{SECOND}.AA",
    "empty header": f".{SECOND}.{THIRD}",
    "empty payload": signed(payload=b""),
    "empty signature": f"{FIRST}.{SECOND}.",
    "padding on the signature": f"{GENUINE}==",
    "padding on the payload": signed(payload=CLAIMS | {"iss": ISSUER}).replace(".", "=.", 1),
    "blank before": f" {GENUINE}",
    "blank after": f"{GENUINE} ",
    "newline after": f"{GENUINE}\n",
    "newline inside the signature": f"{FIRST}.{SECOND}.{THIRD[:40]}\n{THIRD[40:]}",
    "tab around a dot": f"{FIRST}.{SECOND}.\t{THIRD}",
    "characters outside the alphabet inside the signature": f"{FIRST}.{SECOND}.{THIRD[:40]}!{THIRD[40:]}",
    "standard base64 alphabet": in_standard_alphabet(),
    "letters of another script": GENUINE.replace("e", "\u0435"),
    "full-width dots": GENUINE.replace(".", "\uff0e"),
    "a NUL": f"{GENUINE}\0",
    "a lone surrogate": f"{GENUINE}\ud800",
    "a scheme in front": f"Bearer {GENUINE}",
    "a megabyte": padded(1_000_000),
    "just over the bound": padded(LONGEST_TOKEN + 4),
    "deep nesting in the payload": signed(payload=b"[" * 600 + b"]" * 600),
    "deep nesting in the header": signed(header=b'{"a":' * 150 + b"1" + b"}" * 150),
    "header that is a list": signed(header=b"[]"),
    "header that is a text": signed(header=b'"ES256"'),
    "payload that is a list": signed(payload=b"[]"),
    "payload that is null": signed(payload=b"null"),
    "payload that is not JSON": signed(payload=b"iss=candour"),
    "payload with more after it": signed(payload=json.dumps(CLAIMS).encode() + b"{}"),
    "payload in UTF-16": signed(payload=json.dumps(CLAIMS).encode("utf-16")),
    "payload behind a byte order mark": signed(payload=b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode()),
    "payload that is not UTF-8": signed(payload=json.dumps(CLAIMS).encode().replace(b"candour", b"cand\xffur", 1)),
}
STRAY_BITS = {
    f"stray bits in the signature, spelling {spare}": GENUINE[:-1] + ALPHABET[ALPHABET.index(GENUINE[-1]) | spare]
    for spare in range(1, 16)
}
ALGORITHMS = {
    **{
        f"alg {name!r}, no signature": unsigned(HEADER | {"alg": name}, CLAIMS) + "."
        for name in ("none", "None", "NONE", "nOnE", "")
    },
    **{
        f"alg {name!r}, good signature": with_header(alg=name)
        for name in ("none", "None", "NONE", "nOnE", "", " ES256")
    },
    "alg missing": signed(without(HEADER, "alg")),
    "alg null": with_header(alg=None),
    "alg a list": with_header(alg=["ES256"]),
    "alg in small letters": with_header(alg="es256"),
    "alg a part of our own name": with_header(alg="ES"),
    "alg our own name inside another": with_header(alg="XES256Y"),
    "HS256 with the public PEM as secret": under_hmac(PEM),
    "HS256 with the public PEM, stripped, as secret": under_hmac(PEM.strip()),
    "HS256 with the public DER as secret": under_hmac(DER),
    "HS384 with the public DER as secret": under_hmac(DER, "HS384"),
    "HS512 with the public DER as secret": under_hmac(DER, "HS512"),
    "HS256 with the kid as secret": under_hmac(ACTIVE.kid.encode()),
    "HS256 with an empty secret": under_hmac(b""),
    "HS256 with a good ES256 signature": with_header(alg="HS256"),
    "RS256 by an RSA key": under_rsa("RS256"),
    "RS256 with a good ES256 signature": with_header(alg="RS256"),
    "PS256 with a good ES256 signature": with_header(alg="PS256"),
    "EdDSA with a good ES256 signature": with_header(alg="EdDSA"),
    "ES256 in name, an RSA signature": under_rsa("ES256"),
    "ES384 on P-384": under_ec(P384_KEY, "ES384", 48),
    "ES512 on P-521": under_ec(P521_KEY, "ES512", 66),
    "ES256K": under_ec(K256_KEY, "ES256K", 32),
    "ES256 in name, on another curve of its size": under_ec(K256_KEY, "ES256", 32),
    "ES256 in name, on P-384": under_ec(P384_KEY, "ES256", 48),
    "ES384 in name, our key and its good ES256 signature": with_header(alg="ES384"),
}
HEADERS = {
    "typ missing": signed(without(HEADER, "typ")),
    "typ JWT, another kind of token": with_header(typ="JWT"),
    "typ in capitals": with_header(typ="AT+JWT"),
    "typ with its media type": with_header(typ="application/at+jwt"),
    "typ of a refresh token": with_header(typ="rt"),
    "kid missing": signed(without(HEADER, "kid")),
    "kid null": with_header(kid=None),
    "kid a number": with_header(kid=0),
    "kid a list": with_header(kid=[ACTIVE.kid]),
    "kid an object": with_header(kid={"kid": ACTIVE.kid}),
    "kid empty": with_header(kid=""),
    "kid a path": with_header(kid="../../../../dev/null"),
    "kid SQL": with_header(kid="' UNION SELECT 'secret' --"),
    "kid a shell command": with_header(kid="key|id"),
    "kid with a blank": with_header(kid=f"{ACTIVE.kid} "),
    "kid unknown, our signature": with_header(kid=STRANGER.kid),
    "crit": with_header(crit=["exp"]),
    "crit empty": with_header(crit=[]),
    "crit b64": with_header(crit=["b64"], b64=False),
    "b64": with_header(b64=True),
    "jku": with_header(jku="https://attacker.example/keys.json"),
    "jwk of a stranger, who signed": signed(HEADER | {"jwk": jwk_of(STRANGER_PEM)}, pem=STRANGER_PEM),
    "jwk of our own": with_header(jwk=jwk_of(ACTIVE_PEM)),
    "x5u": with_header(x5u="https://attacker.example/chain.pem"),
    "x5c": with_header(x5c=["MIIB"]),
    "x5t": with_header(x5t="AAAA"),
    "zip": with_header(zip="DEF"),
    "cty, a token inside a token": with_header(cty="JWT"),
    "alg twice": signed(header=json.dumps(HEADER).replace("{", '{"alg": "none", ', 1).encode()),
    "kid twice": signed(header=json.dumps(HEADER).replace("{", '{"kid": "x", ', 1).encode()),
}
SIGNATURES = {
    "unknown kid of the stranger who signed": signed(HEADER | {"kid": STRANGER.kid}, pem=STRANGER_PEM),
    "a stranger's signature under our kid": signed(pem=STRANGER_PEM),
    "the previous key's signature under the active kid": signed(pem=PREVIOUS_PEM),
    "the active key's signature under the previous kid": with_header(kid=PREVIOUS.kid),
    "the signature of another session": f"{FIRST}.{SECOND}.{OTHER_SESSION.rpartition('.')[2]}",
    "the payload of another session": f"{FIRST}.{OTHER_SESSION.split('.')[1]}.{THIRD}",
    "an edited payload": f"{FIRST}.{unsigned({}, CLAIMS | {'sub': str(ORGANISATION)}).partition('.')[2]}.{THIRD}",
    "all zeros": f"{FIRST}.{SECOND}.{encoded(bytes(64))}",
    "the order of the curve": f"{FIRST}.{SECOND}.{encoded(P256_ORDER.to_bytes(32, 'big') * 2)}",
    "DER": f"{FIRST}.{SECOND}.{encoded(private(ACTIVE_PEM).sign(f'{FIRST}.{SECOND}'.encode(), ec.ECDSA(hashes.SHA256())))}",
    "one byte short": f"{FIRST}.{SECOND}.{encoded(SIGNATURE[:-1])}",
    "one byte long": f"{FIRST}.{SECOND}.{encoded(SIGNATURE + bytes(1))}",
    "halves swapped": f"{FIRST}.{SECOND}.{encoded(SIGNATURE[32:] + SIGNATURE[:32])}",
}
CLAIM_SETS = {
    **{f"{name} missing": signed(payload=without(CLAIMS, name)) for name in CLAIMS},
    **{f"{name} null": with_claims(**{name: None}) for name in CLAIMS},
    **{f"{name} a list": with_claims(**{name: [CLAIMS[name]]}) for name in CLAIMS},
    **{f"{name} an object": with_claims(**{name: {"value": CLAIMS[name]}}) for name in CLAIMS},
    **{
        f"{name} twice": signed(payload=json.dumps(CLAIMS).replace("{", f'{{"{name}": "other", ', 1).encode())
        for name in CLAIMS
    },
    "another issuer": with_claims(iss="https://elsewhere.example"),
    "issuer with a slash more": with_claims(iss=f"{ISSUER}/"),
    "issuer in capitals": with_claims(iss=ISSUER.upper()),
    "another audience": with_claims(aud="https://elsewhere.example/v1"),
    "audience among others": with_claims(aud=["https://elsewhere.example", AUDIENCE]),
    "audience empty": with_claims(aud=""),
    "audience a part of ours": with_claims(aud=AUDIENCE[:-1]),
    "a claim too many": with_claims(admin=True),
    "nbf, which nobody reads": with_claims(nbf=IAT + 300),
    "members nested under our names": signed(payload={"claims": CLAIMS}),
}
UUIDS = {
    f"{name} {kind}": with_claims(**{name: hostile})
    for name in ("sub", "org", "sid", "jti")
    for kind, hostile in {
        "a number": 1,
        "a path": "../1",
        "SQL": "' OR 1=1 --",
        "in capitals": str(UUID(int=0xABCDEF)).upper(),
        "without hyphens": UUID(int=5).hex,
        "in braces": "{" + str(UUID(int=5)) + "}",
        "as a URN": UUID(int=5).urn,
        "with a blank": f"{UUID(int=5)} ",
    }.items()
}
TIMES = {
    **{
        f"{name} {kind}": spelled(name, hostile)
        for name, near in (("iat", IAT), ("exp", IAT + 600))
        for kind, hostile in {
            "Infinity": "Infinity",
            "-Infinity": "-Infinity",
            "NaN": "NaN",
            "a float": f"{near}.0",
            "with an exponent": f"{near / 10:.1f}e1",
            "an infinite float": "1e999",
            "a text": f'"{near}"',
            "true": "true",
            "negative": f"-{near}",
            "beyond the calendar": "1" + "0" * 20,
            "beyond 64 bits": "1" + "0" * 400,
        }.items()
    },
    "expired this second": with_claims(iat=IAT - 600, exp=IAT),
    "expired long ago": with_claims(iat=IAT - 7200, exp=IAT - 6600),
    "issued beyond the leeway": with_claims(iat=IAT + 31, exp=IAT + 600),
    "issued next year": with_claims(iat=IAT + 31_536_000, exp=IAT + 31_536_600),
    "ends before it begins": with_claims(iat=IAT + 20, exp=IAT + 10),
    "ends as it begins": with_claims(iat=IAT + 10, exp=IAT + 10),
    "lives a second too long": with_claims(exp=IAT + 901),
    "lives a year": with_claims(exp=IAT + 31_536_000),
}
HOSTILE = FORMS | STRAY_BITS | ALGORITHMS | HEADERS | SIGNATURES | CLAIM_SETS | UUIDS | TIMES
