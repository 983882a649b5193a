"""Takes a request's body off the wire, in bounded size, time and number: who sends slowly holds few threads, and not for long."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected

from shared.core.errors import PayloadTooLarge, ServiceUnavailable, ValidationFailed
from shared.http.deadline import Deadline

MAX_BODY_BYTES = 1_000_000
# For all of it, however it trickles in.
BODY_SECONDS = 10.0
# Half of an instance's threads (functions/targets.py): the others answer those who send at once.
READERS = 16
SLOT_SECONDS = 1.0
# A client that is answered before it has sent everything may see a broken connection and no answer: so much is read and dropped.
DRAINED_BYTES = 16 << 20
_PIECE_BYTES = 64 << 10

_slots = threading.BoundedSemaphore(READERS)


def read_body(request: Request) -> bytes:
    """Raises PayloadTooLarge, ValidationFailed for a body that does not arrive, ServiceUnavailable if too many are on their way."""
    with _slot(), Deadline(BODY_SECONDS) as deadline:
        # Of the web server's making; a test's client has none.
        connection = request.environ.get("gunicorn.socket")
        if isinstance(connection, socket.socket):
            deadline.watch(connection, socket.SHUT_RD)
        try:
            # Counted on the stream: a chunked body declares no length, and a declared one may lie.
            raw = b"" if (request.content_length or 0) > MAX_BODY_BYTES else request.stream.read(MAX_BODY_BYTES + 1)
            if len(raw) > MAX_BODY_BYTES or (request.content_length or 0) > MAX_BODY_BYTES:
                _drain(request)
                raise PayloadTooLarge
        except (ClientDisconnected, OSError, ParseException) as error:
            if not deadline.is_over:
                is_cut = not isinstance(error, ParseException)
                wrong = "broke off before its end" if is_cut else "is not sent as HTTP says (chunks of a declared size)"
                raise ValidationFailed(f"The request body {wrong}") from error
            raise ValidationFailed(f"The request body did not arrive within {BODY_SECONDS:.0f} seconds") from error
        if deadline.is_over:
            raise ValidationFailed(f"The request body did not arrive within {BODY_SECONDS:.0f} seconds")
        return raw


def _drain(request: Request) -> None:
    left = DRAINED_BYTES
    with suppress(ClientDisconnected, OSError, ParseException):
        while left > 0 and (piece := request.stream.read(_PIECE_BYTES)):
            left -= len(piece)


@contextmanager
def _slot() -> Generator[None]:
    if not _slots.acquire(timeout=SLOT_SECONDS):
        raise ServiceUnavailable("Too many requests are being received: send it again in a moment")
    try:
        yield
    finally:
        _slots.release()
