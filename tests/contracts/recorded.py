"""Everything that goes between us and a platform for a list of posts."""

from collections.abc import Sequence
from typing import Any

from shared.http.client import HttpAnswer, HttpRequest
from tests.fakes.world import World

Exchange = tuple[HttpRequest, HttpAnswer]


class Recorded:
    def __init__(self, world: World) -> None:
        self._http = world.http
        self.exchanges: list[Exchange] = []

    def send(self, request: HttpRequest) -> HttpAnswer:
        answer = self._http.send(request)
        self.exchanges.append((request, answer))
        return answer


def exchanges_of(platform: str, posts: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[Exchange]:
    """`posts` are contents and the target's options; each is published twice over, the second time with the answer lost."""
    world = World()
    recorded = Recorded(world)
    world.replace_publishing(http=recorded)
    key = world.user(connect=(f"{platform}:main",))
    for number, (content, options) in enumerate(posts):
        for fault in (None, "server_error_after"):
            if fault:
                world.fail(platform, "publish", fault)
            text = f"post {number} {fault} https://example.com/a"
            submission = world.accepted(key, {"text": text, **content, "platform": [{"platform": platform, "options": options}]})
            world.run_for(1800)
            assert world.run(submission, platform)["status"] == "succeeded", world.run(submission, platform)
    return recorded.exchanges
