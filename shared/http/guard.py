"""The guard in front of addresses that strangers choose: neither a private address nor a name that changes its mind gets through.

It is requests-hardened (Saleor): each connection's address is resolved once, refused unless it is public, and connected to as
resolved. Redirects are not followed by the session: whoever follows them checks each one like the first.
"""

import threading
from collections.abc import Callable, Mapping
from queue import Empty, Queue
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from shared.http.address import is_public, require_public_address, rewritten
from shared.http.deadline import DeadlineExceeded, current_deadline, watch_connections

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0
T = TypeVar("T")

__all__ = ["InvalidIPAddress", "aimed", "guarded_session", "plain_session"]


def aimed(url: str, rewrites: Mapping[str, str]) -> tuple[str, requests.Session]:
    """Where to go and with what: locally where the rewrite leads, anywhere else through the guard. Raises AddressRefused."""
    local = rewritten(url, rewrites)
    if local is not None:
        return local, plain_session()
    require_public_address(url)
    return url, guarded_session()


def guarded_session() -> requests.Session:
    """While sending, it raises AddressRefused for what an address's text shows, InvalidIPAddress for what it resolves to.

    Within a `Deadline`, resolving takes no longer either.
    """
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
    )
    session = plain_session(_GuardedSession(config))
    for scheme, is_https in (("https://", True), ("http://", False)):
        session.mount(scheme, _GuardedAdapter(is_https_proto=is_https))
    return session


def plain_session(session: requests.Session | None = None) -> requests.Session:
    """Without proxies and credentials from the environment. By itself it goes wherever it is sent: local rewrites only."""
    if session is None:
        session = requests.Session()
        for scheme in ("https://", "http://"):
            adapter = HTTPAdapter()
            watch_connections(adapter)
            session.mount(scheme, adapter)
    session.trust_env = False
    return session


class _GuardedAdapter(IPFilterAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        watch_connections(self)

    def build_connection_pool_key_attributes(self, *arguments: Any, **options: Any) -> Any:
        """The host becomes the address that it resolved to, once."""
        host, pool = _in_time(lambda: super(_GuardedAdapter, self).build_connection_pool_key_attributes(*arguments, **options))
        if not is_public(str(host["host"]).strip("[]")):
            raise InvalidIPAddress(host["host"])
        return host, pool


def _in_time(resolve: Callable[[], T]) -> T:
    """The system's resolver knows no deadline: whoever waits for it goes on without it."""
    deadline = current_deadline()
    if deadline is None:
        return resolve()
    answer: Queue[T | BaseException] = Queue(1)

    def work() -> None:
        try:
            answer.put(resolve())
        except BaseException as error:
            answer.put(error)

    threading.Thread(target=work, name="resolving", daemon=True).start()
    try:
        resolved = answer.get(timeout=deadline.remaining_seconds)
    except Empty:
        raise DeadlineExceeded from None
    if isinstance(resolved, BaseException):
        raise resolved
    return resolved


class _GuardedSession(HTTPSession):
    """Checks the text of every address as well, and follows nothing by itself."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would otherwise read a redirect's body whole, just to know where it leads."""

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        require_public_address(request.url or "")
        return super().send(request, **kwargs)
