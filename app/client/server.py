"""Speaks with a service over HTTP. Nothing that a service answers is believed here: whoever asks checks what it is."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from app.client import working
from app.client.terminal import Failure

T = TypeVar("T")
SECONDS = 60.0
MOST_BYTES = 64 * 1024 * 1024
"""An answer that is longer is not read."""
MOST_PAGES = 10_000
_MOST_DIGITS = 9
_PROOF_NEEDED, _MOST_PROOFS = "proof-of-work-needed", 3
_UNPROTECTED_IS_FINE = frozenset({"localhost", "127.0.0.1", "::1"})


class ServerRefused(Failure):
    """The service answered with a problem."""

    retry_after = 0.0
    """For how many seconds it bids wait."""
    challenge: Any = None
    """The proof of work that it asks for."""

    def __init__(self, status: int, slug: str, line: str) -> None:
        """Keep which problem it was."""
        super().__init__(line)
        self.status = status
        self.slug = slug


class Answer:
    """An object of a service's answer, each member read as what it should be.

    All of its methods raise Failure for a member that is missing or something else.
    """

    def __init__(self, content: Any, place: str = "") -> None:  # noqa: ANN401 any JSON
        """Hold what was parsed."""
        if not isinstance(content, dict):
            raise Failure(f"The server's answer is not what its API says: {place or 'no object'}.")
        self._content: dict[str, Any] = content
        self._place = place

    def _member(self, name: str, kind: type[T]) -> T:
        value = self._content.get(name)
        if type(value) is not kind:  # a bool is no number here
            raise self._wrong(name)
        found: T = value
        return found

    def _wrong(self, name: str) -> Failure:
        return Failure(f"The server's answer is not what its API says: {self._place}{name}.")

    def has(self, name: str) -> bool:
        """Say whether the member is there and not null."""
        return self._content.get(name) is not None

    def text(self, name: str) -> str:
        """Return a text."""
        return self._member(name, str)

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None."""
        return self.text(name) if self.has(name) else None

    def number(self, name: str) -> int:
        """Return an integer."""
        return self._member(name, int)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return self._member(name, bool)

    def uuid(self, name: str) -> UUID:
        """Return a UUID."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise self._wrong(name) from None

    def octets(self, name: str) -> bytes:
        """Return bytes that stand there in base64."""
        return self._decoded(name, self.text(name))

    def _decoded(self, name: str, text: object) -> bytes:
        try:
            return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
        except ValueError:
            raise self._wrong(name) from None

    def of(self, name: str) -> "Answer":
        """Return an object."""
        return Answer(self._content.get(name), f"{self._place}{name}: ")

    def each(self, name: str) -> list["Answer"]:
        """Return a list of objects."""
        return [Answer(one, f"{self._place}{name}: ") for one in self._member(name, list)]

    def uuids(self, name: str) -> list[UUID]:
        """Return a list of UUIDs."""
        return [Answer({name: one}, self._place).uuid(name) for one in self._member(name, list)]

    def texts(self, name: str) -> list[str]:
        """Return a list of texts."""
        return [Answer({name: one}, self._place).text(name) for one in self._member(name, list)]

    def all_octets(self, name: str) -> list[bytes]:
        """Return a list of bytes."""
        return [self._decoded(name, one) for one in self._member(name, list)]

    def content(self) -> dict[str, Any]:
        """Return the object as it was parsed."""
        return self._content


class Server:
    """A service at an address, asked with these headers."""

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        """Be ready to ask.

        Raises:
            Failure: the address is none, or would send what is said in clear over a network.

        """
        parts = urlsplit(address)
        host = parts.hostname or ""
        is_protected = parts.scheme == "https" or host in _UNPROTECTED_IS_FINE or host.endswith(".onion")
        if parts.scheme not in {"http", "https"} or not host:
            raise Failure("The address of a server begins with https://.")
        if not is_protected:
            raise Failure(
                "The address of a server begins with https://, unless it is this machine or an onion service."
            )
        self.address = address.rstrip("/")
        self._client = httpx.Client(base_url=self.address, timeout=SECONDS, headers=dict(headers or {}))

    def use(self, headers: Mapping[str, str]) -> None:
        """Ask with these headers too from now on."""
        self._client.headers.update(headers)

    def get(self, path: str, **parameters: str | int) -> Answer:
        """Return what is at a path.

        Raises:
            Failure: the service refuses, or answers with something else than its API says.

        """
        return self._asked("GET", path, params=parameters)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """Return the answer to what is sent, after some work where the service asks for it. It raises as `get` does."""
        for _ in range(_MOST_PROOFS):
            try:
                return self._asked("POST", path, json=body, headers=headers)
            except ServerRefused as refused:
                if refused.slug != _PROOF_NEEDED:
                    raise
                headers[working.HEADER] = working.solve(refused.challenge)
        return self._asked("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Return the answer to what is put there. It raises as `get` does."""
        return self._asked("PUT", path, json=body)

    def delete(self, path: str) -> None:
        """What is at the path is no more. It raises as `get` does."""
        self._asked("DELETE", path)

    def text(self, path: str) -> str:
        """Return the text that is at a path. It raises as `get` does."""
        try:
            return self._content("GET", path).decode()
        except UnicodeDecodeError:
            raise Failure("The server's answer is no text.") from None

    def pages(self, path: str, **parameters: str | int) -> Iterator[Answer]:
        """Yield the items of all pages of a list. It raises as `get` does."""
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = self._asked("GET", path, params=parameters | cursor)
            yield from page.each("items")
            if not page.has("next"):
                return
            cursor = {"cursor": page.text("next")}
        raise Failure("The server's list does not end.")

    def _asked(self, method: str, path: str, **how: Any) -> Answer:  # noqa: ANN401 what httpx takes
        content = self._content(method, path, **how)
        return Answer(_parsed(content)) if content else Answer({})

    def _content(self, method: str, path: str, **how: Any) -> bytes:  # noqa: ANN401 what httpx takes
        with self._client.stream(method, path, **how) as answer:
            content = b""
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    raise Failure("The server's answer is too long.")
        if not answer.is_success:
            refused = _refusal(answer.status_code, content)
            refused.retry_after = _seconds(answer.headers.get("Retry-After", ""))
            raise refused
        return content


def _parsed(content: bytes) -> Any:  # noqa: ANN401 any JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Failure("The server's answer is no JSON.") from None


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and text.isascii() and len(text) <= _MOST_DIGITS else 0.0


def _refusal(status: int, content: bytes) -> ServerRefused:
    try:
        problem = Answer(_parsed(content))
        slug, title = problem.text("type").rpartition("/")[2], problem.text("title")
    except Failure:
        return ServerRefused(status, "", f"The server refuses ({status}).")
    errors = problem.content().get("errors")
    places = "".join(
        f" {one.get('pointer', '')} {one.get('rule', '')}." for one in errors if isinstance(one, dict)
    ) if isinstance(errors, list) else ""  # fmt: skip
    refused = ServerRefused(status, slug, f"The server refuses: {title} ({slug}).{places}")
    refused.challenge = problem.content().get("challenge")
    return refused
