"""What the text of an address alone shows: is it one that a stranger may have us fetch? Names are resolved, and judged again, by
guard.py; whoever only accepts addresses needs no more than this."""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from shared.core.errors import SokuError

_PORTS = {"http": 80, "https": 443}
# Mapped, compatible, translated, NAT64 (well-known and local), 6to4, Teredo.
_CARRIERS = tuple(
    map(
        ipaddress.ip_network,
        ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
    )
)
# Names that no public server has (RFC 6761, 6762 and 8375, and what clouds use inside).
_PRIVATE_ENDINGS = ("localhost", "local", "internal", "home.arpa")


class AddressRefused(SokuError):
    """The address will not do, now or later; the message says why, in words for the customer."""


def require_public_address(url: str) -> None:
    """Scheme, host, port and credentials. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("the address is not a valid http or https URL") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise AddressRefused("the address is not a valid http or https URL")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("the address must not carry a user name or password")
    if port not in (None, _PORTS[parts.scheme]):
        raise AddressRefused("the address must use the standard port, 80 or 443")
    if _is_private(parts.hostname.rstrip(".")):
        raise AddressRefused("the address leads to a private network")


def rewritten(url: str, rewrites: Mapping[str, str]) -> str | None:
    """Where SOKU_FETCH_REWRITES, which is local only, leads it; None for the address itself."""
    return next((to + url[len(prefix) :] for prefix, to in rewrites.items() if url.startswith(prefix)), None)


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's on the internet: every special range is refused, and every IPv6 address that carries an
    IPv4 one, which a gateway may unpack."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_site_local or any(ip in network for network in _CARRIERS)):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_private(host: str) -> bool:
    ip = _ip_of(host)
    if ip is not None:
        return not is_public(ip)
    return "." not in host or any(host == ending or host.endswith(f".{ending}") for ending in _PRIVATE_ENDINGS)


def _ip_of(host: str) -> str | None:
    """An address that is written as a number: in the usual way, or as 0x7f.1 and 2130706433, which resolvers take as well."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not host.isascii() or not host[:1].isdigit():
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
