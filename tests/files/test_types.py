"""What a file is, is read from its content; what is not taken is refused by a problem that names the rule."""

import io
import zipfile

import pytest

from app.files import types
from app.files.types import kind_of
from tests.builders import files
from tests.builders.files import CORPUS, a_reporter, stored_in
from tests.conftest import Service

TAKEN = {
    b"\xff\xd8\xff\xe0\x00\x10JFIF": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF89a": "image/gif",
    b"RIFF\x10\0\0\0WEBPVP8 ": "image/webp",
    b"II*\0": "image/tiff",
    b"\0\0\0\x18ftypheic\0\0\0\0": "image/heic",
    b"%PDF-1.7\n": "application/pdf",
    b"ID3\x03\0": "audio/mpeg",
    b"\0\0\0\x18ftypM4A \0\0\0\0": "audio/mp4",
    b"OggS\0": "audio/ogg",
    b"fLaC": "audio/flac",
    b"RIFF\x10\0\0\0WAVEfmt ": "audio/x-wav",
    b"\0\0\0\x18ftypmp42\0\0\0\0": "video/mp4",
    b"\0\0\0\x14ftypqt  \0\0\0\0": "video/quicktime",
}
REFUSED = [
    b"MZ\x90\x00" + bytes(60),
    b"\x7fELF\x02\x01\x01" + bytes(9),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
    b"Rar!\x1a\x07\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08\x00",
    bytes(100),
]
MARKUP = [b"<html><body>", b"\xef\xbb\xbf <svg>", b"#!/bin/sh\n", b"%!PS-Adobe", b"{\\rtf1 }"]


@pytest.mark.parametrize(("head", "media_type"), TAKEN.items(), ids=TAKEN.values())
def test_a_type_is_known_by_its_beginning(head: bytes, media_type: str) -> None:
    found = kind_of(head, is_text=False)
    assert found is not None
    assert found.media_type == media_type
    assert media_type in types.ACCEPTED


@pytest.mark.parametrize("head", REFUSED, ids=range(len(REFUSED)))
def test_what_runs_and_what_is_not_known_is_not_taken(head: bytes) -> None:
    assert kind_of(head, is_text=False) is None


@pytest.mark.parametrize("head", MARKUP, ids=range(len(MARKUP)))
def test_markup_and_scripts_are_no_text(head: bytes) -> None:
    assert kind_of(head, is_text=True) is None


def test_an_archive_is_what_is_in_it() -> None:
    word = {"[Content_Types].xml", "word/document.xml"}
    head = types.ZIP + bytes(20)
    assert kind_of(head, is_text=False) is None
    assert kind_of(head, is_text=False, members={"a.exe"}) is None
    assert kind_of(head, is_text=False, members={"word/document.xml"}) is None
    assert kind_of(head, is_text=False, members={*word, "xl/workbook.xml"}) is None
    assert kind_of(head, is_text=False, members={*word, "word/vbaProject.bin"}) is None
    found = kind_of(head, is_text=False, members=word)
    assert found is not None
    assert found.ending == ".docx"
    assert kind_of(head, is_text=False, members={"mimetype"}, says="application/epub+zip") is None


@pytest.mark.parametrize("name", CORPUS)
async def test_the_type_is_that_of_the_content_whatever_the_name_says(service: Service, name: str) -> None:
    sender, _ = await a_reporter(service)
    kept = await sender.send(CORPUS[name](), "harmless.txt")
    assert types.ENDINGS[kept["media_type"]] in {f".{name}", ".jpg"}


def an_archive_with_a_large_directory() -> bytes:
    """Return an archive that would need far more memory to list than it is long."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}/{'x' * 60}", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        REFUSED[0],
        MARKUP[0],
        b"plain, but for a \0 in it",
        b"latin-1: na\xefve",
        files.a_text(3 * files.PORTION) + b"\xff",
        types.ZIP + bytes(100),
        an_archive_with_a_large_directory(),
    ],
    ids=["program", "markup", "nul", "latin-1", "not text at its end", "broken archive", "large directory"],
)
async def test_a_refused_type_is_not_kept_and_the_problem_names_the_rule(service: Service, content: bytes) -> None:
    sender, _ = await a_reporter(service)
    before = stored_in(service)
    file_id = (await sender.begin(len(content), "photo.jpg"))["id"]
    await sender.put(file_id, 0, content)
    answer = await sender.complete(file_id)
    assert answer.status_code == 415
    assert answer.json()["type"].endswith("/file-type-refused")
    assert answer.json()["accepted"] == sorted(types.ACCEPTED)
    assert stored_in(service) == before
    assert (await sender.listed())["on_their_way"] == []
