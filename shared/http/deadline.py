"""One deadline for a whole exchange, however slowly the other side trickles: its sockets are shut down when the time is over.

Timeouts of a socket begin anew with each byte, so a server that sends one now and then holds a thread for as long as it likes. A
watchdog thread shuts the connection down (SHUT_RDWR: closing it from another thread would not wake the reader). What was cut off
can still parse as a good answer, so whoever reads asks the deadline after the headers and after the body.
"""

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Generator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from shared.core.errors import SokuError


class DeadlineExceeded(SokuError):
    """The exchange took longer than it may."""


class Deadline:
    """`seconds` from now on, for every connection that is opened or taken up inside of `watching()`."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self._sockets: list[tuple[socket.socket, int]] = []
        self._lock = threading.Lock()
        self._expired = False
        self._closed = False
        _WATCHDOG.add(self)

    @property
    def remaining_seconds(self) -> float:
        return max(0.0, self.at - time.monotonic())

    @property
    def is_over(self) -> bool:
        return self._expired or time.monotonic() >= self.at

    def check(self) -> None:
        """Raises DeadlineExceeded."""
        if self.is_over:
            raise DeadlineExceeded

    @contextlib.contextmanager
    def watching(self) -> Generator[None]:
        """What this thread connects to meanwhile is shut down when the time is over."""
        before = getattr(_CURRENT, "deadline", None)
        _CURRENT.deadline = self
        try:
            yield
        finally:
            _CURRENT.deadline = before

    def extend(self, seconds: float) -> None:
        """From now on, if it is not over already."""
        self.at = time.monotonic() + seconds
        _WATCHDOG.add(self)

    def watch(self, connection: socket.socket, how: int = socket.SHUT_RDWR) -> None:
        """`how`: SHUT_RD, where an answer is still to be sent."""
        # A duplicate of the descriptor: TLS takes the socket over, and shutting down is of the connection, not of the descriptor.
        duplicate = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._sockets.append((duplicate, how))
            if self._expired:
                _shut_down(duplicate, how)

    def expire(self) -> None:
        """The watchdog's part: it may have been extended meanwhile."""
        with self._lock:
            if self._closed or self.at > time.monotonic():
                return
            self._expired = True
            for connection, how in self._sockets:
                _shut_down(connection, how)

    def close(self) -> None:
        """The exchange is over, in time or not."""
        with self._lock:
            self._closed = True
            for connection, _ in self._sockets:
                connection.close()
            self._sockets.clear()

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shut_down(connection: socket.socket, how: int) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(how)


class _Watchdog:
    """One thread for all deadlines of the process, begun with the first one: never before the web server forks."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Deadline]] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, deadline: Deadline) -> None:
        with self._changed:
            heapq.heappush(self._due, (deadline.at, next(self._numbers), deadline))
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            if self._due[0][2] is deadline:
                self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                _, _, deadline = heapq.heappop(self._due)
            deadline.expire()


_WATCHDOG = _Watchdog()
_CURRENT = threading.local()


def current_deadline() -> Deadline | None:
    """The one inside of whose `watching()` this thread is."""
    return getattr(_CURRENT, "deadline", None)


def _watch(connection: Any) -> None:
    deadline = current_deadline()
    if deadline is not None and connection is not None:
        deadline.watch(connection)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _watch(connection)
        return connection


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _watch(connection)
        return connection


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]

    def _get_conn(self, timeout: float | None = None) -> Any:
        kept = super()._get_conn(timeout)
        _watch(getattr(kept, "sock", None))
        return kept


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]

    def _get_conn(self, timeout: float | None = None) -> Any:
        kept = super()._get_conn(timeout)
        _watch(getattr(kept, "sock", None))
        return kept


def watch_connections(adapter: HTTPAdapter) -> None:
    """Connections of this adapter, new and kept ones, are watched from now on."""
    pools: Any = adapter.poolmanager
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
