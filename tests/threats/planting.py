"""Canaries that say what they stand for, and the search for them in whatever somebody took, in every form they could have."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence

from tests.builders.canaries import fresh_letters

MARK = "kanari"


class Planted:
    """What was put into a service: texts and secrets, each with a kind and a name of its own."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._names: dict[bytes, str] = {}
        self._kinds: dict[str, str] = {}
        self._forms: dict[bytes, list[tuple[str, bytes]]] = {}

    def say(self, kind: str) -> Callable[[str], str]:
        """Return what puts a fresh canary of that kind behind a text."""

        def planted(text: str) -> str:
            canary = MARK + fresh_letters(12)
            self._remember(kind, text, canary.encode())
            return f"{text} {canary}"

        return planted

    def word(self, kind: str, name: str) -> str:
        """Return a fresh canary of that kind alone, as one word."""
        canary = MARK + fresh_letters(12)
        self._remember(kind, name, canary.encode())
        return canary

    def keep(self, kind: str, name: str, secret: str | bytes) -> None:
        """Remember a secret that was made elsewhere."""
        self._remember(kind, name, secret.encode() if isinstance(secret, str) else secret)

    def regard_as(self, kind: str, secret: str) -> None:
        """A secret is of another kind from now on."""
        del self._kinds[self._names[secret.encode()]]
        self.keep(kind, "that was", secret)

    def _remember(self, kind: str, name: str, content: bytes) -> None:
        full = f"{kind}: {name}"
        while full in self._kinds:
            full += "'"
        self._names[content], self._kinds[full] = full, kind

    def of(self, *kinds: str) -> set[str]:
        """Return the names of everything of these kinds; there is something of each."""
        found = {name for name, kind in self._kinds.items() if kind in kinds}
        assert {self._kinds[name] for name in found} == set(kinds)
        return found

    def all(self) -> set[str]:
        """Return the names of everything."""
        return set(self._kinds)

    def found_in(self, *contents: bytes) -> set[str]:
        """Return the names of what occurs in any of the contents, in any form."""
        return self.found_by(Searched(b"\0".join(contents)))

    def found_by(self, content: "Searched") -> set[str]:
        """Return the same of what is searched more than once."""
        likely = [place for place, form in enumerate(forms(MARK.encode())) if content.has(*form)]
        found = set()
        for canary, name in self._names.items():
            if canary not in self._forms:
                self._forms[canary] = [*forms(canary)]
            written = self._forms[canary]
            if canary.startswith(MARK.encode()):
                written = [written[place] for place in likely]
            if any(content.has(*form) for form in written):
                found.add(name)
        return found


class Searched:
    """Bytes to be searched many times: what is text in them is searched by itself, for memory is mostly something else."""

    def __init__(self, content: bytes) -> None:
        """Find the texts."""
        self._parts = {
            "bytes": content,
            "text": b"\n".join(re.findall(rb"[ -~]{8,}", content)),
            "utf-16": b"\n".join(re.findall(rb"(?:[ -~]\0){8,}", content)),
        }

    def has(self, kind: str, form: bytes) -> bool:
        """Whether a form occurs."""
        return form in self._parts[kind]

    def holds(self, secrets: Sequence[bytes]) -> list[int]:
        """Return which of some secrets occur in any form, by their places."""
        return [place for place, secret in enumerate(secrets) if any(self.has(*form) for form in forms(secret))]


def forms(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield some bytes as they may be written down: as they are, in hex, base64 at each offset, escaped in JSON, as UTF-16.

    Each with what it is itself: text, UTF-16 or any bytes. Longer contents yield the forms of shorter ones in the same order.
    """
    is_text = all(0x20 <= byte < 0x7F for byte in content)
    yield "text" if is_text else "bytes", content
    yield "text", binascii.hexlify(content)
    yield "text", binascii.hexlify(content).upper()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + content).rstrip(b"=")
        whole = encoded[-(-offset * 4 // 3) : len(encoded) - ((offset + len(content)) % 3 > 0)]
        yield "text", whole
        yield "text", whole.translate(bytes.maketrans(b"+/", b"-_"))
    if is_text:
        text = content.decode("ascii")
        yield "text", "".join(f"\\u{ord(letter):04x}" for letter in text).encode()
        yield "utf-16", text.encode("utf-16-le")[:-1]  # without the last zero, it is found in big endian too
