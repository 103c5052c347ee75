"""What a store of encrypted files can do. Everything here blocks: run it in a pool.

It knows bytes and their places. What they mean, and their keys, it never sees.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.kernel.problems import Problem


class StoreFull(Problem):
    """There is no room left for files, or the place where they are kept does not answer. What had arrived is kept; go on later."""

    status = 503
    title = "Files cannot be stored at present"
    retry_after = 300


class BlobGone(Exception):
    """The store has no such file: it was removed, or lost."""


class BlobEnded(Exception):
    """The file is whole, or was removed: nothing can be added to it any more."""


@dataclass(frozen=True)
class Place:
    """Where a file is: which organisation's, and which."""

    organisation_id: UUID
    id: UUID

    def text(self) -> str:
        """Return it as the name of an object or a file below a folder."""
        return f"{self.organisation_id.hex}/{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place that `text` names, or None if it is none."""
        organisation, _, name = text.partition("/")
        try:
            found = cls(UUID(organisation), UUID(name))
        except ValueError:
            return None
        return found if found.text() == text else None


class Store(Protocol):
    """Files that are written from their beginning to their end, once, and then only read or removed."""

    step: int
    """How many parts are put at once; only the last time may be fewer."""

    def begin(self, place: Place) -> str:
        """Begin a file; return what the store calls it until it is whole.

        Raises:
            StoreFull: it cannot.

        """

    def put(self, place: Place, handle: str, number: int, content: bytes) -> None:
        """The parts from `number * step` on are in the store, in place of what was put there before.

        Raises:
            BlobEnded: the file is whole or was removed.
            StoreFull: there is no room.

        """

    def settle(self, place: Place, handle: str) -> None:
        """Whatever was put survives the end of the machine.

        Raises:
            BlobEnded: the file is whole or was removed.
            StoreFull: there is no room.

        """

    def finish(self, place: Place, handle: str, length: int) -> None:
        """The file is whole, `length` bytes long, and can never be changed again. Doing it twice changes nothing.

        Raises:
            BlobGone: it was removed, or not everything of it was put.
            StoreFull: it cannot.

        """

    def read(self, place: Place, start: int, length: int) -> bytes:
        """Return those bytes of a whole file; fewer where it ends.

        Raises:
            BlobGone: there is no such whole file.
            StoreFull: the store does not answer.

        """

    def remove(self, place: Place, handle: str | None) -> None:
        """There is no such file any more, whole or begun. Of none there was, nothing is said."""

    def drop(self, place: Place, handle: str) -> None:
        """That beginning of a file is no more; the whole file, if there is one, stays."""

    def held(self) -> Iterable[tuple[Place, str | None]]:
        """Return every file that is there: with the handle where it is only begun."""
