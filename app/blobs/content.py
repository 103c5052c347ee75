"""The content of stored files: sealed on its way in, opened on its way out, one part at a time. It blocks: run it in a pool."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.blobs.store import BlobGone, Place, Store
from app.crypto import blobs
from app.crypto.blobs import PART_BYTES, SEALED_PART_BYTES
from app.crypto.errors import SealBroken
from app.kernel.sealed import SealedContentBroken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


MOST_AT_ONCE = PART_BYTES
"""How many bytes a reader hands out at once."""


@dataclass(frozen=True)
class Content:
    """A stored file with its key: where it is, and how long it is in clear."""

    place: Place
    size: int
    key: bytes = field(repr=False)

    @property
    def parts(self) -> int:
        """In how many parts it is stored."""
        return blobs.parts_of(self.size)

    @property
    def sealed_size(self) -> int:
        """How long it is as it is stored."""
        return blobs.sealed_size(self.size)

    def seal(self, first: int, content: bytes) -> bytes:
        """Return the parts from `first` on that `content` fills, sealed. It ends with a part, or with the file."""
        sealed = []
        for number, start in enumerate(range(0, len(content), PART_BYTES), first):
            part = bytes(memoryview(content)[start : start + PART_BYTES])
            is_last = number == self.parts - 1
            sealed.append(
                blobs.seal_part(
                    self.key, self.place.organisation_id, self.place.id, number, is_last=is_last, content=part
                )
            )
        return b"".join(sealed)

    def part(self, store: Store, number: int) -> bytes:
        """Return one part of the file in clear.

        Raises:
            SealedContentBroken: it is gone, was altered, or is not a part of this file.

        """
        try:
            sealed = store.read(self.place, number * SEALED_PART_BYTES, SEALED_PART_BYTES)
            is_last = number == self.parts - 1
            content = blobs.open_part(
                self.key, self.place.organisation_id, self.place.id, number, is_last=is_last, sealed=sealed
            )
        except (BlobGone, SealBroken) as error:
            raise SealedContentBroken from error
        if is_last and number * PART_BYTES + len(content) != self.size:
            raise SealedContentBroken
        return content

    def all_parts(self, store: Store) -> Iterator[bytes]:
        """Give the file in clear, part by part."""
        for number in range(self.parts):
            yield self.part(store, number)


def put_whole(store: Store, content: Content, clear: memoryview) -> None:
    """The file that was begun is in the store, whole.

    Raises:
        StoreFull: there is no room.

    """
    handle = store.begin(content.place)
    step = store.step * PART_BYTES
    for number, start in enumerate(range(0, content.size, step)):
        sealed = content.seal(number * store.step, bytes(clear[start : start + step]))
        store.put(content.place, handle, number, sealed)
    store.finish(content.place, handle, content.sealed_size)


class Reader(io.RawIOBase):
    """A stored file as something that can be read and searched, with one part of it in memory and little handed out at once."""

    def __init__(self, store: Store, content: Content) -> None:
        """Stand at its beginning."""
        super().__init__()
        self._store, self._content = store, content
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._content.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or what is left.

        Raises:
            ValueError: it is more than `MOST_AT_ONCE`: whoever made the file wants memory for it.

        """
        wanted = min(size if size >= 0 else self._content.size, max(0, self._content.size - self._position))
        if wanted > MOST_AT_ONCE:
            raise ValueError("too much at once")
        found = bytearray()
        while len(found) < wanted and (more := super().read(wanted - len(found))):
            found += more
        return bytes(found)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read at most to the end of a part."""
        if self._position >= self._content.size:
            return 0
        number, start = divmod(self._position, PART_BYTES)
        if self._held[0] != number:
            self._held = (number, self._content.part(self._store, number))
        view = memoryview(buffer).cast("B")
        found = self._held[1][start : start + len(view)]
        view[: len(found)] = found
        self._position += len(found)
        return len(found)
