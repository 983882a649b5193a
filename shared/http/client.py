"""How we speak to platforms: one request, one answer, and an honest word about requests that got none."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter

from shared.core.errors import SokuError
from shared.http.deadline import Deadline, DeadlineExceeded, watch_connections

CONNECT_TIMEOUT_SECONDS = 5.0
# Must stay, with the margin in publishing/run_lease.py, below a run's lease: an answer that comes later belongs to nobody.
READ_TIMEOUT_SECONDS = 30.0
# Of the whole exchange, however slowly its answer trickles in.
TOTAL_TIMEOUT_SECONDS = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
# Kept open, more than any function's concurrency, so that none is opened anew.
CONNECTIONS = 64
# Platforms answer a few kB; whatever is longer is not an answer we understand.
MAX_ANSWER_BYTES = 1 << 20


class NotSent(SokuError):
    """The request provably never reached the platform (name, connection or certificate failed)."""


class NoAnswer(SokuError):
    """The request was sent, or perhaps was, and no readable answer came."""


@dataclass(frozen=True)
class Part:
    """One file of a multipart form."""

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class HttpRequest:
    """`params` go into the query, `form` into an urlencoded body, or with `parts` into a multipart one; `json` into a JSON body;
    `content` is the body as it is."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    parts: Mapping[str, Part] | None = None
    content: bytes | None = None


@dataclass(frozen=True)
class HttpAnswer:
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where it is anything else."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


class Http(Protocol):
    def send(self, request: HttpRequest) -> HttpAnswer:
        """Raises NotSent or NoAnswer; every status code is an answer. Redirects are not followed."""
        ...


class RequestsHttp:
    """`requests` with connections reused, and without cookies, proxies from the environment, retries and redirects."""

    def __init__(self, *, connections: int = CONNECTIONS, total_seconds: float = TOTAL_TIMEOUT_SECONDS) -> None:
        self._total_seconds = total_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
            watch_connections(adapter)
            self._session.mount(scheme, adapter)

    def send(self, request: HttpRequest) -> HttpAnswer:
        form, files = request.form, None
        if request.parts is not None:
            # A form without a file is multipart, too, if `parts` says so.
            fields = {name: (None, value) for name, value in (form or {}).items()}
            uploads = {name: (part.filename, part.content, part.content_type) for name, part in request.parts.items()}
            form, files = None, {**fields, **uploads}
        with Deadline(self._total_seconds) as deadline, deadline.watching():
            try:
                with self._session.request(
                    request.method,
                    request.url,
                    headers=dict(request.headers),
                    params=dict(request.params),
                    json=request.json,
                    data=form if request.content is None else request.content,
                    files=files,
                    timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    deadline.check()
                    body = answer.raw.read(MAX_ANSWER_BYTES, decode_content=True)
                    deadline.check()
                    headers = {name.lower(): value for name, value in answer.headers.items()}
                    return HttpAnswer(answer.status_code, headers, body)
            except DeadlineExceeded as error:
                raise NoAnswer("DeadlineExceeded") from error
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise (NotSent if _never_left(error) else NoAnswer)(type(error).__name__) from error


def _never_left(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    # Of what TLS may complain about, only a refused certificate surely comes before the request.
    refused = isinstance(reason, urllib3.exceptions.SSLError) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return refused or isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
