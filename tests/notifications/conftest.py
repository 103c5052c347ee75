"""A mail server and a web server of their own, certificates for them, and a service that sends to them."""

import asyncio
import ipaddress
import ssl
import sys
import threading
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.cases import telling
from app.kernel.runtime import Runtime
from app.kernel.sealed import OpenKeys, open_keys
from app.notifications import delivery
from tests.conftest import Service
from tests.promises.process import free_port

PROGRAM = Path(__file__).with_name("mail_server.py")


@dataclass(frozen=True)
class Papers:
    """A certificate for localhost and 127.0.0.1, which vouches for itself."""

    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """A certificate of our own."""
    folder, key = tmp_path_factory.mktemp("papers"), ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Papers(folder / "certificate.pem", folder / "key.pem")
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return found


@dataclass
class MailServer:
    """The mail server, and what it kept."""

    folder: Path
    port: int
    process: Process

    def behave(self, how: str) -> None:
        """From the next mail on it does that."""
        (self.folder / "behaviour").write_text(how)

    @property
    def mails(self) -> list[bytes]:
        """The bytes of each mail, in the order in which they came."""
        return [file.read_bytes() for file in sorted(self.folder.glob("*.eml"))]

    @property
    def recipients(self) -> list[str]:
        """To whom each went."""
        return [file.read_text().strip() for file in sorted(self.folder.glob("*.to"))]

    @property
    def greetings(self) -> set[str]:
        """What those called themselves who sent."""
        return set((self.folder / "greetings").read_text().split())


@pytest.fixture
async def start_mail_server(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[MailServer]]]:
    """How a mail server is started."""
    started: list[Process] = []

    async def start(*secure: str) -> MailServer:
        folder, port = tmp_path / f"mail-{len(started)}", free_port()
        folder.mkdir()
        (folder / "behaviour").write_text("accept")
        (folder / "greetings").touch()
        process = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), str(folder), str(port), *secure)
        started.append(process)
        for _ in range(400):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return MailServer(folder, port, process)
        raise AssertionError("the mail server did not start")

    yield start
    for process in started:
        process.kill()
        await process.wait()


@pytest.fixture
async def mail_server(start_mail_server: Callable[..., Awaitable[MailServer]]) -> MailServer:
    """A mail server without TLS."""
    return await start_mail_server()


@dataclass
class Called:
    """A request that the web server got."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebServer:
    """The web server: what is asked of it, and what it answers by path."""

    port: int
    called: list[Called] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)

    def url(self, path: str, host: str = "localhost") -> str:
        """The address of a path."""
        return f"https://{host}:{self.port}{path}"


@pytest.fixture
def web_server(papers: Papers) -> Iterator[WebServer]:
    """A web server over TLS."""
    found = WebServer(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.called.append(Called(self.path, dict(self.headers), body))
            if self.path == "/slow":
                time.sleep(30)
            status, headers = found.answers.get(self.path, (204, {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 the interface
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(papers.certificate, papers.key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


Sending = Callable[..., Runtime]


@pytest.fixture
def sending(service: Service, papers: Papers) -> Sending:
    """How to get a worker of the service with other settings."""

    def make(mail: MailServer | None = None, **changes: Any) -> Runtime:  # noqa: ANN401 any setting
        settings: dict[str, Any] = {"outgoing_roots": papers.certificate, **changes}
        if mail is not None:
            settings = {
                "smtp_host": "127.0.0.1",
                "smtp_port": mail.port,
                "smtp_security": "none",
                "mail_from": "candour@northmoor.example",
                **settings,
            }
        return replace(service.runtime, settings=service.runtime.settings.model_copy(update=settings))

    return make


async def deliver(runtime: Runtime) -> None:
    """The job of a worker ran once."""
    token = open_keys.set(OpenKeys(runtime.keys))
    try:
        await delivery.deliver(runtime, telling.barred)
    finally:
        open_keys.reset(token)
