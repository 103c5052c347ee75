"""Files as tests want them: made with metadata in them, sent, found again, opened offline."""

import io
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import docx
import httpx
import pikepdf
from PIL import Image, PngImagePlugin

from app.crypto.blobs import PART_BYTES
from tests.builders import intake
from tests.builders.intake import created
from tests.conftest import Service

INBOX = "/v1/inbox/files"
MARK = "Robin-Ashe-of-Northmoor"
"""Who made the files: it stands in every place where programs write such a thing."""


def a_text(size: int = 0) -> bytes:
    """Return a text, of that many bytes if any are named."""
    line = b"The rota was altered after the fact, on the Monday.\n"
    return line if size == 0 else (line * (size // len(line) + 1))[:size]


def a_jpeg() -> bytes:
    """Return a photograph that says who took it, and where."""
    image, out = Image.new("RGB", (64, 48), (200, 30, 30)), io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = MARK
    exif[0x010E] = f"taken by {MARK}"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (50.9, 0.0, 0.0)
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def a_png() -> bytes:
    """Return a picture with a text in it that is not seen."""
    image, out, said = Image.new("RGB", (64, 48), (30, 200, 30)), io.BytesIO(), PngImagePlugin.PngInfo()
    said.add_text("Author", MARK)
    image.save(out, "PNG", pnginfo=said)
    return out.getvalue()


def a_pdf() -> bytes:
    """Return a page that names its author."""
    out = io.BytesIO()
    with pikepdf.new() as page:
        page.add_blank_page(page_size=(200, 200))
        page.docinfo["/Author"] = MARK
        with page.open_metadata() as said:
            said["dc:creator"] = [MARK]
        page.save(out)
    return out.getvalue()


def a_docx() -> bytes:
    """Return a letter that names its author."""
    out, letter = io.BytesIO(), docx.Document()
    letter.add_paragraph("The rota was altered.")
    letter.core_properties.author = letter.core_properties.last_modified_by = MARK
    letter.save(out)
    return out.getvalue()


def an_odt() -> bytes:
    """Return a letter of OpenDocument that names its author."""
    out = io.BytesIO()
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    spaces = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"'
    kind = "application/vnd.oasis.opendocument.text"
    listed = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media_type}"/>'
        for path, media_type in (("/", kind), ("content.xml", "text/xml"), ("meta.xml", "text/xml"))
    )
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    with zipfile.ZipFile(out, "w") as letter:
        letter.writestr(zipfile.ZipInfo("mimetype"), kind)
        letter.writestr(
            "content.xml",
            f'{head}<office:document-content {spaces} xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
            "<office:text><text:p>The rota was altered.</text:p></office:text></office:body></office:document-content>",
        )
        letter.writestr(
            "meta.xml",
            f'{head}<office:document-meta {spaces} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
            f"<dc:creator>{MARK}</dc:creator></office:meta></office:document-meta>",
        )
        letter.writestr(
            "META-INF/manifest.xml",
            f'{head}<manifest:manifest xmlns:manifest="{manifest}">{listed}</manifest:manifest>',
        )
    return out.getvalue()


CORPUS = {"jpeg": a_jpeg, "png": a_png, "pdf": a_pdf, "docx": a_docx, "odt": an_odt}


@dataclass
class Sender:
    """Somebody before the files of one grievance: a reporter or a representative."""

    client: httpx.AsyncClient
    files: str = INBOX

    async def begin(self, size: int, name: str = "rota.txt") -> dict[str, Any]:
        """Return the answer to a file that was begun."""
        return created(await self.client.post(self.files, json={"name": name, "size": size}))

    def at(self, file_id: str, tail: str = "") -> str:
        """Return the address of a file."""
        return f"{self.files}/{file_id}{tail}"

    async def put(self, file_id: str, offset: int, content: Any) -> httpx.Response:  # noqa: ANN401 bytes or a stream of them
        """Send bytes."""
        return await self.client.patch(self.at(file_id), content=content, headers={"Upload-Offset": str(offset)})

    async def complete(self, file_id: str, **said: str) -> httpx.Response:
        """Say that it is all."""
        return await self.client.post(self.at(file_id, "/completion"), json=said)

    async def send(self, content: bytes, name: str = "rota.txt") -> dict[str, Any]:
        """Return a file that is kept."""
        file_id = (await self.begin(len(content), name))["id"]
        answer = await self.put(file_id, 0, content)
        assert answer.status_code == 204, answer.text
        answer = await self.complete(file_id, sha256=sha256(content).hexdigest())
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def listed(self) -> dict[str, Any]:
        """Return all files as they are listed."""
        answer = await self.client.get(self.files)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def a_reporter(service: Service) -> tuple[Sender, dict[str, Any]]:
    """Return a reporter whose inbox is open, and the answer to their grievance."""
    client = service.client()
    submitted = await intake.submitted(client)
    client.headers.update(await intake.inbox_opened(client, receipt=submitted["receipt"]))
    return Sender(client), submitted


def a_representative(client: httpx.AsyncClient, grievance_id: str) -> Sender:
    """Return a representative before the files of their grievance."""
    return Sender(client, f"/v1/collective-grievances/{grievance_id}/files")


def stored_in(service: Service) -> list[Path]:
    """Return every file that the folder store holds."""
    return sorted(path for path in service.runtime.settings.files_folder.rglob("*") if path.is_file())


PORTION = PART_BYTES
