"""One request to an address that a user chose: guarded like every such address, ten seconds in all, redirects not followed."""

import ssl
import time
from collections.abc import Mapping
from typing import Protocol

import requests
import urllib3

from shared.core.clock import Clock
from shared.http.address import AddressRefused
from shared.http.deadline import Deadline, DeadlineExceeded
from shared.http.guard import InvalidIPAddress, aimed
from shared.webhooks.delivery import MAX_ANSWER_BYTES, Attempted

# An endpoint that has this to do takes it in first, and works afterwards.
ANSWER_WITHIN_SECONDS = 10.0
# However long it asks to be left alone.
MAX_RETRY_AFTER_SECONDS = 24 * 3600
REDIRECTED = "It answered {status}: redirects are not followed, register the address that it leads to."


class Sender(Protocol):
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        """Never raises: whatever happens is what became of the attempt."""
        ...


class GuardedSender:
    """`rewrites` are local only, as those of files are (SOKU_FETCH_REWRITES)."""

    def __init__(self, rewrites: Mapping[str, str], clock: Clock) -> None:
        self._rewrites = rewrites
        self._clock = clock

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        at, began = self._clock.now(), time.monotonic()
        status, answer, retry_after = None, "", None
        error: str | None = None
        is_down = True
        with Deadline(ANSWER_WITHIN_SECONDS) as deadline, deadline.watching():
            try:
                status, answer, retry_after = self._asked(url, headers, body, deadline)
                error, is_down = judged(status)
            except (AddressRefused, InvalidIPAddress) as refused:
                error = f"Its address is not sent to: {refused}" if isinstance(refused, AddressRefused) else _PRIVATE
            except DeadlineExceeded:
                error = _SLOW
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
                error = _SLOW if deadline.is_over else _unreachable(failure)
        took = int((time.monotonic() - began) * 1000)
        return Attempted(at, error is None, status, answer, error, took, is_down, status == 410, retry_after)

    def _asked(self, url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline) -> tuple[int, str, int | None]:
        target, session = aimed(url, self._rewrites)
        timeout = (ANSWER_WITHIN_SECONDS, ANSWER_WITHIN_SECONDS)
        with (
            session,
            session.post(target, data=body, headers=dict(headers), stream=True, timeout=timeout, allow_redirects=False) as reply,
        ):
            deadline.check()
            read = reply.raw.read(MAX_ANSWER_BYTES, decode_content=True)
            deadline.check()
            return reply.status_code, read.decode("utf-8", "replace"), _seconds(reply.headers.get("Retry-After", ""))


_PRIVATE = "Its address leads to a private network, to which nothing is sent."
_SLOW = f"It did not answer within {ANSWER_WITHIN_SECONDS:.0f} seconds."


def judged(status: int) -> tuple[str | None, bool]:
    """What is wrong with this answer, and whether nothing else would get through either."""
    if 200 <= status < 300:
        return None, False
    if 300 <= status < 400:
        return REDIRECTED.format(status=status), False
    if status == 410:
        return "It answered 410: it wants no more.", False
    return f"It answered {status}.", status == 429 or status >= 500


def _unreachable(failure: Exception) -> str:
    text = str(failure)
    if isinstance(failure, requests.exceptions.SSLError | ssl.SSLError):
        return "Its certificate is not valid."
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "Its name is not known."
    if "refused" in text:
        return "It refused the connection."
    return f"It could not be reached ({type(failure).__name__})."


def _seconds(said: str) -> int | None:
    return min(int(said), MAX_RETRY_AFTER_SECONDS) if said.isascii() and said.isdecimal() and len(said) < 10 else None
