"""A small server that speaks encrypt and decrypt of Vault's Transit engine, as its API documentation has them.

It really encrypts, by AES-256-GCM with the associated data, and keeps versions of each key. It is no Vault: what a real one does
beyond that page is not shown by tests against it.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "the token of the tests"


class Transit:
    """The keys of the engine, by name: each a list of versions."""

    def __init__(self) -> None:
        """Have one key, named candour."""
        self.keys = {"candour": [os.urandom(32)]}
        self.token = TOKEN
        self.is_sealed = False
        self.asked: list[str] = []

    def turn(self, name: str) -> None:
        """The key has a version more, which encrypts from now on."""
        self.keys[name].append(os.urandom(32))

    def answer(self, path: str, token: str | None, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer."""
        _, version, mount, operation, name = path.split("/")
        assert (version, mount) == ("v1", "transit")
        self.asked.append(operation)
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token or name not in self.keys:
            return 403, {"errors": ["permission denied"]}
        associated = base64.b64decode(body.get("associated_data", ""))
        if operation == "encrypt":
            number, nonce = len(self.keys[name]), os.urandom(12)
            sealed = AESGCM(self.keys[name][-1]).encrypt(nonce, base64.b64decode(body["plaintext"]), associated)
            text = f"vault:v{number}:{base64.b64encode(nonce + sealed).decode()}"
            return 200, {"data": {"ciphertext": text, "key_version": number}}
        try:
            vault, number_text, content = body["ciphertext"].split(":")
            raw = base64.b64decode(content)
            key = self.keys[name][int(number_text.removeprefix("v")) - 1]
            plain = AESGCM(key).decrypt(raw[:12], raw[12:], associated)
        except (ValueError, IndexError, InvalidTag):
            return 400, {"errors": ["cipher: message authentication failed"]}
        assert (vault, operation) == ("vault", "decrypt")
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}


@contextmanager
def running(transit: Transit) -> Iterator[str]:
    """Serve the engine within; the address is yielded."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, found = transit.answer(self.path, self.headers["X-Vault-Token"], body)
            content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST  # noqa: N815 the name that the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
