"""A file sent by a form without script: let in by its token first, sealed as it comes, never on a disk in clear; cut, it leaves nothing."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from app.files import access
from tests.builders.files import PORTION, a_jpeg, a_text, stored_in
from tests.conftest import Service
from tests.portal.people import hidden, let_in, reported
from tests.promises.process import ServiceProcess

PAGE = "/en/inbox/files"
BOUNDARY = "----a-boundary-of-the-test"
MIB = 1 << 20
LISTED = re.compile(r'href="/en/inbox/files/([0-9a-f-]{36})"')


def field(name: str, value: str) -> bytes:
    """Return one field of a form as a browser sends it."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def head(name: str) -> bytes:
    """Return what stands before the bytes of a file."""
    said = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    return f"--{BOUNDARY}\r\n{said}".encode()


END = f"\r\n--{BOUNDARY}--\r\n".encode()
NAMED = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture
async def token(anonymous: httpx.AsyncClient) -> str:
    """The token of the page of an inbox that `anonymous` has open."""
    return hidden(await let_in(anonymous, await reported(anonymous)))["token"]


async def send(
    browser: httpx.AsyncClient, token: str, content: bytes, name: str = "rota.txt", language: str = "en"
) -> httpx.Response:
    """Return the answer to a form with a file."""
    return await browser.post(
        f"/{language}/inbox/files", data={"token": token}, files={"file": (name, content, "text/plain")}
    )


async def test_a_file_sent_by_a_form_is_listed_and_comes_back_as_it_was_sent(
    anonymous: httpx.AsyncClient, token: str
) -> None:
    assert "You have not sent any files." in (await anonymous.get(PAGE)).text
    content = a_text(2 * PORTION + 12_345)
    answer = await send(anonymous, token, content, "rota of <March>.txt")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    page = await anonymous.get(PAGE)
    assert "rota of <March>.txt" in unescape(page.text)
    assert "<March>" not in page.text
    for told in ("TXT", "2.1 MB", "2 March 2026"):
        assert told in page.text
    (file_id,) = LISTED.findall(page.text)
    back = await anonymous.get(f"{PAGE}/{file_id}")
    assert back.content == content
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''rota%20of%20%3CMarch%3E.txt"
    assert back.headers["content-type"] == "application/octet-stream"
    assert back.headers["x-content-type-options"] == "nosniff"


async def test_a_picture_says_whether_it_is_cleaned(anonymous: httpx.AsyncClient, token: str) -> None:
    assert (await send(anonymous, token, a_jpeg(), "a.jpg")).status_code == 303
    page = (await anonymous.get(PAGE)).text
    assert "JPG" in page
    assert ("Cleaned: " in page) != ("Not cleaned: " in page)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b"", "Choose a file that is not empty."),
        ("x" * 301 + ".txt", b"They lied.", "The name of this file cannot be kept."),
        ("a\x07.txt", b"They lied.", "The name of this file cannot be kept."),
    ],
)
async def test_what_can_be_no_file_is_said_at_its_field(
    anonymous: httpx.AsyncClient, token: str, service: Service, name: str, content: bytes, says: str
) -> None:
    before = stored_in(service)
    body = field("token", token) + head(name) + content + END
    answer = await anonymous.post(PAGE, content=body, headers=NAMED)
    assert answer.status_code == 422
    assert says in answer.text
    assert '<a href="#file">' in answer.text
    assert stored_in(service) == before


async def test_a_type_that_is_not_taken_leaves_nothing(
    anonymous: httpx.AsyncClient, token: str, service: Service
) -> None:
    before = stored_in(service)
    answer = await send(anonymous, token, b"\x7fELF" + bytes(range(256)) * 20)
    assert answer.status_code == 415
    assert "Files of this type are not taken" in answer.text
    assert stored_in(service) == before
    assert "Not complete yet" not in (await anonymous.get(PAGE)).text


@pytest.fixture
def narrowed(service: Service) -> Iterator[Callable[..., None]]:
    """What makes the service take less, for as long as the test runs."""
    before = service.runtime.settings

    def narrow(**limits: int) -> None:
        object.__setattr__(service.runtime, "settings", before.model_copy(update=limits))

    yield narrow
    object.__setattr__(service.runtime, "settings", before)


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    anonymous: httpx.AsyncClient, token: str, narrowed: Callable[..., None]
) -> None:
    narrowed(file_bytes=MIB)
    answer = await send(anonymous, token, a_text(MIB + 1))
    assert answer.status_code == 413
    answer = await send(anonymous, token, a_text(MIB + 100_000))
    assert answer.status_code == 413
    assert "This file is too large" in answer.text
    assert (await send(anonymous, token, a_text(MIB))).status_code == 303


async def test_no_more_files_than_their_number_are_taken(
    anonymous: httpx.AsyncClient, token: str, narrowed: Callable[..., None]
) -> None:
    narrowed(grievance_files=1)
    assert (await send(anonymous, token, a_text())).status_code == 303
    answer = await send(anonymous, token, a_text())
    assert answer.status_code == 409
    assert "No more files can be sent" in answer.text


@pytest.mark.parametrize("wrong", ["", "0" * 64, "after"])
async def test_not_a_byte_of_a_file_is_taken_before_the_token_of_the_page(
    anonymous: httpx.AsyncClient, token: str, wrong: str
) -> None:
    """Most of the file is never sent: the answer comes while it waits."""
    is_asked = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield (b"" if wrong == "after" else field("token", wrong)) + head("rota.txt") + b"They lied."
        is_asked.set()
        yield b"x" * MIB

    length = 10 * MIB
    answer = await anonymous.post(PAGE, content=body(), headers=NAMED | {"Content-Length": str(length)})
    assert answer.status_code == 403
    assert "not sent from our page" in answer.text
    assert not is_asked.is_set()
    assert LISTED.findall((await anonymous.get(PAGE)).text) == []


async def test_who_has_no_open_inbox_sends_no_file(anonymous: httpx.AsyncClient, token: str) -> None:
    anonymous.cookies.clear()
    answer = await send(anonymous, token, a_text())
    assert answer.status_code == 401
    assert "Your inbox is closed" in answer.text
    assert "unsent" not in answer.text


def after_the_file(token: str) -> bytes:
    """Return a form in which something follows the file."""
    return field("token", token) + head("a.txt") + b"They lied.\r\n" + field("more", "x") + END


def without_end(token: str) -> bytes:
    """Return a form that has no end."""
    return field("token", token) + head("a.txt") + b"They lied." + b"x" * len(END)


def without_file(token: str) -> bytes:
    """Return a form without a file."""
    return field("token", token) + END


def all_before(token: str) -> bytes:
    """Return a form that has much before the file."""
    return field("token", token) + field("more", "x" * 20_000) + head("a.txt") + b"They lied." + END


def not_utf8(token: str) -> bytes:
    """Return a form with a name that is no text."""
    return field("token", token) + head("a.txt").replace(b"a.txt", b"\xff.txt") + b"They lied." + END


@pytest.mark.parametrize(
    "form", [after_the_file, without_end, without_file, all_before, not_utf8, lambda _: b"x" * 500]
)
async def test_a_form_that_is_none_of_ours_is_refused_and_leaves_nothing(
    anonymous: httpx.AsyncClient, token: str, service: Service, form: Callable[[str], bytes]
) -> None:
    before = stored_in(service)
    answer = await anonymous.post(PAGE, content=form(token), headers=NAMED)
    assert answer.status_code == 422
    assert "could not be read" in answer.text
    assert stored_in(service) == before
    page = (await anonymous.get(PAGE)).text
    assert LISTED.findall(page) == []
    assert "Not complete yet" not in page


@pytest.mark.parametrize(
    "named", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain; boundary=x", ""]
)
async def test_what_is_not_named_as_a_form_with_a_file_is_refused(
    anonymous: httpx.AsyncClient, token: str, named: str
) -> None:
    answer = await anonymous.post(PAGE, content=b"token=x", headers={"Content-Type": named})
    assert answer.status_code == 415


async def test_a_boundary_that_is_too_long_or_a_length_that_is_not_said_is_refused(
    anonymous: httpx.AsyncClient, token: str
) -> None:
    form = field("token", token) + head("a.txt") + b"They lied." + END
    too_long = {"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}
    assert (await anonymous.post(PAGE, content=form, headers=too_long)).status_code == 422

    async def stream() -> AsyncIterator[bytes]:
        yield form

    assert (await anonymous.post(PAGE, content=stream(), headers=NAMED)).status_code == 422
    short = NAMED | {"Content-Length": str(len(form) - 30)}
    assert (await anonymous.post(PAGE, content=stream(), headers=short)).status_code == 422


async def test_another_site_sends_no_file(anonymous: httpx.AsyncClient, token: str) -> None:
    form = field("token", token) + head("a.txt") + b"They lied." + END
    headers = NAMED | {"Sec-Fetch-Site": "cross-site"}
    assert (await anonymous.post(PAGE, content=form, headers=headers)).status_code == 403


async def test_who_falls_silent_in_the_middle_leaves_nothing(
    anonymous: httpx.AsyncClient, token: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def then_silence() -> AsyncIterator[bytes]:
        yield field("token", token) + head("a.txt") + a_text(2 * PORTION)
        await asyncio.sleep(30)

    before = stored_in(service)
    monkeypatch.setattr(access, "SECONDS_WITHOUT_A_BYTE", 0.2)
    headers = NAMED | {"Content-Length": str(4 * PORTION)}
    answer = await asyncio.wait_for(anonymous.post(PAGE, content=then_silence(), headers=headers), 10)
    assert answer.status_code == 422
    assert stored_in(service) == before


class Watch:
    """Somebody who looks at all that the process has open, and at every file of its folder, for something that it must not hold."""

    def __init__(self, portal: ServiceProcess, canary: bytes) -> None:
        """Begin to look."""
        self.portal, self.canary = portal, canary
        self.seen: set[str] = set()
        self.rounds = 0

    def look(self) -> None:
        """Note what is open or lies there."""
        assert self.portal.process is not None
        self.rounds += 1
        self.seen |= {str(path) for path in self.portal.temporary.rglob("*")}
        for one in Path(f"/proc/{self.portal.process.pid}/fd").iterdir():
            try:
                target = str(one.readlink())
            except FileNotFoundError:
                continue
            if target.startswith((str(self.portal.temporary), "/tmp/tmp")) or "(deleted)" in target:  # noqa: S108 what is looked for
                self.seen.add(target)

    def holders(self) -> list[str]:
        """Return the files of the service's folder that hold the canary."""
        found = (path for path in self.portal.folder.rglob("*") if path.is_file())
        return [str(path) for path in found if self.canary in path.read_bytes()]


def memory_of(portal: ServiceProcess) -> int:
    """Return the most memory that the process had so far, in bytes."""
    assert portal.process is not None
    lines = Path(f"/proc/{portal.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


async def let_in_at(client: httpx.AsyncClient) -> str:
    """Return the token of the page of an inbox that the client has open now."""
    return hidden(await let_in(client, await reported(client)))["token"]


async def test_sixty_mebibytes_go_through_a_process_and_nothing_of_them_lies_anywhere_in_clear(
    portal: ServiceProcess,
) -> None:
    canary = secrets.token_hex(24)
    content = (canary.encode() + b" was here.\n") * (60 * MIB // 59) + b"."
    watch = Watch(portal, canary.encode())
    async with portal.client() as client:
        token = await let_in_at(client)
        assert (await send(client, token, a_text(MIB), f"warm-{canary}.txt")).status_code == 303
        before = memory_of(portal)
        form = field("token", token) + head(f"{canary}.txt") + content + END

        async def body() -> AsyncIterator[bytes]:
            for place in range(0, len(form), 256 * 1024):
                yield form[place : place + 256 * 1024]
                watch.look()

        headers = NAMED | {"Content-Length": str(len(form))}
        answer = await client.post(PAGE, content=body(), headers=headers)
        assert (answer.status_code, answer.headers.get("location")) == (303, PAGE), answer.text
        watch.look()
        grown = memory_of(portal) - before
        page = (await client.get(PAGE)).text
        assert "62.9 MB" in page
        found = LISTED.findall(page)
        backs = [await client.get(f"{PAGE}/{file_id}") for file_id in found]
        assert content in [one.content for one in backs]
        assert watch.rounds > 50
        assert watch.seen == set()
        assert watch.holders() == []
        assert grown < 40 * MIB, "its memory does not grow with the file"


async def test_a_connection_that_is_cut_leaves_nothing_of_a_file(portal: ServiceProcess) -> None:
    canary = secrets.token_hex(24)
    watch = Watch(portal, canary.encode())
    folder = portal.data / "files"

    def stored() -> set[Path]:
        return {path for path in folder.rglob("*") if path.is_file()}

    async def until(happens: Callable[[bool], bool]) -> None:
        async with asyncio.timeout(20):
            while not happens("cut.txt" in (await client.get(PAGE)).text):  # noqa: ASYNC110 another process tells it
                await asyncio.sleep(0.05)

    async with portal.client() as client:
        token = await let_in_at(client)
        cookie = client.cookies["inbox"]
        before = stored()
        _, writing = await asyncio.open_connection("127.0.0.1", portal.port)
        writing.write(
            f"POST {PAGE} HTTP/1.1\r\nHost: 127.0.0.1:{portal.port}\r\nCookie: inbox={cookie}\r\n"
            f"Content-Type: {NAMED['Content-Type']}\r\nContent-Length: {20 * MIB}\r\n\r\n".encode()
        )
        writing.write(field("token", token) + head("cut.txt") + (canary.encode() + b"\n") * (5 * MIB // 49))
        await writing.drain()
        await until(lambda is_listed: is_listed and stored() != before)
        watch.look()
        writing.close()
        await until(lambda is_listed: not is_listed and stored() == before)
        assert "You have not sent any files." in (await client.get(PAGE)).text
        assert watch.seen == set()
        assert watch.holders() == []
