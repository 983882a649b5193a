"""The guard in front of addresses that strangers choose: neither a private address nor a name that changes its mind gets through.

It is requests-hardened (Saleor): each connection's address is resolved once, refused unless it is public, and connected to as
resolved. Redirects are not followed by the session: whoever follows them checks each one like the first.
"""

from urllib.parse import urlsplit

import requests
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

from shared.core.errors import SokuError

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0
_PORTS = {"http": 80, "https": 443}

__all__ = ["AddressRefused", "InvalidIPAddress", "guarded_session", "plain_session", "require_public_address"]


class AddressRefused(SokuError):
    """The address will not do, now or later; the message says why, in words for the customer."""


def guarded_session() -> requests.Session:
    """While sending, it raises AddressRefused for what an address's text shows, InvalidIPAddress for what it resolves to."""
    return plain_session(
        _GuardedSession(
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )
        )
    )


def plain_session(session: requests.Session | None = None) -> requests.Session:
    """Without proxies and credentials from the environment. By itself it goes wherever it is sent: local rewrites only."""
    session = session or requests.Session()
    session.trust_env = False
    return session


class _GuardedSession(HTTPSession):
    """Checks the text of every address as well, and follows nothing by itself."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would otherwise read a redirect's body whole, just to know where it leads."""

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        require_public_address(request.url or "")
        return super().send(request, **kwargs)


def require_public_address(url: str) -> None:
    """What the text alone shows: scheme, host, port and credentials. Raises AddressRefused."""
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
