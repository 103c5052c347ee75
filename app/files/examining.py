"""Looks at a file that has arrived: its hash, its type, whether it is malware; and makes its copy without metadata. It blocks."""

import codecs
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256

from app.blobs.content import Content, Reader, put_whole
from app.blobs.store import Place, Store
from app.crypto import blobs
from app.files import cleaning, types
from app.files.cleaning import CopyState, NotCleaned
from app.files.limits import Limits, require_type
from app.files.scanning import Scan, Scanner
from app.files.types import Kind
from app.kernel.problems import Conflict
from app.kernel.settings import Settings

_NO_TEXT = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\x1b"))
"""Bytes that texts do not have."""
_LONGEST_SAYING = 100


class DigestDiffers(Conflict):
    """The SHA-256 of what arrived is not the one that you sent: something was changed on the way. Nothing of it was kept."""

    title = "Something else arrived than was sent"


@dataclass(frozen=True)
class Examined:
    """What was found out about a file that may be kept."""

    kind: Kind
    sha256: str
    scan: Scan
    copy_state: CopyState
    copy: Content | None


def examine(
    store: Store, settings: Settings, limits: Limits, content: Content, expected: str | None, copy_place: Place
) -> Examined:
    """Return what a whole file is. Its copy without metadata, if there is one, is stored at `copy_place`.

    Raises:
        FileTypeRefused: its type is not taken.
        MalwareFound: the scanner takes it for malware.
        DigestDiffers: it is not what was sent.
        ScannerUnavailable: it cannot be scanned now.
        StoreFull: there is no room for the copy.
        SealedContentBroken: it was altered where it is stored.

    """
    digest, scan, is_text = _pass_through(store, settings, content)
    if expected is not None and expected != digest:
        raise DigestDiffers
    kind = _kind_of(store, content, is_text=is_text)
    require_type(limits, None if kind is None else kind.media_type)
    assert kind is not None  # noqa: S101 else it was refused
    state, copy = _clean(store, settings, content, kind, copy_place)
    return Examined(kind, digest, scan, state, copy)


def _pass_through(store: Store, settings: Settings, content: Content) -> tuple[str, Scan, bool]:
    """Return hash, what the scanner says, and whether all of it is text. The file is read once."""
    digest, decoder, is_text = sha256(), codecs.getincrementaldecoder("utf-8")(), True
    with ExitStack() as stack:
        scanner = None if settings.clamd_address is None else stack.enter_context(Scanner(settings.clamd_address))
        for part in content.all_parts(store):
            digest.update(part)
            if scanner is not None:
                scanner.send(part)
            is_text = is_text and len(part.translate(None, _NO_TEXT)) == len(part)
            if is_text:
                try:
                    decoder.decode(part)
                except UnicodeDecodeError:
                    is_text = False
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_text = False
        return digest.hexdigest(), Scan.NOT_CONFIGURED if scanner is None else scanner.verdict(), is_text


def _kind_of(store: Store, content: Content, *, is_text: bool) -> Kind | None:
    head = content.part(store, 0)[: types.HEAD_BYTES]
    if not head.startswith(types.ZIP):
        return types.kind_of(head, is_text=is_text)
    members, says = _inside(Reader(store, content))
    return types.kind_of(head, is_text=False, members=members, says=says)


def _inside(archive: Reader) -> tuple[frozenset[str], str]:
    """Return the names of what is in an archive, and what it says of itself; nothing of one that is damaged."""
    says = ""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = frozenset(opened.namelist())
            with suppress(KeyError), opened.open(types.ZIP_MIMETYPE) as member:
                says = member.read(_LONGEST_SAYING).decode("ascii", "replace")
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError):
        return frozenset(), ""
    return members, says


def _clean(
    store: Store, settings: Settings, content: Content, kind: Kind, place: Place
) -> tuple[CopyState, Content | None]:
    def write(take: Callable[[bytes], object]) -> None:
        for part in content.all_parts(store):
            take(part)

    try:
        with cleaning.cleaned(settings, kind, content.size, write) as clear:
            copy = Content(place, len(clear), blobs.new_key())
            put_whole(store, copy, clear)
    except NotCleaned as error:
        return error.state, None
    return CopyState.CLEANED, copy
