"""A form that ends with a file, as a browser without script sends it: its fields first, then the bytes of the file as they come.

Nothing of it is kept here: not in memory beyond what came last, and never on a disk. How long the file is follows from the length
that the browser announces, for the file is the last thing in the form. Format: RFC 7578.
"""

from collections.abc import AsyncIterator
from contextlib import suppress

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.kernel.problems import InvalidInput, UnsupportedMediaType
from app.portal.forms import Form

MEDIA_TYPE = b"multipart/form-data"
MOST_BEFORE_THE_FILE = 16_384
"""How many bytes may stand before those of the file: a token, a few names."""
_UNUSABLE = {"in": "body", "pointer": "", "rule": "cannot be read"}


def _unusable() -> InvalidInput:
    return InvalidInput(errors=[_UNUSABLE])


class _Parts:
    """What a push parser says of the parts of a form."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.file_name: str | None = None
        self.waiting = bytearray()
        self.is_over = False
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._field: str | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": lambda data, start, end: self.waiting.extend(memoryview(data)[start:end]),
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def read(self, content: bytes) -> None:
        """The content is parsed.

        Raises:
            InvalidInput: it is no form.

        """
        try:
            self._parser.write(content)
        except (FormParserError, UnicodeDecodeError) as error:
            raise _unusable() from error

    def taken(self) -> bytes:
        """Return what came of the file since it was last taken."""
        content = bytes(self.waiting)
        self.waiting.clear()
        return content

    def _on_part(self) -> None:
        if self.file_name is not None:
            raise _unusable()  # something stands after the file
        self._disposition = b""

    def _on_header(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        _, said = parse_options_header(self._disposition)
        self._field = said.get(b"name", b"").decode()
        if b"filename" in said:
            self.file_name = said[b"filename"].decode()

    def _on_part_end(self) -> None:
        if self.file_name is None:
            self.fields.append((self._field or "", self.waiting.decode()))
            self.waiting.clear()

    def _on_end(self) -> None:
        self.is_over = True


class Incoming:
    """A file on its way in, the fields before it, and how long it is. Not a byte of the file was taken so far."""

    def __init__(self, parts: _Parts, rest: bytes, size: int, body: AsyncIterator[bytes]) -> None:
        """Hold what was read so far, and where the rest comes from."""
        self.form = Form(parts.fields)
        self.name = parts.file_name or ""
        self.size = size
        self._parts, self._rest, self._body = parts, rest, body

    @classmethod
    async def begin(cls, content_type: str, announced: str, body: AsyncIterator[bytes]) -> "Incoming":
        """Return a form whose fields were read up to its file.

        Raises:
            UnsupportedMediaType: it is not named as a form with a file.
            InvalidInput: it cannot be read, has no file, or does not say how long it is.

        """
        kind, said = parse_options_header(content_type)
        boundary = said.get(b"boundary", b"")
        if kind != MEDIA_TYPE or not boundary:
            raise UnsupportedMediaType
        if not announced.isdecimal():
            raise _unusable()
        try:
            parts = _Parts(boundary)
        except FormParserError as error:
            raise _unusable() from error
        before = 0
        async for chunk in body:
            for place in range(len(chunk)):  # by single bytes, to know where the file begins
                parts.read(chunk[place : place + 1])
                before += 1
                if parts.file_name is not None:
                    size = int(announced) - before - len(boundary) - len(b"\r\n----\r\n")
                    if size < 0:
                        raise _unusable()
                    return cls(parts, chunk[place + 1 :], size, body)
                if before == MOST_BEFORE_THE_FILE:
                    raise _unusable()
        raise _unusable()

    async def content(self) -> AsyncIterator[bytes]:
        """Give the bytes of the file as they come: fewer than `size` where the connection was cut.

        Raises:
            InvalidInput: the form does not end with the file, or holds more than it announced.

        """
        left = self.size
        self._parts.read(self._rest)
        self._rest = b""
        while True:
            content = self._parts.taken()
            left -= len(content)
            if left < 0:
                raise _unusable()
            if content:
                yield content
            chunk = b""
            with suppress(StopAsyncIteration):
                chunk = await anext(self._body)
            if not chunk:
                return
            self._parts.read(chunk)

    @property
    def is_whole(self) -> bool:
        """Whether the form was read to its end."""
        return self._parts.is_over
