"""Where a webhook may go: over HTTPS, to a host that the operator listed, at an address that is not of a network inside. Pure.

Source of what is to be refused: audits of others found that an address which an administrator types lets them reach what
only the server can reach.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

HTTPS_PORT = 443
_EMBEDDING = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))
"""Translated and tunnelled addresses, which lead to an IPv4 address inside them. Source: RFC 6052, RFC 8215, RFC 3056."""


@dataclass(frozen=True)
class Target:
    """Where to call."""

    host: str
    port: int
    path: str


class UrlRefused(ValueError):
    """The address breaks a rule. The message is the rule, and repeats nothing of it."""


def read_url(url: str, hosts: Collection[str]) -> Target:
    """Return where the address leads, if it may be called. `hosts` are exact: `host` for port 443, or `host:port`.

    Raises:
        UrlRefused: it is not HTTPS, has credentials or a fragment, or names a host or port that is not listed.

    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, HTTPS_PORT if parts.port is None else parts.port
    except ValueError as error:
        raise UrlRefused("must be an address") from error
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UrlRefused("must be an address of printable ASCII")
    if parts.scheme != "https" or not host:
        raise UrlRefused("must begin with https:// and a host")
    if "@" in parts.netloc:
        raise UrlRefused("must hold no credentials")
    if "#" in url:
        raise UrlRefused("must have no fragment")
    listed = {name if ":" in name else f"{name}:{HTTPS_PORT}" for name in (one.lower() for one in hosts)}
    if f"{host}:{port}" not in listed:
        raise UrlRefused("must name a host, and a port if not 443, that the operator has listed")
    query = f"?{parts.query}" if parts.query else ""
    return Target(host, port, (parts.path or "/") + query)


def may_reach(address: str, *, is_internal: bool) -> bool:
    """Whether a webhook may go to that IP address: to a public one, or where the host is listed as internal to one inside.

    What is local to the link, where clouds keep credentials, is reached by nobody.
    """
    found: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in network for network in _EMBEDDING) or found.teredo is not None:
            return False
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return is_internal or found.is_global
