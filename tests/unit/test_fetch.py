"""The guard around addresses that customers choose: nothing private is ever connected to, and nothing is read without limit."""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from shared.core.settings import MediaFetch
from shared.http.client import HttpRequest, RequestsHttp
from shared.media.fetch import FetchFailed, FetchRefused, GuardedFetcher, unpacked
from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import Hosts

PUBLIC = "93.184.216.34"
MAX_BYTES = 50_000
# What names resolve to here; a list of lists answers one after the other, as a name that changes its mind does.
NAMES: dict[str, list[list[str]]] = {
    "public.test": [[PUBLIC]],
    "internal.test": [["10.0.0.7"]],
    "metadata.test": [["169.254.169.254"]],
    "loopback.test": [["127.0.0.1"]],
    "shared.test": [["100.64.1.1"]],
    "six.test": [["fd00::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "compatible.test": [["::10.0.0.7"]],
    "translated.test": [["::ffff:0:10.0.0.7"]],
    "translated-public.test": [[f"::ffff:0:{PUBLIC}"]],
    "nat64.test": [["64:ff9b::a00:7"]],
    "six-to-four.test": [["2002:a00:7::1"]],
    "teredo.test": [["2001::a00:7"]],
    "site-local.test": [["fec0::1"]],
    "multicast.test": [["224.0.0.1"]],
    "multicast-six.test": [["ff0e::1"]],
    "reserved.test": [["240.0.0.1"]],
    "private-first.test": [["10.0.0.7", PUBLIC]],
    "rebinding.test": [[PUBLIC], ["127.0.0.1"]],
}
Handler = Callable[[BaseHTTPRequestHandler], None]


class Web:
    """Public addresses lead to a server of ours; every connection to anything else is a leak."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leaks: list[Any] = []
        self.asked: list[str] = []
        self.pages: dict[str, Handler] = {}
        self._resolutions: dict[str, int] = {}
        web, connect, resolve = self, socket.socket.connect, socket.getaddrinfo

        class Served(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(f"{self.headers['Host']}{self.path}")
                web.pages.get(self.path, not_found)(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Served)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

        def connecting(self: socket.socket, address: Any) -> None:
            if address[0] != PUBLIC:
                web.leaks.append(address)
                raise ConnectionRefusedError
            connect(self, web.server.server_address)

        def resolving(host: str, port: Any, *arguments: Any, **options: Any) -> Any:
            if host not in NAMES:
                return resolve(host, port, *arguments, **options)
            answers = NAMES[host]
            turn = min(web._resolutions.get(host, 0), len(answers) - 1)
            web._resolutions[host] = turn + 1
            return [_entry(ip, port) for ip in answers[turn]]

        monkeypatch.setattr(socket.socket, "connect", connecting)
        monkeypatch.setattr(socket, "getaddrinfo", resolving)


def _entry(ip: str, port: Any) -> tuple[Any, ...]:
    if ":" in ip:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (ip, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))


def not_found(request: BaseHTTPRequestHandler) -> None:
    answering(404)(request)


def answering(status: int, body: bytes = b"", **headers: str) -> Handler:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    web = Web(monkeypatch)
    yield web
    web.server.shutdown()
    web.server.server_close()


def fetch(url: str, *, total_seconds: float = 60.0) -> bytes:
    settings = MediaFetch.model_validate({"GOOGLE_CLOUD_PROJECT": "p", "SOKU_MAX_MEDIA_BYTES": MAX_BYTES})
    return b"".join(GuardedFetcher(settings, total_seconds=total_seconds).fetch(url))


def test_what_a_server_compresses_unasked_is_unpacked_and_counted_unpacked(web: Web) -> None:
    web.pages["/packed"] = answering(200, gzip.compress(b"photo" * 100), Content_Encoding="gzip")
    assert fetch("http://public.test/packed") == b"photo" * 100
    web.pages["/bomb"] = answering(200, gzip.compress(b"0" * (MAX_BYTES + 1)), Content_Encoding="gzip")
    with pytest.raises(FetchRefused, match="most that this Soku copies"):
        fetch("http://public.test/bomb")


HOSTILE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://169.254.169.254/computeMetadata/v1/",
    "http://100.64.0.1/",
    "http://192.0.0.8/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[ff02::1]/",
    "http://１２７.０.０.１/",
    "http://localhost/",
    *(f"http://{name}/" for name in NAMES if name not in ("public.test", "rebinding.test")),
    f"http://{PUBLIC}@127.0.0.1/",
    "http://user:password@public.test/",
    "http://public.test:22/",
    "http://public.test:6379/",
    "https://public.test:80/",
    "http://127.0.0.1:80\\@public.test/",
    "file:///etc/passwd",
    "ftp://public.test/a.jpg",
    "gopher://127.0.0.1/",
    "http:///a.jpg",
    "http://[bad/",
    "//public.test/a.jpg",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_never_connected_to(web: Web, url: str) -> None:
    with pytest.raises((FetchRefused, FetchFailed)):
        fetch(url)
    assert web.leaks == []
    assert web.asked == []


# Without a host, a redirect's address is a path on the same one.
@pytest.mark.parametrize("url", [url for url in HOSTILE if url.startswith("http") and url != "http:///a.jpg"])
def test_nor_by_way_of_a_redirect(web: Web, url: str) -> None:
    web.pages["/"] = answering(302, Location=url.encode().decode("latin-1"))
    with pytest.raises((FetchRefused, FetchFailed)):
        fetch("http://public.test/")
    assert web.leaks == []
    assert web.asked == ["public.test/"]


def test_what_the_machine_knows_of_proxies_and_passwords_is_not_for_strangers(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[Any] = []

    def page(request: BaseHTTPRequestHandler) -> None:
        told.append(request.headers["Authorization"])
        answering(200, b"bytes")(request)

    web.pages["/a.jpg"] = page
    environment_of_a_company(monkeypatch, tmp_path, "public.test")
    assert fetch("http://public.test/a.jpg") == b"bytes"
    assert (told, web.leaks) == ([None], [])


def test_nor_for_platforms(web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[Any] = []

    def page(request: BaseHTTPRequestHandler) -> None:
        told.append(request.headers["Authorization"])
        answering(200, b"{}")(request)

    web.pages["/2/tweets"] = page
    environment_of_a_company(monkeypatch, tmp_path, "public.test")
    assert RequestsHttp().send(HttpRequest("GET", "http://public.test/2/tweets")).status == 200
    assert (told, web.leaks) == ([None], [])


def environment_of_a_company(monkeypatch: pytest.MonkeyPatch, folder: Path, host: str) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://10.0.0.7:3128")
    (folder / "netrc").write_text(f"machine {host} login ada password secret\n")
    monkeypatch.setenv("NETRC", str(folder / "netrc"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_call_to_a_platform_takes_its_token_nowhere_else(web: Web, status: int) -> None:
    web.pages["/2/users/me"] = answering(status, Location="http://public.test/elsewhere")
    answer = RequestsHttp().send(HttpRequest("GET", "http://public.test/2/users/me", headers={"Authorization": "Bearer t"}))
    assert answer.status == status
    assert web.asked == ["public.test/2/users/me"]


OTHERS = [
    "https://evilgoogleapis.com/upload",
    "https://googleapis.com.evil.test/upload",
    "https://evil.test/googleapis.com",
    "https://googleapis.com@evil.test/upload",
    "http://www.googleapis.com/upload",
    "//www.googleapis.com/upload",
    "",
    None,
    ["https://www.googleapis.com/upload"],
]


@pytest.mark.parametrize("url", OTHERS)
def test_uploads_go_to_the_platforms_own_hosts_only(url: object) -> None:
    with pytest.raises(PlatformFailure):
        Hosts().follow(url, "googleapis.com")


@pytest.mark.parametrize("url", ["https://googleapis.com/u", "https://www.googleapis.com/upload?id=1"])
def test_and_there_they_go(url: str) -> None:
    assert Hosts().follow(url, "googleapis.com") == url


def test_a_name_that_changes_its_mind_is_connected_to_as_it_was_judged(web: Web) -> None:
    web.pages["/a.jpg"] = answering(200, b"bytes")
    assert fetch("http://rebinding.test/a.jpg") == b"bytes"
    with pytest.raises(FetchRefused):
        fetch("http://rebinding.test/a.jpg")
    assert web.leaks == []


def test_a_public_file_is_fetched(web: Web) -> None:
    web.pages["/a.jpg"] = answering(200, b"bytes" * 1000)
    assert fetch("http://public.test/a.jpg") == b"bytes" * 1000
    assert web.asked == ["public.test/a.jpg"]


def test_redirects_are_followed_three_times(web: Web) -> None:
    for n in range(4):
        web.pages[f"/{n}"] = answering(302, Location=f"/{n + 1}")
    web.pages["/4"] = answering(200, b"there")
    assert fetch("http://public.test/1") == b"there"
    with pytest.raises(FetchRefused, match="redirects"):
        fetch("http://public.test/0")


@pytest.mark.parametrize(
    ("page", "error", "word"),
    [
        (answering(404), FetchRefused, "404"),
        (answering(403), FetchRefused, "403"),
        (answering(503), FetchFailed, "503"),
        (answering(429), FetchFailed, "429"),
        (answering(200, b""), FetchRefused, "empty"),
        (answering(200, b"x" * (MAX_BYTES + 1)), FetchRefused, "larger"),
        (answering(200, b"short", Content_Length="500"), FetchFailed, "address"),
    ],
)
def test_files_that_will_not_do(web: Web, page: Handler, error: type[Exception], word: str) -> None:
    web.pages["/a.jpg"] = page
    with pytest.raises(error, match=word):
        fetch("http://public.test/a.jpg")


def test_a_file_of_the_largest_size_will_do(web: Web) -> None:
    web.pages["/a.jpg"] = answering(200, b"x" * MAX_BYTES)
    assert len(fetch("http://public.test/a.jpg")) == MAX_BYTES


def test_a_trickle_is_cut_off_by_time(web: Web) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(1000):
                request.wfile.write(b"x")
                request.wfile.flush()
                time.sleep(0.01)

    web.pages["/a.jpg"] = trickle
    with pytest.raises(FetchRefused, match="seconds"):
        fetch("http://public.test/a.jpg", total_seconds=0.3)


def test_bytes_that_unpack_to_nothing_are_told_as_they_come() -> None:
    """Whoever holds a lease on the copy renews it with each."""
    empty_blocks = [b"\x00\x00\x00\xff\xff" * 100] * 50
    head = bytes.fromhex("1f8b0800000000000003")
    pieces = unpacked(iter([head, *empty_blocks]), "gzip")
    assert [next(pieces) for _ in range(51)] == [b""] * 51


def test_the_body_of_a_redirect_is_not_read(web: Web) -> None:
    written: list[int] = []

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/a.jpg")
        request.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(1000):
                request.wfile.write(b"x" * 100_000)
                written.append(100_000)

    web.pages["/"] = endless
    web.pages["/a.jpg"] = answering(200, b"bytes")
    assert fetch("http://public.test/") == b"bytes"
    assert sum(written) < 50_000_000, "what fits into the network's buffers, not the hundred megabytes"


def test_the_sample_files_are_reached_by_rewriting_only(web: Web) -> None:
    web.pages["/_media/photo.jpg"] = answering(200, b"sample")
    settings = MediaFetch.model_validate(
        {"GOOGLE_CLOUD_PROJECT": "p", "SOKU_FETCH_REWRITES": f"https://example.com/=http://{PUBLIC}:9500/_media/"}
    )
    fetcher = GuardedFetcher(settings)
    assert b"".join(fetcher.fetch("https://example.com/photo.jpg")) == b"sample"
    with pytest.raises(FetchRefused):
        b"".join(fetcher.fetch("https://example.com.evil.test:9500/photo.jpg"))
