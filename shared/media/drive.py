"""Google Drive: a link that people share leads to a page; which address leads to the file, and what the pages in between say.

The forms of links, and the answers, as gdown and others have found them (Google documents none of it).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from shared.media.fetch import Fetcher, FetchFailed, FetchRefused
from shared.media.sniff import is_page

_HOSTS = frozenset({"drive.google.com", "docs.google.com", "drive.usercontent.google.com"})
_DOWNLOAD = "https://drive.usercontent.google.com/download"
_ID = re.compile(r"[A-Za-z0-9_-]{10,128}", re.ASCII)
_FILE = re.compile(r"^(?:/u/\d+)?/file/d/([^/]+)", re.ASCII)
_DOCUMENT = re.compile(r"^(?:/a/[^/]+)?/(document|spreadsheets|presentation)/", re.ASCII)
# Of a page that stands in the way of a file, and how many do.
MAX_PAGE_BYTES, MAX_PAGES = 256 << 10, 2
# What tells a page from a file.
_HEAD_BYTES = 512


@dataclass(frozen=True)
class DriveFetcher:
    """A fetcher that knows Google Drive's share links, and leaves every other address to the one inside."""

    inner: Fetcher

    def fetch(self, url: str) -> Iterator[bytes]:
        """As Fetcher says."""
        target = direct(url)
        if urlsplit(target).hostname not in _HOSTS:
            yield from self.inner.fetch(target)
            return
        for _ in range(MAX_PAGES + 1):
            chunks = self.inner.fetch(target)
            head = b""
            for chunk in chunks:
                head += chunk
                if len(head) >= _HEAD_BYTES:
                    break
            if not is_page(head):
                yield head
                yield from chunks
                return
            target = behind(_page(head, chunks), target)
        raise FetchRefused("Google Drive answers with pages, and not with the file")


def _page(head: bytes, chunks: Iterator[bytes]) -> bytes:
    for chunk in chunks:
        head += chunk
        if len(head) >= MAX_PAGE_BYTES:
            break
    return head


def direct(url: str) -> str:
    """The address of the file behind a share link; any other address as it is. Raises FetchRefused for what is no file."""
    parts = urlsplit(url)
    if parts.hostname not in _HOSTS:
        return url
    if "/folders/" in parts.path or parts.path.startswith("/folderview"):
        raise FetchRefused("the address leads to a Google Drive folder: share a link to one file in it")
    if _DOCUMENT.match(parts.path):
        raise FetchRefused("the address leads to a Google document, which is no media file")
    query = parse_qs(parts.query)
    by_path = _FILE.match(parts.path)
    file_id = by_path[1] if by_path else (query.get("id") or [""])[0]
    if not _ID.fullmatch(file_id):
        return url
    wanted = {"id": file_id, "export": "download", "confirm": "t"}
    if resource_key := (query.get("resourcekey") or [""])[0]:
        wanted["resourcekey"] = resource_key
    return f"{_DOWNLOAD}?{urlencode(wanted)}"


def behind(page: bytes, url: str) -> str:
    """The address to ask next, from the page that Drive answered in place of the file. Raises FetchRefused and FetchFailed."""
    text = page[:MAX_PAGE_BYTES].decode("utf-8", "replace")
    form = _Form()
    form.feed(text)
    if form.action and {"id", "confirm"} & set(form.fields):
        target = urljoin(url, form.action)
        if urlsplit(target).hostname in _HOSTS:
            return f"{target.partition('?')[0]}?{urlencode(form.fields)}"
    lowered = text.lower()
    if "quota" in lowered or "too many users" in lowered:
        raise FetchFailed(
            "Google Drive lets the file be downloaded no more for now: it was asked for too often. Try again tomorrow"
        )
    raise FetchRefused("Google Drive does not show the file to everybody: share it with anyone who has the link")


class _Form(HTMLParser):
    """The form of Drive's "can't scan this file for viruses" page."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Mapping[str, str] = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action and "download" in given.get("action", ""):
            self.action, self._inside = given["action"], True
        elif tag == "input" and self._inside and given.get("type") == "hidden" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
