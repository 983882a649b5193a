"""A word between the publisher and the sandbox."""

from collections.abc import Callable

from shared.http.client import HttpAnswer, HttpRequest
from tests.fakes.world import World


class Between:
    """The sandbox, with a word in between: `step` gets each request and may answer it, raise, or let it through with None."""

    def __init__(self, world: World, step: Callable[[HttpRequest], HttpAnswer | None]) -> None:
        self._http, self._step = world.http, step
        self.sent: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpAnswer:
        self.sent.append(request)
        answer = self._step(request)
        return self._http.send(request) if answer is None else answer


def between(world: World, step: Callable[[HttpRequest], HttpAnswer | None]) -> Between:
    http = Between(world, step)
    world.replace_publishing(http=http)
    return http
