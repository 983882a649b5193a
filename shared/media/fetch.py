"""The one place where bytes come from an address that a customer chose: guarded, streamed, limited.

The guard is requests-hardened (Saleor): each connection's address is resolved once, refused unless it is public, and connected to
as resolved, redirects included: neither a private address nor a name that changes its mind gets through.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

from shared.core.errors import SokuError
from shared.core.settings import MediaFetch

MAX_REDIRECTS = 3
CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 15.0
# 1 GiB at 30 Mbit/s; half of the publisher's own timeout.
TOTAL_TIMEOUT_SECONDS = 290.0
CHUNK_BYTES = 1 << 20
_PORTS = {"http": 80, "https": 443}


class FetchRefused(SokuError):
    """The address will not do, now or later; the message says why, in words for the customer."""


class FetchFailed(SokuError):
    """The address did not answer as it should; it may do so later."""


class Fetcher(Protocol):
    def fetch(self, url: str) -> Iterator[bytes]:
        """The file's bytes in chunks. Raises FetchRefused or FetchFailed, also midway."""
        ...


class GuardedFetcher:
    """`monotonic` measures the total time in seconds."""

    def __init__(self, settings: MediaFetch, *, monotonic: Callable[[], float]) -> None:
        self._max_bytes = settings.max_media_bytes
        self._rewrites: Mapping[str, str] = settings.fetch_rewrites
        self._monotonic = monotonic

    def fetch(self, url: str) -> Iterator[bytes]:
        target, session = self._aim(url)
        deadline = self._monotonic() + TOTAL_TIMEOUT_SECONDS
        try:
            with session:
                yield from self._limited(_follow(session, target), deadline)
        except InvalidIPAddress as error:
            raise FetchRefused("the address leads to a private network") from error
        except ValueError as error:  # among them requests' InvalidURL and InvalidSchema, and what urllib says of odd redirects
            raise FetchRefused("the address is not a valid http or https URL") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise FetchFailed(f"the address could not be fetched ({type(error).__name__})") from error

    def _aim(self, url: str) -> tuple[str, requests.Session]:
        """Where to go and with what: locally the sample files' own server, anywhere else through the guard."""
        for prefix, replacement in self._rewrites.items():
            if url.startswith(prefix):
                return replacement + url[len(prefix) :], _tame(requests.Session())
        _judge_url(url)
        session = _GuardedSession(
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=False,
                # Followed here, one by one, each judged and guarded like the first.
                never_redirect=True,
                default_timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            )
        )
        return url, _tame(session)

    def _limited(self, answer: requests.Response, deadline: float) -> Iterator[bytes]:
        total = 0
        # What has arrived is taken as it is: waiting for a full chunk would let a trickle go on for ever.
        while chunk := answer.raw.read1(CHUNK_BYTES):
            total += len(chunk)
            if total > self._max_bytes:
                raise FetchRefused(f"the file is larger than {self._max_bytes} bytes")
            if self._monotonic() > deadline:
                raise FetchRefused(f"the file took longer than {TOTAL_TIMEOUT_SECONDS:.0f} seconds to fetch")
            yield chunk
        declared = answer.headers.get("Content-Length", "")
        if declared.isdecimal() and total < int(declared):
            raise FetchFailed("the address broke off before the end of the file")
        if total == 0:
            raise FetchRefused("the file is empty")


def _follow(session: requests.Session, url: str) -> requests.Response:
    """The answer at the end of the redirects, unread, as are theirs: `requests` would read each one's body whole."""
    # Without compression the bytes counted are the bytes stored, and no small answer unpacks into a large one.
    headers = {"Accept-Encoding": "identity", "User-Agent": "Soku/1.0 (media copy)"}
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    for _ in range(MAX_REDIRECTS + 1):
        answer = session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if not answer.is_redirect:
            _judge_status(answer)
            return answer
        url = urljoin(url, answer.headers["Location"].encode("latin-1").decode("utf-8", "replace"))
        answer.close()
    raise FetchRefused(f"the address redirects more than {MAX_REDIRECTS} times")


class _GuardedSession(HTTPSession):
    """Judges every address on the way by its text as well, and follows nothing by itself."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: `requests` would otherwise read a redirect's body whole, just to know where it leads."""

    def send(self, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        _judge_url(request.url or "")
        return super().send(request, **kwargs)


def _tame(session: requests.Session) -> requests.Session:
    session.trust_env = False
    return session


def _judge_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchRefused("the address is not a valid http or https URL") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise FetchRefused("the address is not a valid http or https URL")
    if parts.username is not None or parts.password is not None:
        raise FetchRefused("the address must not carry a user name or password")
    if port not in (None, _PORTS[parts.scheme]):
        raise FetchRefused("the address must use the standard port, 80 or 443")


def _judge_status(answer: requests.Response) -> None:
    if answer.status_code == 200:
        return
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        raise FetchFailed(f"the address answered {answer.status_code}")
    raise FetchRefused(f"the address answered {answer.status_code}")
