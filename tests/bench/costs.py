"""Counts what one text post costs, from request to settled, on the twins: no clock, so no noise."""

from dataclasses import dataclass
from typing import Any

from shared.documents.document import Create
from shared.media.measure import VERSION
from shared.media.media import StoredMedia
from shared.rate_limits.tiers import PREMIUM
from shared.rate_limits.users import Read, UserLimits
from tests.fakes.clock import StandingClock
from tests.fakes.documents import MemoryDocuments
from tests.fakes.world import MEDIA, World

PNG = MEDIA / "photo.png"


@dataclass(frozen=True)
class Costs:
    """`request_rpcs` are the sequential ones of POST /v1/posts, its task included."""

    accounts: int
    request_rpcs: int
    reads: int
    writes: int
    invocations: int

    @property
    def budget(self) -> "Costs":
        """What the architecture allows (section 5), and a read per run, which looks for its submission before it publishes."""
        n = self.accounts
        return Costs(n, request_rpcs=4, reads=5 + 4 * n, writes=7 + 5 * n, invocations=n + 2)


def costs_of_a_text_post(accounts: int) -> Costs:
    world = World()
    names = [f"x_{n}" for n in range(accounts)]
    key = world.user(connect=[f"x:{name}" for name in names])
    content = {"text": "t", "platform": [{"platform": "x", "accountId": name} for name in names]}
    return _costs_of(world, key, content, accounts)


def costs_of_addresses(number: int) -> Costs:
    """What it adds that so many images of a post to one account are named by their addresses, and not by their media ids."""
    by_address, by_id = World(), World()
    urls = [f"https://example.com/photo.png?{n}" for n in range(number)]
    by_address.fetcher.pages |= dict.fromkeys(urls, by_address.fetcher.pages["https://example.com/photo.png"])
    added = _costs_of(by_address, by_address.user(), {"text": "t", "platform": ["x"], "imageUrls": urls}, 1)
    key = by_id.user()
    known = _costs_of(by_id, key, {"text": "t", "platform": ["x"], "mediaIds": [_upload(by_id, n) for n in range(number)]}, 1)
    # Of what is stored, POST reads the documents: one more request.
    return Costs(
        1,
        request_rpcs=added.request_rpcs - known.request_rpcs,
        reads=added.reads - known.reads,
        writes=added.writes - known.writes,
        invocations=added.invocations - known.invocations,
    )


def _upload(world: World, number: int) -> str:
    media_id, content = f"upload{number}", PNG.read_bytes()
    world.storage.objects[f"media/{media_id}.png"] = content
    stored = StoredMedia(
        media_id=media_id,
        url=world.storage.url(f"media/{media_id}.png"),
        storage_path=f"media/{media_id}.png",
        content_type="image/png",
        size_bytes=len(content),
        sha256="00",
        measured_by=VERSION,
        width=640,
        height=640,
    )
    world.memory.commit(Create(f"media/{media_id}", {"uid": "ada", **stored.to_fields()}))
    return media_id


def _costs_of(world: World, key: str, content: dict[str, Any], posts: int) -> Costs:
    """Units of the rate limits' windows in hand: what leasing them costs is counted by itself."""
    client = world.client()
    client.post("/v1/posts", json={}, headers={"soku-api-key": key})
    before = vars(world.memory.counts).copy()
    answer = client.post("/v1/posts", json={"post": {"content": content}}, headers={"soku-api-key": key})
    assert answer.status_code == 201
    request_rpcs = world.memory.counts.rpcs - before["rpcs"] + len(world.tasks)
    world.run_for(30)
    assert len(world.sandbox.ledger) == posts
    counts = world.memory.counts
    return Costs(
        posts,
        request_rpcs,
        reads=counts.reads - before["reads"],
        writes=counts.writes - before["writes"],
        invocations=1 + world.invocations,
    )


def costs_of_windows(requests: int, processes: int) -> float:
    """Document operations that the rate limits add to each of so many requests in a minute, which go round the processes."""
    memory, clock = MemoryDocuments(), StandingClock()
    instances = [UserLimits(memory, clock) for _ in range(processes)]
    for number in range(requests):
        limits = instances[number % processes]
        path = limits.path_to_read("ada", None)
        limits.take("ada", PREMIUM, None, Read(memory.get(path)[0]) if path else None, "key")
    return (memory.counts.reads + memory.counts.writes) / requests


def print_costs() -> None:
    print("A text post to N accounts, from request to settled: counted / allowed")
    print(f"{'N':>3} {'RPCs of the request':>20} {'document reads':>16} {'writes':>12} {'invocations':>12}")
    for accounts in (1, 3, 8):
        costs = costs_of_a_text_post(accounts)
        budget = costs.budget
        pairs = [f"{getattr(costs, name)} / {getattr(budget, name)}" for name in ("request_rpcs", "reads", "writes", "invocations")]
        print(f"{accounts:>3} {pairs[0]:>20} {pairs[1]:>16} {pairs[2]:>12} {pairs[3]:>12}")
    print("What the rate limits add to each of N requests in a minute, through one process and through four: document operations")
    for requests in (50, 100, 150):
        print(f"{requests:>3} {costs_of_windows(requests, 1):>20.2f} {costs_of_windows(requests, 4):>16.2f}")
    print("What it adds that N images are named by address and not by media id: counted")
    for number in (1, 4):
        more = costs_of_addresses(number)
        print(f"{number:>3} {more.request_rpcs:>20} {more.reads:>16} {more.writes:>12} {more.invocations:>12}")
