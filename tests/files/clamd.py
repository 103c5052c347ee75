"""A scanner that speaks the documented INSTREAM of clamd(8), for tests: a real server on a real socket."""

import asyncio
from pathlib import Path

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""Source: eicar.org, "Anti-Malware Testfile": what every scanner reports and nothing is harmed by."""
MOST_BYTES = 4 * 1024 * 1024
"""Its StreamMaxLength."""


class Clamd:
    """The server: `seen` is every stream that came to its end."""

    def __init__(self) -> None:
        """Not yet listening."""
        self.seen: list[bytes] = []
        self.answer: bytes | None = None

    async def on_unix(self, path: Path) -> asyncio.Server:
        """Listen at a path."""
        return await asyncio.start_unix_server(self._serve, path)

    async def on_tcp(self) -> asyncio.Server:
        """Listen on a port."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            content = b""
            while length := int.from_bytes(await reader.readexactly(4)):
                content += await reader.readexactly(length)
                if len(content) > MOST_BYTES:
                    writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                    await writer.drain()
                    return
            self.seen.append(content)
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"
            writer.write(self.answer if self.answer is not None else found)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
