"""Tokens of a time-stamping authority (RFC 3161): what is asked of it, and what its answer shows. Format: docs/formats.md, "Timestamp"."""

from datetime import datetime
from hashlib import sha256

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

_SEQUENCE = b"\x30"
_SHORT = 0x80
"""Lengths below it are one byte."""
_WIDEST = 5
"""Most bytes of a length that is read."""


class TimestampUnreadable(ValueError):
    """The library cannot read the token. Some that it cannot are right: keep it, and ask `openssl ts -verify`."""


class TimestampWrong(ValueError):
    """The authority refused, or the token is of something else, or of nobody who is trusted."""


def request(content: bytes) -> bytes:
    """Return what an authority is asked: to stamp SHA-256 of `content`, with its certificate. It does not learn the content."""
    return TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()


def is_whole(token: bytes) -> bool:
    """Say whether this is one DER sequence, complete and with nothing after it, as the answer of every authority is."""
    sizes = range(max(len(token) - 1 - _WIDEST, 0), len(token) - 1)
    return any(token[: len(token) - size] == _SEQUENCE + _length(size) for size in sizes)


def _length(size: int) -> bytes:
    """Return a length in its one DER form."""
    if size < _SHORT:
        return bytes([size])
    spelled = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([_SHORT | len(spelled)]) + spelled


def _read(token: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(token)
    except ValueError as error:
        raise TimestampUnreadable("not readable") from error


def stamped_at(token: bytes, content: bytes) -> datetime:
    """Return when the token says that `content` existed. Who signed it is not looked at.

    Raises:
        TimestampUnreadable: the library cannot read it.
        TimestampWrong: the authority refused, or stamped something else.

    """
    response = _read(token)
    if response.status not in {PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS}:
        raise TimestampWrong("refused")
    if response.tst_info.message_imprint.message != sha256(content).digest():
        raise TimestampWrong("of something else")
    return response.tst_info.gen_time


def verify(token: bytes, content: bytes, roots: bytes) -> datetime:
    """Return when an authority that one of the roots vouches for stamped `content`.

    Args:
        token: the answer of the authority, DER.
        content: what was stamped.
        roots: certificates in PEM.

    Raises:
        TimestampUnreadable: the library cannot read it.
        TimestampWrong: it is of something else, or of nobody who is trusted.
        ValueError: `roots` are no certificates.

    """
    found = stamped_at(token, content)
    builder = VerifierBuilder()
    for certificate in x509.load_pem_x509_certificates(roots):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(_read(token), content)
    except VerificationError as error:
        raise TimestampWrong("of nobody who is trusted") from error
    return found
