"""One history of Soku, whole, from one seed: customers, tasks, the clockwork and people with their accounts, all at once, while
everything goes wrong; then a calm, and the verdict.
"""

import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from emulator.sandbox.faults import Fault
from functions.api.app import create_app
from shared.documents.document import Unavailable
from shared.documents.reliable import ReliableDocuments
from shared.platforms.failure import PlatformFailure
from shared.tasks.task import NotEnqueued, Task
from tests.fakes.world import World
from tests.faults.ablation import Ablation
from tests.faults.check import Verdict, judge
from tests.faults.people import NAMES, UID, People
from tests.faults.ports import Renewals, SkewedClock, StoredTokens, Trouble, faulty, seeded
from tests.faults.posts import Wanted, wanted_post
from tests.faults.scheduler import Process, Scheduler

STEPS = {
    platform: tuple(steps.split())
    for platform, steps in {
        "x": "publish reply upload initialize append finalize status list_posts me token revoke",
        "instagram": "publish create_container container_status permalink list_media comment publishing_limit "
        "token exchange refresh me",
        "facebook": "publish photos start_upload upload video_status list_posts list_videos list_stories token accounts",
        "threads": "publish create_container container_status permalink list_media publishing_limit token exchange refresh me",
        "tiktok": "publish creator_info init status token revoke",
        "youtube": "publish start_upload probe list_videos thumbnail channels token revoke",
        "linkedin": "publish initialize image_bytes part finalize status list_posts comment me organisations organisation "
        "token revoke",
        "snapchat": "publish create_media upload finalize list_spotlights me token",
    }.items()
}
KINDS = (
    "rate_limit", "unauthorized", "server_error_before", "server_error_after", "reset_before", "reset_after", "slow_processing",
    "lapsed", "processing_failed", "reject",
)  # fmt: skip
# After these a post may honestly fail; whoever only asks is not refused for good.
FOR_GOOD = ("processing_failed", "reject")
REFUSING = ("publish", "create_container", "start_upload", "init", "create_media", "initialize")
SWEEP_SECONDS = 60.0
SKEW_SECONDS = 10.0
RETRY_SECONDS = 2.0


@dataclass
class Options:
    """`fault_rate` is the probability of each kind of fault at each call, `platform_rate` likewise at each step of a platform."""

    publications: int = 300
    fault_rate: float = 0.004
    platform_rate: float = 0.01
    without: Ablation | None = None
    # How long access tokens live, where they can be renewed.
    token_minutes: float = 15.0
    # How long new posts stay out of listings; by chance, if None.
    listing_lag_seconds: float | None = None
    # How likely it is, every few minutes, that somebody disconnects an account, to connect it again later.
    change_of_mind: float = 0.3
    platforms: Sequence[str] = tuple(NAMES)


@dataclass
class Simulation:
    seed: int
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        self.chance = seeded(self.seed)
        self.world = World()
        self.scheduler = Scheduler(self.chance, self.world.clock.now())
        rate = self.options.fault_rate
        self.trouble = Trouble(rate, rate, rate)
        # What was accepted: the request's text → the submission and what was wanted.
        self.accepted: dict[str, tuple[str, Wanted]] = {}
        self.unanswered: list[str] = []
        # How often one request was answered with two submissions.
        self.twins = 0
        # Paths of runs whose post a platform refused for good, or failed to process.
        self.refused: set[str] = set()
        # (platform, step) that the platforms were asked for.
        self.reached: set[tuple[str, str]] = set()
        self._wire()
        self.key = self.world.user(UID, connect=())
        self.client = create_app(self.world.api_ports).test_client()
        self.people = People(self.world, self.scheduler, self.chance, self.client, self._process)
        self.people.connect_all(self.options.platforms)

    def _wire(self) -> None:
        """The world's twins, with trouble in front of each, on the scheduler's time."""
        world, scheduler = self.world, self.scheduler
        world.sandbox.now = lambda: scheduler.now
        world.sandbox.faults.chance = self.chance
        take = world.sandbox.faults.take

        def taken(platform: str, account: str | None, step: str) -> Fault | None:
            self.reached.add((platform, step))
            fault, process = take(platform, account, step), scheduler.current()
            if fault is not None and fault.kind in FOR_GOOD and process is not None:
                self.refused.add(process.run)
            return fault

        world.sandbox.faults.take = taken  # type: ignore[method-assign]
        lag = self.options.listing_lag_seconds
        world.sandbox.listing_lag_seconds = self.chance.choice((0.0, 5.0, 60.0)) if lag is None else lag
        world.sandbox.status_lag_seconds = self.chance.choice((0.0, 2.0, 20.0))
        for platform in world.platforms.values():
            oauth: Any = platform.oauth  # type: ignore[attr-defined]
            if oauth._dialect.refreshable or oauth._dialect.min_age:
                # So that tokens are renewed many times in one history.
                lifetime = timedelta(minutes=self.options.token_minutes)
                oauth._dialect = replace(oauth._dialect, lifetime=lifetime, min_age=min(lifetime / 60, oauth._dialect.min_age))
        world.tasks._clock = _TrueClock(scheduler)
        clock: Any = SkewedClock(scheduler)
        ablation = self.options.without
        without = ablation.documents if ablation and ablation.documents else lambda documents: documents
        self.stored_tokens = StoredTokens(world.memory, world.cipher)
        documents = ReliableDocuments(
            without(faulty(self.stored_tokens, "documents", scheduler, self.trouble)),
            sleep=scheduler.sleep,
            monotonic=lambda: scheduler.now.timestamp(),
        )
        tasks = faulty(world.tasks, "tasks", scheduler, self.trouble)
        change = ablation.platform if ablation and ablation.platform else lambda platform: platform
        self.renewals = Renewals(faulty(world.http, "http", scheduler, self.trouble))
        world.replace_publishing(
            documents=documents,
            tasks=tasks,
            http=self.renewals,
            storage=faulty(world.storage, "storage", scheduler, self.trouble),
            clock=clock,
            platforms={name: change(platform) for name, platform in world.publishing.platforms.items()},
        )
        world.sound_documents = world.documents  # type: ignore[attr-defined]
        world.documents, world.clock = documents, clock
        world.tasks_port = tasks  # type: ignore[attr-defined]
        connecting = replace(world.api_ports.connecting, documents=documents, http=self.renewals, clock=clock)
        world.api_ports = replace(world.api_ports, documents=documents, tasks=tasks, clock=clock, connecting=connecting)

    def _upload(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            self.world.storage.objects[f"media/{name}"] = content
        self.world.memory.contents.update(_media_documents(self.world, files))

    # Processes

    def run(self) -> Verdict:
        self._trouble_platforms()
        self._tick()
        self.people.live(lambda: 0.0 if self.trouble.is_over else self.options.change_of_mind)
        number, made = 0, 0
        while made < self.options.publications:
            wanted = wanted_post(self.chance, self.options.platforms, self.people.accounts, f"{self.seed}.{number}")
            self._upload(wanted.files)
            self._customer(wanted)
            number, made = number + 1, made + len(wanted.targets)
            self.scheduler.run_until(self.scheduler.now + timedelta(seconds=self.chance.uniform(1, 40)))
            self._deliver_due()
        self._go_on(timedelta(minutes=30))
        self.trouble.is_over, self.world.sandbox.faults.due = True, []
        self._go_on(timedelta(hours=26), until=self._is_settled)
        return judge(self)

    def _go_on(self, time: timedelta, until: Callable[[], bool] = lambda: False) -> None:
        end = self.scheduler.now + time
        while self.scheduler.now < end and not until():
            self._deliver_due()
            self.scheduler.run_until(self.scheduler.now + timedelta(seconds=5))

    def _is_settled(self) -> bool:
        if len(self.world.tasks) or self.unanswered or not self.people.are_done:
            return False
        contents = self.world.memory.contents
        return not any("sweepAt" in contents[path][0] for path in contents if path.startswith("postSubmissions/"))

    def _process(self, name: str) -> Process:
        return Process(name, self.chance.uniform(-SKEW_SECONDS, SKEW_SECONDS))

    def _customer(self, wanted: Wanted) -> None:
        """Sends the request, perhaps from two places at once, until it is answered 201."""
        self.unanswered.append(wanted.text)

        def send() -> None:
            for _ in range(100):
                headers = {"soku-api-key": self.key, "Idempotency-Key": wanted.text}
                answer = self.client.post("/v1/posts", json=wanted.body, headers=headers)
                if answer.status_code == 201:
                    submission_id = answer.get_json()["postSubmissionId"]
                    before = self.accepted.setdefault(wanted.text, (submission_id, wanted))
                    self.twins += before[0] != submission_id
                    self.unanswered = [text for text in self.unanswered if text != wanted.text]
                    return
                if answer.status_code == 400 and answer.get_json()["error"]["code"] == "missing_integrations":
                    # An account is dead or disconnected just now; its person connects it again some time.
                    self.scheduler.sleep(60)
                    continue
                assert answer.status_code == 503, answer.get_json()
                self.scheduler.sleep(self.chance.uniform(0.5, 5))

        def until_answered() -> None:
            if wanted.text in self.unanswered:
                self.scheduler.spawn(self._process("customer"), send, self.scheduler.now)
                self.scheduler.at(self.scheduler.now + timedelta(seconds=90), until_answered)

        if self.chance.random() < 0.1:
            self.scheduler.spawn(self._process("twin"), send, self.scheduler.now)
        until_answered()

    def _deliver_due(self) -> None:
        while (task := self.world.tasks.take()) is not None:
            # Late, and so in another order; now and then twice.
            late = self.chance.uniform(60, 400) if self.chance.random() < 0.01 else self.chance.uniform(0.01, 2)
            copies = 2 if self.chance.random() < 0.01 and not self.trouble.is_over else 1
            for _ in range(copies):
                self._delivery(task, late * self.chance.uniform(0.8, 1.2))

    def _delivery(self, task: Task, in_seconds: float, failures: int = 0) -> None:
        """As Cloud Tasks does it: whatever is not answered well, a dead process included, is delivered again."""

        def handle() -> None:
            done = False
            try:
                self.world.deliver(task)
                done = True
            except (Unavailable, NotEnqueued, PlatformFailure):
                pass
            finally:
                if not done:
                    pause = min(RETRY_SECONDS * 2**failures, 300)
                    self._delivery(task, pause * self.chance.uniform(0.5, 1.5), min(failures + 1, 8))

        process = self._process(task.queue.target)
        if "runId" in task.payload:
            process.run = f"postSubmissions/{task.payload['postSubmissionId']}/runs/{task.payload['runId']}"
        self.scheduler.spawn(process, handle, self.scheduler.now + timedelta(seconds=in_seconds))

    def _tick(self) -> None:
        """Cloud Scheduler."""

        def sweep() -> None:
            with contextlib.suppress(Unavailable, NotEnqueued):
                self.world.sweep()

        if self.options.without is None or self.options.without.mechanism != "sweeper":
            self.scheduler.spawn(self._process("sweeper"), sweep, self.scheduler.now)
        self.scheduler.at(self.scheduler.now + timedelta(seconds=SWEEP_SECONDS), self._tick)

    def _trouble_platforms(self) -> None:
        self.world.sandbox.faults.due = [
            Fault(platform, step, kind, times=10**9, probability=self.options.platform_rate / len(KINDS))
            for platform in self.options.platforms
            for step in STEPS[platform]
            for kind in KINDS
            if kind != "reject" or step in REFUSING
        ]


class _TrueClock:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def now(self) -> Any:
        return self._scheduler.now


def _media_documents(world: World, files: Mapping[str, bytes]) -> dict[str, Any]:
    documents = {}
    for name, content in files.items():
        media_id, _, extension = name.partition(".")
        is_video = extension == "mp4"
        facts = {"width": 1080, "height": 1920, "durationSeconds": 20.0} if is_video else {"width": 1080, "height": 1080}
        documents[f"media/{media_id}"] = (
            {
                "uid": "ada",
                "url": world.storage.url(f"media/{name}"),
                "storagePath": f"media/{name}",
                "contentType": "video/mp4" if is_video else "image/jpeg",
                "sizeBytes": len(content),
                "sha256": "00",
                **facts,
            },
            world.memory._version,
        )
    return documents


def simulate(seed: int, options: Options | None = None) -> Verdict:
    state = random.getstate()
    try:
        return Simulation(seed, options or Options()).run()
    finally:
        random.setstate(state)
