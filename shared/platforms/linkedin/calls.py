"""One call on LinkedIn's REST interface: with the headers that every one needs."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.http.client import HttpAnswer, HttpRequest
from shared.platforms.hosts import Hosts
from shared.platforms.linkedin.errors import failure_of
from shared.platforms.linkedin.hosts import API
from shared.platforms.platform import View, bearer

UPLOAD_DOMAINS = ("linkedin.com", "licdn.com")


@dataclass(frozen=True)
class Calls:
    view: View
    hosts: Hosts
    version: str

    @property
    def author(self) -> str:
        """`urn:li:person:…` or `urn:li:organization:…`."""
        return self.view.account.platform_user_id

    @property
    def is_organisation(self) -> bool:
        return self.author.startswith("urn:li:organization:")

    def send(self, method: str, path: str, **body: Any) -> HttpAnswer:
        """Any 2xx; raises PlatformFailure for everything else."""
        headers = {
            **bearer(self.view),
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        answer = self.view.http.send(HttpRequest(method, f"{self.hosts.at(API)}/rest/{path}", headers=headers, **body))
        if not 200 <= answer.status < 300:
            raise failure_of(answer, self.view.now())
        return answer

    def initialize(self, what: str, **wanted: Any) -> dict[str, Any]:
        """A new image's or video's URN and where its bytes go."""
        body = {"initializeUploadRequest": {"owner": self.author, **wanted}}
        return self.send("POST", what, params={"action": "initializeUpload"}, json=body).json().get("value") or {}

    def put(self, address: object, content: bytes, *, authorised: bool) -> HttpAnswer:
        """Bytes to an address that LinkedIn named."""
        headers = {"Content-Type": "application/octet-stream", **(bearer(self.view) if authorised else {})}
        url = self.hosts.follow(address, *UPLOAD_DOMAINS)
        answer = self.view.http.send(HttpRequest("PUT", url, headers=headers, content=content))
        if answer.status not in (200, 201):
            raise failure_of(answer, self.view.now())
        return answer

    def status(self, what: str, urn: str) -> dict[str, Any]:
        return self.send("GET", f"{what}/{quote(urn, safe='')}").json()
