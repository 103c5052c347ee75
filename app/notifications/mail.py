"""Hands one mail to the operator's mail server, over SMTP. It tells that server no name of this machine."""

import asyncio

import aiosmtplib

from app.kernel.settings import Settings
from app.notifications import trust

LOCAL_NAME = "[127.0.0.1]"
"""What this machine calls itself: the same everywhere. Source: RFC 5321 section 4.1.3, an address where there is no name."""
ANSWERS_WITHIN_SECONDS = 10
WHOLE_SECONDS = 30


async def send(settings: Settings, recipient: str, raw: bytes) -> None:
    """The server has taken the mail.

    Raises:
        SMTPException: it refused, or cannot be reached.
        TimeoutError: it took too long.

    """
    assert settings.smtp_host is not None  # noqa: S101 nothing is gathered otherwise
    assert settings.mail_from is not None  # noqa: S101 the settings ask for it beside the host
    is_tls = settings.smtp_security == "tls"
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        local_hostname=LOCAL_NAME,
        timeout=ANSWERS_WITHIN_SECONDS,
        use_tls=is_tls,
        start_tls=settings.smtp_security == "starttls",
        username=settings.smtp_username,
        password=settings.read_smtp_password(),
        tls_context=None if settings.smtp_security == "none" else trust.context(settings),
    )
    async with asyncio.timeout(WHOLE_SECONDS), client:
        await client.sendmail(settings.mail_from, [recipient], raw)
