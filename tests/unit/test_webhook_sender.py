"""What leaves for a user's server, and what becomes of it: real sockets, addresses that are none, servers that misbehave."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.core.clock import SystemClock
from shared.webhooks.delivery import MAX_ANSWER_BYTES, Attempted
from shared.webhooks.send import GuardedSender

Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], GuardedSender]]:
    """A sender to whom https://hooks.test/ is a server that answers like this."""
    servers: list[ThreadingHTTPServer] = []

    def begin(answer: Answer) -> GuardedSender:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return GuardedSender({"https://hooks.test/": f"http://127.0.0.1:{server.server_port}/"}, SystemClock())

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def sent(sender: GuardedSender, url: str = "https://hooks.test/x") -> Attempted:
    return sender.send(url, {"Content-Type": "application/json"}, b"{}")


def answering(status: int, body: bytes = b"said", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("status", "is_taken", "is_down", "is_gone"),
    [
        (200, True, False, False),
        (204, True, False, False),
        (299, True, False, False),
        (301, False, False, False),
        (400, False, False, False),
        (404, False, False, False),
        (410, False, False, True),
        (429, False, True, False),
        (500, False, True, False),
        (503, False, True, False),
    ],
)
def test_what_an_answer_means(
    serve: Callable[[Answer], GuardedSender], status: int, is_taken: bool, is_down: bool, is_gone: bool
) -> None:
    body = b"" if status == 204 else b"said"
    got = sent(serve(answering(status, body, Location="http://127.0.0.1:1/private")))
    assert (got.status, got.is_taken, got.is_down, got.is_gone) == (status, is_taken, is_down, is_gone)
    # Of a redirect, locally, nothing is left: `requests` has read it.
    assert got.answer == ("" if status == 301 else body.decode())
    assert (got.error is None) is is_taken


def test_an_answer_is_kept_to_twenty_kilobytes(serve: Callable[[Answer], GuardedSender]) -> None:
    got = sent(serve(answering(200, b"x" * 1_000_000)))
    assert (got.is_taken, len(got.answer)) == (True, MAX_ANSWER_BYTES)


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("999999999", 86_400), ("soon", None), ("-1", None)])
def test_how_long_it_wants_to_be_left_alone(serve: Callable[[Answer], GuardedSender], said: str, seconds: int | None) -> None:
    assert sent(serve(answering(429, Retry_After=said))).retry_after_seconds == seconds


def test_one_that_hangs_up_without_a_word_is_down(serve: Callable[[Answer], GuardedSender]) -> None:
    got = sent(serve(lambda request: request.connection.shutdown(socket.SHUT_RDWR)))
    assert (got.status, got.is_taken, got.is_down) == (None, False, True)


def test_one_that_is_not_there_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    got = sent(GuardedSender({"https://hooks.test/": f"http://127.0.0.1:{port}/"}, SystemClock()))
    assert (got.is_taken, got.is_down, got.error) == (False, True, "It refused the connection.")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1/x", "private network"),
        ("https://10.1.2.3/x", "private network"),
        ("https://localhost/x", "private network"),
        ("https://metadata.google.internal/x", "private network"),
        ("ftp://example.com/x", "not a valid"),
    ],
)
def test_nothing_is_sent_to_a_private_network(url: str, says: str) -> None:
    got = sent(GuardedSender({}, SystemClock()), url)
    assert (got.status, got.is_taken) == (None, False)
    assert says in (got.error or "")
