"""Documents that people sign: exact bytes of JSON, read strictly; see docs/formats.md, "Signed document".

What is signed are the bytes as they are, so that nobody has to agree on a canonical form. Reading refuses whatever the
format does not name.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.crypto import contexts, signing
from app.crypto.errors import DocumentInvalid

LARGEST = 131_072
"""Bytes of a document."""
INSTANT = "%Y-%m-%dT%H:%MZ"


@dataclass(frozen=True, slots=True)
class Signed:
    """A document and the signature over it. Nothing is known of who made it before `require_signed_by`."""

    document: bytes
    signature: bytes

    def name_under(self, label: str) -> bytes:
        """Return the 32 bytes that name this document: SHA-256 of its context."""
        return sha256(contexts.encode(label, self.document)).digest()

    def require_signed_by(self, public_key: bytes, label: str) -> None:
        """Return if the holder of the key signed this document under this label.

        Raises:
            NotAuthentic: otherwise.

        """
        signing.check_signature(public_key, self.signature, label, self.document)


def write_signed(seed: bytes, label: str, content: Mapping[str, Any]) -> Signed:
    """Return the content as a document, signed under the label."""
    document = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Signed(document, signing.sign_context(seed, label, document))


def read(document: bytes, members: Mapping[str, Callable[[Any], Any]], place: str = "") -> dict[str, Any]:
    """Return the members of a document, each through its reader; exactly these members must be there.

    Raises:
        DocumentInvalid: it is too large, no JSON object, names a member twice, lacks one, has another, or a reader refuses.

    """
    if len(document) > LARGEST:
        raise DocumentInvalid("the document is too large")
    try:
        content = json.loads(document, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except DocumentInvalid:
        raise
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError too
        raise DocumentInvalid("the document is not JSON") from None
    return read_object(content, members, place)


def read_object(content: Any, members: Mapping[str, Callable[[Any], Any]], place: str = "") -> dict[str, Any]:  # noqa: ANN401 any JSON
    """Return the members of an object that was parsed, each through its reader, as `read` does.

    Raises:
        DocumentInvalid: as `read`.

    """
    if not isinstance(content, dict) or content.keys() != members.keys():
        raise DocumentInvalid(f"{place or 'the document'} has other members than its format")
    found = {}
    for name, reader in members.items():
        try:
            found[name] = reader(content[name])
        except DocumentInvalid:
            raise
        except (ValueError, TypeError, AttributeError):
            raise DocumentInvalid(f"{place}{name} is not what the format says") from None
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DocumentInvalid("the document names a member twice")
    return found


def _refuse_constant(_name: str) -> None:
    raise DocumentInvalid("the document has a number that JSON does not know")


def text(longest: int) -> Callable[[Any], str]:
    """Return the reader of a text of 1 to `longest` characters."""

    def reader(value: Any) -> str:  # noqa: ANN401 any JSON
        if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.strip():
            raise ValueError
        value.encode()
        return value

    return reader


def exactly(expected: str) -> Callable[[Any], str]:
    """Return the reader of one text and no other."""

    def reader(value: Any) -> str:  # noqa: ANN401 any JSON
        if value != expected:
            raise ValueError
        return expected

    return reader


def number(least: int, most: int) -> Callable[[Any], int]:
    """Return the reader of an integer in these bounds."""

    def reader(value: Any) -> int:  # noqa: ANN401 any JSON
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return reader


def optional(reader: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the reader of what `reader` reads, or null."""
    return lambda value: None if value is None else reader(value)


def octets(length: int) -> Callable[[Any], bytes]:
    """Return the reader of exactly `length` bytes, in base64 with its padding."""

    def reader(value: Any) -> bytes:  # noqa: ANN401 any JSON
        found = base64.b64decode(value, validate=True)
        if len(found) != length or base64.b64encode(found).decode() != value:
            raise ValueError
        return found

    return reader


def uuid(value: Any) -> UUID:  # noqa: ANN401 any JSON
    """Return the UUID that a text spells in its one spelling."""
    found = UUID(value)
    if str(found) != value:
        raise ValueError
    return found


def day(value: Any) -> date:  # noqa: ANN401 any JSON
    """Return the day that a text spells, YYYY-MM-DD."""
    found = date.fromisoformat(value)
    if found.isoformat() != value:
        raise ValueError
    return found


def instant(value: Any) -> datetime:  # noqa: ANN401 any JSON
    """Return the minute in UTC that a text spells, YYYY-MM-DDThh:mmZ."""
    found = datetime.strptime(value, INSTANT).replace(tzinfo=UTC)
    if spell_instant(found) != value:
        raise ValueError
    return found


def spell_instant(at: datetime) -> str:
    """Return the minute of an instant, as documents have it."""
    return at.astimezone(UTC).strftime(INSTANT)


def spell(data: bytes) -> str:
    """Return bytes as documents have them: base64 with its padding."""
    return base64.b64encode(data).decode()
