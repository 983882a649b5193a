"""The world in memory, with everything going wrong by chance: processes die before or after any call that leaves them, answers get
lost, tasks come twice. One seed gives one history."""

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sandbox.faults import Fault
from shared.documents.document import Unavailable
from shared.documents.reliable import ReliableDocuments
from shared.platforms.http import NoAnswer
from shared.platforms.platform import Absent
from shared.tasks.task import NotEnqueued, Task
from tests.fakes.world import World

RETRY_SECONDS = 2.0
STEPS = {
    "x": ("publish", "upload", "initialize", "append", "finalize", "status", "list_posts"),
    "instagram": ("publish", "create_container", "container_status", "permalink", "list_media"),
}
KINDS = ("rate_limit", "server_error_before", "server_error_after", "reset_before", "reset_after", "slow_processing")
CONTENTS: tuple[dict[str, Any], ...] = (
    {"platform": ["x"]},
    {"platform": ["x"], "imageUrls": ["https://example.com/photo.jpg"]},
    {"platform": ["x", "instagram"], "imageUrls": ["https://example.com/photo.jpg", "https://example.com/image.jpg"]},
    {"platform": ["instagram"], "videoUrl": "https://example.com/video.mp4"},
    {"platform": ["x", "instagram"], "videoUrl": "https://example.com/video.mp4"},
)


class Killed(BaseException):
    """The process is gone: no handler sees this."""


class Faulty:
    """A port whose calls fail with probability `chance`, in one of four ways."""

    def __init__(self, port: Any, lost: type[Exception] | None, world: "FaultyWorld") -> None:
        self._port, self._lost, self._world = port, lost, world

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not callable(method):
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            way = self._world.chance.random() / self._world.fault_rate
            if way < 1:
                raise Killed
            if 2 <= way < 3 and self._lost:
                raise self._lost
            result = method(*arguments, **options)
            if 1 <= way < 2:
                raise Killed
            if 3 <= way < 4 and self._lost:
                raise self._lost
            return result

        return call


@dataclass
class Verdict:
    """What the checker found; everything but the first two must be zero."""

    runs: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    lost: int = 0
    false_successes: int = 0
    false_failures: int = 0
    unfinished: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.duplicates or self.lost or self.false_successes or self.false_failures or self.unfinished)


class FaultyWorld(World):
    """`fault_rate` is the probability of each of four faults at each call."""

    def __init__(self, seed: int, fault_rate: float) -> None:
        super().__init__()
        self.chance = random.Random(seed)
        random.seed(seed)
        self.fault_rate = fault_rate
        self.sandbox.faults.chance = self.chance
        self._make_faulty()

    def _make_faulty(self) -> None:
        documents = ReliableDocuments(
            Faulty(self.memory, Unavailable, self),  # type: ignore[arg-type]
            sleep=self.clock.advance,
            monotonic=lambda: self.clock.now().timestamp(),
        )
        self.sound_documents, self.documents = self.documents, documents
        self.sound_tasks = self.tasks
        tasks = Faulty(self.tasks, NotEnqueued, self)
        self.replace_publishing(
            documents=documents,
            tasks=tasks,
            http=Faulty(self.http, NoAnswer, self),
            storage=Faulty(self.storage, None, self),
            fetcher=Faulty(self.fetcher, None, self),
        )
        self.faulty_tasks = tasks

    def deliver(self, task: Task) -> None:
        again = self.chance.random() < 0.01
        self.tasks, tasks = self.faulty_tasks, self.tasks  # type: ignore[assignment]
        try:
            super().deliver(task)
        except (Killed, Unavailable, NotEnqueued):
            again = True
        finally:
            self.tasks = tasks
        if again:
            later = self.clock.now().timestamp() + RETRY_SECONDS * self.chance.uniform(0.5, 30)
            self.sound_tasks.enqueue(Task(task.queue, task.payload, self.clock.now().fromtimestamp(later, self.clock.now().tzinfo)))

    def sweep(self) -> None:
        self.tasks, tasks = self.faulty_tasks, self.tasks  # type: ignore[assignment]
        try:
            super().sweep()
        except (Killed, Unavailable):
            pass
        finally:
            self.tasks = tasks

    def accept(self, key: str, text: str, content: dict[str, Any]) -> str:
        """As a client does it: send the request until it is answered 201."""
        for _ in range(200):
            self.api_ports = replace(self.api_ports, documents=self.documents, tasks=self.faulty_tasks)  # type: ignore[arg-type]
            try:
                answer = self.post(key, {**content, "text": text}, headers={"Idempotency-Key": text})
            except Killed:
                continue
            if answer.status_code == 201:
                return answer.get_json()["postSubmissionId"]
        raise AssertionError("never accepted")

    def switch_off(self, mechanism: str) -> None:
        """To show that the checker sees what each mechanism prevents."""
        if mechanism == "sweeper":
            self.sweep = lambda: None  # type: ignore[method-assign]
        elif mechanism == "reconciliation":
            blind = {name: replace(platform, find=lambda _: Absent()) for name, platform in self.publishing.platforms.items()}
            self.replace_publishing(platforms=blind)
        elif mechanism:
            raise ValueError(f"there is no mechanism {mechanism!r}")

    def trouble_platforms(self, probability: float) -> None:
        self.sandbox.faults.due = [
            Fault(platform, step, kind, times=10**9, probability=probability)
            for platform, steps in STEPS.items()
            for step in steps
            for kind in KINDS
        ]


def simulate(seed: int, posts: int, *, fault_rate: float, platform_fault_rate: float, without: str = "") -> Verdict:
    """`posts` posts, their faults, a day of calm, and what came of them; `without` switches one mechanism off."""
    world = FaultyWorld(seed, fault_rate)
    world.switch_off(without)
    world.documents, faulty = world.sound_documents, world.documents
    key = world.user(connect=["x:x_main", "instagram:ig_main"])
    world.documents = faulty
    world.trouble_platforms(platform_fault_rate)
    accepted: dict[str, str] = {}
    for number in range(posts):
        text = f"post {number} of seed {seed}"
        accepted[text] = world.accept(key, text, world.chance.choice(CONTENTS))
        world.run_for(world.chance.uniform(1, 120))
    world.run_for(2 * 3600)
    world.fault_rate, world.sandbox.faults.due = 1e-12, []
    world.run_for(25 * 3600, tick=300)
    return _judge(world, accepted)


def _judge(world: FaultyWorld, accepted: dict[str, str]) -> Verdict:
    verdict = Verdict()
    published = Counter((entry.platform, entry.text) for entry in world.sandbox.ledger)
    verdict.lost += sum(text not in accepted for _, text in published)
    assert len({path.split("/")[1] for path in world.paths("postSubmissions/")}) == len(accepted), "one submission per request"
    for text, submission_id in accepted.items():
        submission = world.submission(submission_id)
        verdict.unfinished += submission.get("completedAt") is None or "sweepAt" in submission
        for target in submission["targets"]:
            verdict.runs += 1
            path = f"postSubmissions/{submission_id}/runs/{target['runId']}"
            run = world.document(path).fields if path in world.memory.contents else {"status": "missing"}
            times = published[target["platform"], text]
            verdict.duplicates += times > 1
            verdict.lost += run["status"] == "missing"
            verdict.unfinished += run["status"] not in ("succeeded", "failed")
            verdict.false_successes += run["status"] == "succeeded" and times == 0
            if run["status"] == "failed":
                unknown = run["error"]["code"] == "outcome_unknown"
                verdict.unknown[target["platform"]] += unknown
                verdict.false_failures += not unknown and times > 0
                verdict.lost += not unknown and times == 0 and run["error"]["class"] in ("transient", "bug")
    return verdict
