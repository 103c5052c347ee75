"""Which types of file are taken, and of which type a file is: by its content alone, never by its name or a header. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

import puremagic

HEAD_BYTES = 8192
"""How much of the beginning of a file tells its type."""
ZIP = b"PK\x03\x04"
ZIP_MIMETYPE = "mimetype"
"""The member in which a file of OpenDocument says what it is."""


@dataclass(frozen=True)
class Kind:
    """A type of file: its registered name, and the ending that programs know it by."""

    media_type: str
    ending: str


TEXT = Kind("text/plain", ".txt")
_OOXML = {
    "word/document.xml": Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    "xl/workbook.xml": Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "ppt/presentation.xml": Kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
}
_ODF = {
    kind.media_type: kind
    for kind in (
        Kind("application/vnd.oasis.opendocument.text", ".odt"),
        Kind("application/vnd.oasis.opendocument.spreadsheet", ".ods"),
        Kind("application/vnd.oasis.opendocument.presentation", ".odp"),
    )
}
_BY_ENDING = {
    ending: kind
    for kind, endings in (
        (Kind("image/jpeg", ".jpg"), (".jpg", ".jpeg", ".jfif")),
        (Kind("image/png", ".png"), (".png",)),
        (Kind("image/gif", ".gif"), (".gif",)),
        (Kind("image/webp", ".webp"), (".webp",)),
        (Kind("image/tiff", ".tiff"), (".tif", ".tiff")),
        (Kind("image/heic", ".heic"), (".heic", ".heif")),
        (Kind("application/pdf", ".pdf"), (".pdf",)),
        (Kind("audio/mpeg", ".mp3"), (".mp3",)),
        (Kind("audio/mp4", ".m4a"), (".m4a",)),
        (Kind("audio/ogg", ".ogg"), (".ogg", ".oga", ".opus")),
        (Kind("audio/flac", ".flac"), (".flac",)),
        (Kind("audio/x-wav", ".wav"), (".wav",)),
        (Kind("video/mp4", ".mp4"), (".mp4", ".m4v")),
        (Kind("video/quicktime", ".mov"), (".mov",)),
    )
    for ending in endings
}
ENDINGS = {kind.media_type: kind.ending for kind in (TEXT, *_OOXML.values(), *_ODF.values(), *_BY_ENDING.values())}
"""The ending of each type that is taken."""
ACCEPTED = frozenset(ENDINGS)
"""Photographs, scans, recordings, letters and tables: what people have in their hands. Nothing that runs, nothing that a browser
runs, no archives in which anything may be."""
_MACROS = "vbaproject.bin"
_NO_TEXT = ("<", "#!", "%!", "{\\rtf")
"""How markup, scripts and programs begin that are text as well."""


def kind_of(head: bytes, *, is_text: bool, members: Collection[str] = (), says: str = "") -> Kind | None:
    """Return the type of a file, or None if it is none that is taken.

    `head` is its beginning; `is_text` whether all of it is text; `members` what is in it and `says` what its member "mimetype"
    holds, where it is an archive.
    """
    if head.startswith(ZIP):
        return _of_archive(members, says)
    for ending in _endings(head):
        if ending in _BY_ENDING:
            return _BY_ENDING[ending]
    beginning = head.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    return TEXT if is_text and not beginning.startswith(_NO_TEXT) else None


def _of_archive(members: Collection[str], says: str) -> Kind | None:
    if any(name.lower().endswith(_MACROS) for name in members):
        return None
    if says:
        return _ODF.get(says)
    found = [kind for name, kind in _OOXML.items() if name in members]
    return found[0] if len(found) == 1 and "[Content_Types].xml" in members else None


def _endings(head: bytes) -> list[str]:
    """Return the endings of the formats whose signature the beginning bears, those of the surest alone."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
    surest = max(one.confidence for one in found)
    return [one.extension.lower() for one in found if one.confidence == surest]
