"""The one place where bytes come from an address that a customer chose: guarded (shared/http/guard.py), streamed, limited."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol
from urllib.parse import urljoin

import requests
import urllib3

from shared.core.errors import SokuError
from shared.core.settings import MediaFetch
from shared.http.address import AddressRefused
from shared.http.deadline import Deadline, DeadlineExceeded
from shared.http.guard import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS, InvalidIPAddress, aimed

MAX_REDIRECTS = 3
# 1 GiB at 30 Mbit/s; half of the publisher's own timeout.
TOTAL_TIMEOUT_SECONDS = 290.0
# Until the first byte of the file, redirects included.
HEADERS_TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 1 << 20


class FetchRefused(SokuError):
    """The file cannot be had from this address, now or later; the message says why, in words for the customer."""


class FetchFailed(SokuError):
    """The address did not answer as it should; it may do so later."""


class Fetcher(Protocol):
    def fetch(self, url: str) -> Iterator[bytes]:
        """The file's bytes in chunks, some of which may be empty: the address has sent something. Raises FetchRefused or
        FetchFailed, also midway."""
        ...


class GuardedFetcher:
    """`headers_seconds` bounds all that comes before the file's first byte, redirects included; `total_seconds` the file."""

    def __init__(
        self,
        settings: MediaFetch,
        *,
        headers_seconds: float = HEADERS_TIMEOUT_SECONDS,
        total_seconds: float = TOTAL_TIMEOUT_SECONDS,
    ) -> None:
        self._max_bytes = settings.max_media_bytes
        self._rewrites: Mapping[str, str] = settings.fetch_rewrites
        self._headers_seconds = headers_seconds
        self._total_seconds = total_seconds

    def fetch(self, url: str) -> Iterator[bytes]:
        has_begun = False
        with Deadline(self._headers_seconds) as deadline:
            try:
                target, session = aimed(url, self._rewrites)
                with session:
                    with deadline.watching():
                        answer = _follow(session, target)
                    deadline.check()
                    has_begun = True
                    deadline.extend(self._total_seconds)
                    yield from self._limited(answer, deadline)
            except AddressRefused as error:
                raise FetchRefused(str(error)) from error
            except InvalidIPAddress as error:
                raise FetchRefused("the address leads to a private network") from error
            except DeadlineExceeded as error:
                raise self._too_slow(has_begun) from error
            except ValueError as error:  # among them requests' InvalidURL and InvalidSchema, and what urllib says of odd redirects
                raise FetchRefused("the address is not a valid http or https URL") from error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                if deadline.is_over:
                    raise self._too_slow(has_begun) from error
                raise FetchFailed(f"the address could not be fetched ({type(error).__name__})") from error

    def _too_slow(self, has_begun: bool) -> FetchFailed | FetchRefused:
        if has_begun:
            return FetchRefused(f"the file took longer than {self._total_seconds:.0f} seconds to fetch")
        return FetchFailed(f"the address did not begin to answer within {self._headers_seconds:.0f} seconds")

    def _limited(self, answer: requests.Response, deadline: Deadline) -> Iterator[bytes]:
        """The file's bytes, of which there are some, and not too many."""
        total = 0
        for chunk in unpacked(_sent(answer, deadline), answer.headers.get("Content-Encoding", "")):
            total += len(chunk)
            if total > self._max_bytes:
                most = f"{self._max_bytes / (1 << 20):.4g} MiB, the most that this Soku copies"
                raise FetchRefused(f"the file is larger than {most}")
            deadline.check()
            yield chunk
        if total == 0:
            raise FetchRefused("the file is empty")


def _sent(answer: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """What comes over the wire, to its end."""
    total = 0
    # What has arrived is taken as it is: waiting for a full chunk would let a trickle go on for ever.
    while chunk := answer.raw.read1(CHUNK_BYTES):
        total += len(chunk)
        deadline.check()
        yield chunk
    # A connection that was cut off looks like the end of a file.
    deadline.check()
    declared = answer.headers.get("Content-Length", "")
    if declared.isdecimal() and total < int(declared):
        raise FetchFailed("the address broke off before the end of the file")


def unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Some servers compress although nobody asked. In pieces: a small answer may unpack into a large one."""
    match encoding.strip().lower():
        case "" | "identity":
            yield from chunks
        case "gzip" | "x-gzip" | "deflate":
            yield from _inflated(chunks, encoding)
        case _:
            raise FetchRefused(f"the address answers with Content-Encoding {encoding[:40]}, for which it was not asked")


def _inflated(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            packed = chunk
            while packed and not inflating.eof:
                yield inflating.decompress(packed, CHUNK_BYTES)
                packed = inflating.unconsumed_tail
    except zlib.error as error:
        raise FetchRefused(f"the address says Content-Encoding {encoding}, and the answer is not") from error
    if not inflating.eof:
        raise FetchFailed("the address broke off before the end of the file")


def _follow(session: requests.Session, url: str) -> requests.Response:
    """The answer at the end of the redirects, unread, as are theirs: `requests` would read each one's body whole."""
    # Files are compressed already; some servers compress again all the same.
    headers = {"Accept-Encoding": "identity", "User-Agent": "Soku/1.0 (media copy)"}
    timeout = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    for _ in range(MAX_REDIRECTS + 1):
        answer = session.get(url, headers=headers, stream=True, timeout=timeout, allow_redirects=False)
        if not answer.is_redirect:
            _validate_status(answer)
            return answer
        url = urljoin(url, answer.headers["Location"].encode("latin-1").decode("utf-8", "replace"))
        answer.close()
    raise FetchRefused(f"the address redirects more than {MAX_REDIRECTS} times")


def _validate_status(answer: requests.Response) -> None:
    if answer.status_code == 200:
        return
    if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
        raise FetchFailed(f"the address answered {answer.status_code}")
    raise FetchRefused(f"the address answered {answer.status_code}")
