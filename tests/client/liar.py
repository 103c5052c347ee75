"""A server that lies: it hands on what a real service answers, altered as a test wants, or answers on its own."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Alter = Callable[[str, Any], Any]
"""Takes the path that was asked for and the true answer, and returns the false one; where nobody is asked, a status will do."""
HEADERS = ("Authorization", "X-Unlock", "Content-Type", "Idempotency-Key")


def honest(_path: str, answer: Any) -> Any:  # noqa: ANN401 any JSON
    """Return the true answer."""
    return answer


class Liar:
    """Stands between a client and a service."""

    def __init__(self, truth: str | None) -> None:
        """Hand on what the service at `truth` answers; ask nobody if there is none."""
        self.truth = truth
        self.alter: Alter = honest
        self.spoils: list[tuple[int, bytes] | None] = []
        """What is answered to the next grievances, one after the other, once the service took each; None: the line is cut."""
        self.later: dict[str, str] = {}
        """Headers of every answer."""
        self.keys: list[str | None] = []
        """The Idempotency-Key of each request."""
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.address = ""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        """Return status and body of an answer, altered if it is JSON. None: the line is cut."""
        self.asked.append((method, path.partition("?")[0]))
        self.bodies.append(body)
        self.keys.append(headers.get("Idempotency-Key"))
        if self.truth is None:
            made = self.alter(path, None)
            if isinstance(made, int):
                return made, b""
            return (
                (404, b"{}") if made is None else (200, made if isinstance(made, bytes) else json.dumps(made).encode())
            )
        is_grievance = path.endswith("/sealed-grievances")
        true = httpx.request(method, self.truth + path, headers=headers, content=body, timeout=60)
        if is_grievance and self.spoils:
            assert true.status_code == 201, true.text
            return self.spoils.pop(0)
        if not true.content or not true.is_success:
            return true.status_code, true.content
        return true.status_code, json.dumps(self.alter(path, true.json())).encode()


@contextmanager
def lying(truth: str | None = None) -> Iterator[Liar]:
    """A liar answers, at an address of its own."""
    liar = Liar(truth)

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            headers = {name: self.headers[name] for name in HEADERS if name in self.headers}
            answer = liar.answer(self.command, self.path, headers, self.rfile.read(length))
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            self.send_response(status)
            for name, value in liar.later.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 as the standard library has it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
