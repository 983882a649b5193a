"""One call on the Graph API: as whom, where, and what its answer is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.http.client import HttpAnswer, HttpRequest
from shared.media.media import MediaItem
from shared.platforms.failure import PlatformFailure
from shared.platforms.meta.errors import failure_of
from shared.platforms.platform import View, bearer, stored_of


@dataclass(frozen=True)
class Graph:
    """`url` ends in the version; `label` is what the platform is called. Threads' samples pass the token as a parameter
    (`token_in_parameters`), the others take it as a header."""

    publication: View
    url: str
    label: str
    token_in_parameters: bool = False

    @property
    def user(self) -> str:
        return self.publication.account.platform_user_id

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self.read(self._send("GET", path, params, None))

    def post(self, path: str, form: Mapping[str, str], query: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self.read(self._send("POST", path, query or {}, form))

    def _send(self, method: str, path: str, params: Mapping[str, str], form: Mapping[str, str] | None) -> HttpAnswer:
        headers: Mapping[str, str] = {}
        if not self.token_in_parameters:
            headers = bearer(self.publication)
        elif form is None:
            params = {**params, "access_token": self.publication.account.access_token}
        else:
            form = {**form, "access_token": self.publication.account.access_token}
        return self.publication.http.send(HttpRequest(method, f"{self.url}/{path}", headers=headers, params=params, form=form))

    def read(self, answer: HttpAnswer) -> dict[str, Any]:
        """The answer's body; raises PlatformFailure for everything but a success."""
        if answer.status != 200 or "error" in answer.json():
            raise failure_of(answer, self.label)
        return answer.json()

    def id_of(self, answer: dict[str, Any], name: str = "id") -> str:
        if not answer.get(name):
            raise PlatformFailure("outcome_unknown", f"{self.label} answered 200 without {name}", http_status=200)
        return str(answer[name])


def url_of(item: MediaItem) -> str:
    """Meta pulls, and only ever from our own storage."""
    return stored_of(item).url
