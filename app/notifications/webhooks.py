"""Calls one webhook: that there is something new, signed, and not what. It goes to the address that was checked and no other.

Source: Standard Webhooks 1.0.0, symmetric signatures.
"""

import asyncio
import base64
import hmac
import json
import secrets
import socket
from hashlib import sha256
from uuid import UUID

import httpx

from app.kernel import clock
from app.kernel.settings import Settings
from app.notifications import hosts, trust
from app.notifications.hosts import Target

SECRET_PREFIX = "whsec_"  # noqa: S105 how the standard marks a secret
_SECRET_BYTES = 32
_WHOLE_SECONDS = 20
_ANSWERS_WITHIN_SECONDS = 10


class AddressRefused(Exception):
    """The host has an address that a webhook may not go to."""


class EndpointRefused(Exception):
    """The endpoint answered otherwise than by a success; where it sends to is not followed."""


def new_secret() -> str:
    """Return a fresh secret, as the standard writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, event: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a call, as the standard has it."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    mac = hmac.digest(key, f"{event}.{timestamp}.".encode() + body, sha256)
    return "v1," + base64.b64encode(mac).decode()


async def call(settings: Settings, url: str, secret: str, event_id: UUID) -> None:
    """The endpoint knows that there is something new.

    The time in the headers is that of the try: receivers refuse what is older than some minutes.

    Raises:
        UrlRefused: the operator lists its host no more.
        AddressRefused: its host has an address inside.
        EndpointRefused: it answered otherwise than by a success.
        HTTPError: it cannot be reached, or is not whom its certificate names.
        TimeoutError: it took too long.

    """
    target = hosts.read_url(url, settings.webhook_hosts)
    event, timestamp = event_id.hex, int(clock.now().timestamp())
    body = json.dumps({"event": event, "type": "something-new"}, separators=(",", ":")).encode()
    headers = {
        "Host": target.host if target.port == hosts.HTTPS_PORT else f"{target.host}:{target.port}",
        "Content-Type": "application/json",
        "User-Agent": "Candour",
        "webhook-id": event,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, event, timestamp, body),
    }
    async with asyncio.timeout(_WHOLE_SECONDS):
        address = await _checked_address(settings, target)
        pinned = f"https://{f'[{address}]' if ':' in address else address}:{target.port}{target.path}"
        extensions = {"sni_hostname": target.host}
        async with (
            httpx.AsyncClient(
                verify=trust.context(settings), trust_env=False, follow_redirects=False, timeout=_ANSWERS_WITHIN_SECONDS
            ) as client,
            client.stream("POST", pinned, content=body, headers=headers, extensions=extensions) as answer,
        ):
            if not answer.is_success:
                raise EndpointRefused


async def _checked_address(settings: Settings, target: Target) -> str:
    """Return the address to connect to: the name is asked once, and what was checked is what is used."""
    is_internal = target.host in {name.lower().partition(":")[0] for name in settings.webhook_internal_hosts}
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(hosts.may_reach(address, is_internal=is_internal) for address in addresses):
        raise AddressRefused
    return addresses[0]
