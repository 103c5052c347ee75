"""A mail server as a process of its own: `mail_server.py FOLDER PORT [CERTIFICATE KEY starttls|tls]`.

It does what the file `behaviour` in the folder says by then: `accept`; `refuse` (for now); `keep-and-hang` (it keeps the
mail and never says so); `hang`; `drop`. Each mail is a file of the bytes that came, each greeting a line of `greetings`.
"""

import asyncio
import ssl
import sys
from contextlib import suppress
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

FOREVER = 3600


class Keeper:
    """Keeps what comes."""

    def __init__(self, folder: Path) -> None:
        """Keep it there."""
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 the interface
        """Do as the file says."""
        behaviour = (self.folder / "behaviour").read_text().strip()
        with (self.folder / "greetings").open("a") as greetings:
            greetings.write(f"{session.host_name}\n")
        if behaviour == "refuse":
            return "451 4.3.0 later"
        if behaviour == "drop":
            assert server.transport is not None
            server.transport.close()
            return "451 4.3.0 gone"
        if behaviour == "hang":
            await asyncio.sleep(FOREVER)
        kept = len(list(self.folder.glob("*.eml")))
        recipients = "".join(f"{one}\n" for one in envelope.rcpt_tos)
        (self.folder / f"{kept:04}.to").write_text(recipients)
        raw = envelope.original_content or b""
        part = self.folder / f"{kept:04}.part"
        part.write_bytes(raw)
        part.rename(self.folder / f"{kept:04}.eml")
        if behaviour == "keep-and-hang":
            await asyncio.sleep(FOREVER)
        return "250 2.0.0 kept"


async def serve(folder: Path, port: int, certificate: str | None, key: str | None, how: str) -> None:
    """Take mail until killed."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
    starts = context if how == "starttls" else None
    keeper = Keeper(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(keeper, hostname="mail.test", tls_context=starts, require_starttls=starts is not None),
        "127.0.0.1",
        port,
        ssl=context if how == "tls" else None,
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    place, number, *secure = sys.argv[1:]
    certificate, key, how = secure or (None, None, "none")
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(Path(place), int(number), certificate, key, how or "none"))
