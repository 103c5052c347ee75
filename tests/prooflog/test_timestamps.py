"""An authority outside stamps public checkpoints: a real one, made of the openssl command line behind a small web server."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl
from sqlalchemy import select, update

from app import worker
from app.crypto import timestamps
from app.crypto.notes import Note
from app.crypto.timestamps import TimestampUnreadable, TimestampWrong
from app.kernel.db import table_of
from app.prooflog.models import LogTimestamp
from app.prooflog.verify import LogResult
from app.prooflog.verify import verify as verify_log
from tests.builders.prooflog import sequenced, sequenced_on_the_next_day
from tests.conftest import Clock, Service

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is made of openssl")
STAMPING = next(job for job in worker.JOBS if job.name == "timestamps")
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
digests = sha256, sha384
default_policy = 1.2.3.4.1
signer_digest = sha256
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """A time-stamping authority: its address, its root, and what it does wrong if it is told to."""

    folder: Path
    port: int = 0
    answers: list[bytes] = field(default_factory=list)
    """What it answers in the place of tokens, one by one."""
    kind: str = "application/timestamp-reply"
    """What it says that it answers."""
    spoil: Callable[[bytes], bytes] = bytes
    """What becomes of its tokens on their way."""
    asked: int = 0

    def make(self) -> "Authority":
        """Make a root and a signer that it vouches for."""
        for name in ("root", "signer"):
            text = CONFIGURATION.format(name=name, folder=self.folder)
            (self.folder / f"{name}.cnf").write_text(text)
            self.run("req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", f"{name}.cnf", "-keyout", f"{name}.key",
                     "-out", f"{name}.csr")  # fmt: skip
        self.run("x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-days", "3650", "-extfile", "root.cnf",
                 "-extensions", "root", "-out", "root.pem")  # fmt: skip
        self.run("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2", "-days",
                 "3650", "-extfile", "signer.cnf", "-extensions", "signer", "-out", "signer.pem")  # fmt: skip
        return self

    def run(self, *arguments: str) -> bytes:
        """Run openssl in the folder."""
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
        return done.stdout

    def stamp(self, query: bytes) -> bytes:
        """Return what it answers to a query."""
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        (self.folder / "query").write_bytes(query)
        self.run("ts", "-reply", "-config", "signer.cnf", "-section", "here", "-queryfile", "query", "-signer",
                 "signer.pem", "-inkey", "signer.key", "-out", "reply")  # fmt: skip
        return self.spoil((self.folder / "reply").read_bytes())

    @property
    def roots(self) -> bytes:
        """Its root, PEM."""
        return (self.folder / "root.pem").read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority")).make()


@pytest.fixture
def authority(made: Authority) -> Iterator[Authority]:
    """An authority that listens."""
    here = Authority(made.folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = here.stamp(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200 if answer else 503)
            self.send_header("Content-Type", here.kind)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stamped(service: Service, authority: Authority) -> Iterator[Service]:
    """A service that has its checkpoints stamped."""
    before = service.runtime.settings
    url = HttpUrl(f"http://127.0.0.1:{authority.port}/")
    object.__setattr__(service.runtime, "settings", before.model_copy(update={"log_timestamp_url": url}))
    yield service
    object.__setattr__(service.runtime, "settings", before)


async def tokens(service: Service) -> list[bytes]:
    """Every token that is kept."""
    async with service.runtime.database.session(write=False) as session:
        return list((await session.execute(select(LogTimestamp.token).order_by(LogTimestamp.size))).scalars().all())


async def verified(service: Service, roots: bytes | None) -> LogResult:
    """What the verifier says."""
    async with service.runtime.database.session(write=False) as session:
        return await verify_log(session, service.runtime.log_seed, LogResult(), roots=roots)


async def test_each_public_checkpoint_is_stamped_once(stamped: Service, authority: Authority, clock: Clock) -> None:
    await sequenced(stamped)
    for _ in range(2):
        assert await worker.run(stamped.runtime, STAMPING)
    assert len(await tokens(stamped)) == authority.asked == 1
    await sequenced_on_the_next_day(stamped, clock)
    assert await worker.run(stamped.runtime, STAMPING)
    found = await verified(stamped, authority.roots)
    assert (found.faults, found.timestamps, found.unread_timestamps) == ([], 2, 0)


async def test_openssl_alone_verifies_the_token_of_a_checkpoint(
    stamped: Service, authority: Authority, anonymous: httpx.AsyncClient
) -> None:
    await sequenced(stamped)
    assert await worker.run(stamped.runtime, STAMPING)
    note = (await stamped.actors.auditor.get("/v1/audit/checkpoint")).text
    (authority.folder / "text").write_text(Note.read(note).text)
    (authority.folder / "token").write_bytes((await tokens(stamped))[0])
    verifying = ("ts", "-verify", "-data", "text", "-in", "token", "-CAfile", "root.pem")
    authority.run(*verifying)
    (authority.folder / "text").write_text("canary")
    with pytest.raises(subprocess.CalledProcessError):
        authority.run(*verifying)


async def test_without_an_authority_nobody_is_asked(service: Service) -> None:
    await sequenced(service)
    assert await worker.run(service.runtime, STAMPING)
    assert await tokens(service) == []


async def test_what_an_authority_refuses_is_not_kept_and_is_asked_for_again(
    stamped: Service, authority: Authority
) -> None:
    await sequenced(stamped)
    refusal = bytes.fromhex("30053003020102")  # PKIStatusInfo with the status of a rejection
    authority.answers = [b"", refusal, b"x" * 100_000]
    assert not await worker.run(stamped.runtime, STAMPING)
    assert not await worker.run(stamped.runtime, STAMPING)
    assert not await worker.run(stamped.runtime, STAMPING)
    assert await tokens(stamped) == []
    assert await worker.run(stamped.runtime, STAMPING)
    assert len(await tokens(stamped)) == 1


async def test_what_is_whole_and_cannot_be_read_is_kept_as_it_came(stamped: Service, authority: Authority) -> None:
    await sequenced(stamped)
    unknown = bytes.fromhex("3003020100")  # a form that the library does not know
    authority.answers, authority.kind = [unknown], "Application/Timestamp-Reply; charset=binary"
    assert await worker.run(stamped.runtime, STAMPING)
    assert await tokens(stamped) == [unknown]
    found = await verified(stamped, authority.roots)
    assert (found.faults, found.unread_timestamps) == ([], 1)


PAGE = b"<html><body>Sign in to the network first.</body></html>"


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("text/html", bytes),
        ("text/html", lambda _: PAGE),
        ("application/timestamp-reply", lambda _: PAGE),
        ("application/timestamp-reply", lambda token: token[:-1]),
        ("application/timestamp-reply", lambda token: token + b"\n"),
        ("application/timestamp-reply", lambda token: b"\x31" + token[1:]),
        ("application/timestamp-reply", lambda token: token[:1] + b"\x80" + token[4:]),
        ("application/timestamp-reply", lambda token: token[:1] + b"\x83\x00" + token[2:]),
        ("application/timestamp-reply", lambda _: b"\x30"),
        ("application/timestamp-reply", lambda _: b"\x30\x82\x00"),
        ("application/timestamp-reply", lambda _: b"\x30\x81\x03\x02\x01\x00"),
    ],
)
async def test_what_is_no_whole_answer_of_an_authority_is_not_kept_and_is_asked_for_again(
    stamped: Service, authority: Authority, kind: str, spoil: Callable[[bytes], bytes]
) -> None:
    await sequenced(stamped)
    authority.kind, authority.spoil = kind, spoil
    assert not await worker.run(stamped.runtime, STAMPING)
    assert await tokens(stamped) == []
    authority.kind, authority.spoil = Authority.kind, bytes
    assert await worker.run(stamped.runtime, STAMPING)
    assert (await verified(stamped, authority.roots)).unread_timestamps == 0


async def test_a_token_of_something_else_is_refused_and_one_that_was_exchanged_is_found(
    stamped: Service, authority: Authority
) -> None:
    await sequenced(stamped)
    other = authority.stamp(timestamps.request(b"another text"))
    authority.answers = [other]
    assert not await worker.run(stamped.runtime, STAMPING)
    assert await worker.run(stamped.runtime, STAMPING)
    async with stamped.runtime.database.session(write=True) as session:
        await session.execute(update(table_of(LogTimestamp)).values(token=other))
    for roots in (None, authority.roots):
        assert len((await verified(stamped, roots)).faults) == 1


def test_a_token_of_an_authority_that_nobody_vouches_for_is_wrong(made: Authority, tmp_path: Path) -> None:
    token = made.stamp(timestamps.request(b"a text"))
    assert timestamps.verify(token, b"a text", made.roots) == timestamps.stamped_at(token, b"a text")
    stranger = Authority(tmp_path).make()
    with pytest.raises(TimestampWrong):
        timestamps.verify(token, b"a text", stranger.roots)
    with pytest.raises(TimestampWrong):
        timestamps.verify(token, b"another text", made.roots)
    with pytest.raises(TimestampUnreadable):
        timestamps.verify(token[:-1], b"a text", made.roots)
    altered = token[:-1] + bytes([token[-1] ^ 1])
    with pytest.raises(TimestampWrong):
        timestamps.verify(altered, b"a text", made.roots)
