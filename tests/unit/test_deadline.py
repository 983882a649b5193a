"""A server that trickles holds nobody: every exchange ends in time, and what was cut off is never taken for an answer."""

import contextlib
import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from shared.core.settings import MediaFetch
from shared.http import guard
from shared.http.client import HttpRequest, NoAnswer, NotSent, RequestsHttp
from shared.http.deadline import Deadline, DeadlineExceeded
from shared.media.fetch import FetchFailed, FetchRefused, GuardedFetcher

SECONDS = 0.4
# The other side sends a piece this often: no socket's own timeout ever strikes.
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 5.0
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def forever(piece: bytes) -> Iterator[bytes]:
    return itertools.repeat(piece)


# What comes at once, and what trickles afterwards.
HOSTILE: dict[str, tuple[bytes, Callable[[], Iterable[bytes]]]] = {
    "nothing at all": (b"", lambda: forever(b"")),
    "status line": (b"HTTP/1.1 200 ", lambda: forever(b"O")),
    "a header's value": (OK + b"X-Long: ", lambda: forever(b"x")),
    "headers": (OK, lambda: (b"X-%d: y\r\n" % n for n in itertools.count())),
    "100 Continue": (b"", lambda: forever(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "redirect's headers": (b"HTTP/1.1 302 Found\r\nLocation: /a\r\n", lambda: (b"X-%d: y\r\n" % n for n in itertools.count())),
    "body": (OK + b"Content-Length: 100000\r\n\r\n", lambda: forever(b"x")),
    "body without a length": (OK + b"Connection: close\r\n\r\n", lambda: forever(b"x")),
    "chunk size": (CHUNKED, lambda: forever(b"0")),
    "chunk extension": (CHUNKED + b"1;", lambda: forever(b"e")),
    "chunk": (CHUNKED + b"ffff\r\n", lambda: forever(b"x")),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", lambda: (b"X-%d: y\r\n" % n for n in itertools.count())),
}


class Trickling:
    """Answers every request with a beginning, then piece by piece until nobody listens."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.begin: bytes = b""
        self.pieces: Callable[[], Iterable[bytes]] = lambda: ()
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            served = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            with served:
                served.recv(65536)
                served.sendall(self.begin)
                for piece in self.pieces():
                    time.sleep(PAUSE_SECONDS)
                    served.sendall(piece)

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Trickling]:
    server = Trickling()
    yield server
    server.close()


def ends_in_time(started: float) -> bool:
    return time.monotonic() - started < PATIENCE_SECONDS


@pytest.mark.parametrize("how", HOSTILE)
def test_a_call_to_a_platform_ends_without_an_answer(server: Trickling, how: str) -> None:
    server.begin, server.pieces = HOSTILE[how]
    started = time.monotonic()
    if how == "redirect's headers":
        # Redirects are not followed, so that these are the answer's.
        server.begin = server.begin.replace(b"Location: /a\r\n", b"")
    with pytest.raises(NoAnswer):
        RequestsHttp(total_seconds=SECONDS).send(HttpRequest("GET", f"http://127.0.0.1:{server.port}/"))
    assert ends_in_time(started)


@pytest.mark.parametrize("how", HOSTILE)
def test_a_file_ends_without_a_file(server: Trickling, how: str) -> None:
    server.begin, server.pieces = HOSTILE[how]
    rewrites = f"https://example.com/=http://127.0.0.1:{server.port}/"
    settings = MediaFetch.model_validate({"GOOGLE_CLOUD_PROJECT": "p", "SOKU_FETCH_REWRITES": rewrites})
    fetcher = GuardedFetcher(settings, headers_seconds=SECONDS, total_seconds=SECONDS)
    started = time.monotonic()
    with pytest.raises((FetchFailed, FetchRefused), match=r"within|longer|too|redirects|fetched"):
        b"".join(fetcher.fetch("https://example.com/a.jpg"))
    assert ends_in_time(started)


def test_an_answer_in_time_on_a_kept_connection_is_one(server: Trickling) -> None:
    server.begin = OK + b"Content-Length: 2\r\n\r\n{}"
    http = RequestsHttp(total_seconds=SECONDS)
    assert http.send(HttpRequest("GET", f"http://127.0.0.1:{server.port}/")).status == 200


def test_a_kept_connection_is_watched_as_well() -> None:
    """The first answer keeps the connection; the second one trickles on it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}")
                connection.recv(65536)
                connection.sendall(OK)
                while True:
                    time.sleep(PAUSE_SECONDS)
                    connection.sendall(b"X: y\r\n")

    threading.Thread(target=serve, daemon=True).start()
    http, url = RequestsHttp(total_seconds=SECONDS), f"http://127.0.0.1:{listening.getsockname()[1]}/"
    assert http.send(HttpRequest("GET", url)).status == 200
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        http.send(HttpRequest("GET", url))
    assert ends_in_time(started)
    listening.close()


def test_a_tls_connection_is_watched_from_its_handshake_on(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(certificate), "-days", "1"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", str(tmp_path / "public.pem")]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (tmp_path / "public.pem").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Trickling(context)
    server.begin, server.pieces = HOSTILE["headers"]
    http = RequestsHttp(total_seconds=SECONDS)
    http._session.verify = str(tmp_path / "public.pem")
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        http.send(HttpRequest("GET", f"https://localhost:{server.port}/"))
    # A handshake that is never answered.
    silent = socket.create_server(("127.0.0.1", 0))
    with pytest.raises((NoAnswer, NotSent)):
        http.send(HttpRequest("GET", f"https://localhost:{silent.getsockname()[1]}/"))
    assert ends_in_time(started)
    silent.close()
    server.close()


def test_resolving_a_name_takes_no_longer_than_the_exchange_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(PATIENCE_SECONDS + 1))
    started = time.monotonic()
    with Deadline(SECONDS) as deadline, deadline.watching(), pytest.raises(DeadlineExceeded):
        guard.guarded_session().get("http://slow.test/", timeout=1)
    assert ends_in_time(started)


def test_a_deadline_that_was_extended_lasts_longer() -> None:
    with Deadline(0.05) as deadline:
        deadline.extend(60)
        time.sleep(0.15)
        deadline.check()
    with Deadline(0.05) as deadline:
        time.sleep(0.15)
        with pytest.raises(DeadlineExceeded):
            deadline.check()
