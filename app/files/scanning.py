"""Asks ClamAV whether a file is malware, while the file passes by. It speaks one command of clamd, INSTREAM, and blocks.

Source: clamd(8), "INSTREAM": chunks behind their length as u32 in network order, a chunk of length zero at the end.
"""

import socket
from enum import StrEnum
from types import TracebackType
from typing import Self

from app.kernel.problems import Problem

_SECONDS = 60
_CHUNK = 256 * 1024
_LONGEST_ANSWER = 4096


class MalwareFound(Problem):
    """The scanner takes this file for malware. Nothing of it was kept."""

    status = 422
    title = "The file is taken for malware"


class ScannerUnavailable(Problem):
    """Files are scanned before they are kept, and the scanner does not answer. Nothing was kept; ask again later."""

    status = 503
    title = "The scanner does not answer"
    retry_after = 60


class Scan(StrEnum):
    """Whether a file was scanned, and if not, why."""

    CLEAN = "clean"
    NOT_CONFIGURED = "not_configured"
    TOO_LARGE = "too_large"


class Scanner:
    """One file on its way through clamd."""

    def __init__(self, address: str) -> None:
        """Scan at `address`: unix:/path or tcp://host:port. Nothing connects yet."""
        self._address = address
        self._is_cut = False

    def __enter__(self) -> Self:
        """Begin a file.

        Raises:
            ScannerUnavailable: nobody answers there.

        """
        kind, _, rest = self._address.partition(":")
        host, _, port = rest.removeprefix("//").rpartition(":")
        self._socket = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
        self._socket.settimeout(_SECONDS)
        try:
            self._socket.connect(rest if kind == "unix" else (host, int(port)))
            self._socket.sendall(b"zINSTREAM\0")
        except OSError as error:
            self._socket.close()
            raise ScannerUnavailable from error
        return self

    def send(self, content: bytes) -> None:
        """Let the scanner see more of the file."""
        view = memoryview(content)
        for start in range(0, len(view), _CHUNK):
            chunk = view[start : start + _CHUNK]
            self._send(len(chunk).to_bytes(4))
            self._send(chunk)

    def _send(self, content: bytes | memoryview) -> None:
        if self._is_cut:
            return
        try:
            self._socket.sendall(content)
        except OSError:  # clamd ends the connection where a file is too large for it, and says so first
            self._is_cut = True

    def verdict(self) -> Scan:
        """Return what the scanner says of the whole file.

        Raises:
            MalwareFound: it is malware.
            ScannerUnavailable: it says nothing that can be relied on.

        """
        self._send(bytes(4))
        answer = b""
        try:
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                more = self._socket.recv(_LONGEST_ANSWER)
                if not more:
                    break
                answer += more
        except OSError as error:
            if b"size limit exceeded" not in answer:
                raise ScannerUnavailable from error
        said = answer.rstrip(b"\0\n")
        if b"size limit exceeded" in said:
            return Scan.TOO_LARGE
        if said.endswith(b" FOUND"):
            raise MalwareFound
        if said.endswith(b": OK") and not self._is_cut:
            return Scan.CLEAN
        raise ScannerUnavailable

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._socket.close()
