"""One history of Soku, whole, from one seed: customers, tasks, the clockwork and people with their accounts, all at once, while
everything goes wrong; then a calm, and the verdict.
"""

import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from emulator.sandbox.faults import AFTER, Fault
from emulator.sandbox.platforms import STEPS as SANDBOX_STEPS
from functions.api.app import create_app
from shared.core.settings import Platforms
from shared.documents.document import Unavailable
from shared.documents.reliable import ReliableDocuments
from shared.media.measure import VERSION
from shared.media.media import StoredMedia
from shared.platforms.failure import PlatformFailure
from shared.platforms.registry import publishers
from shared.tasks.task import NotEnqueued, Task
from tests.fakes.outside import FILM, PICTURE, KnownMeasurer
from tests.fakes.world import SETTINGS, World
from tests.faults.ablation import Ablation
from tests.faults.automations import set_up
from tests.faults.check import Verdict, judge
from tests.faults.events import is_told, listen
from tests.faults.people import NAMES, UID, People
from tests.faults.ports import OwnWindows, ProcessClock, Trouble, TrueClock, faulty, seeded
from tests.faults.posts import Wanted, address_of, wanted_post
from tests.faults.scheduler import Process, Scheduler
from tests.faults.second_thoughts import WITHIN_SECONDS, SecondThoughts
from tests.faults.witness import Renewals, StoredTokens, Witness
from tests.platforms import all_cases

CASES = all_cases()
# Histories have no browsers, no alternative texts, and videos of one piece.
STEPS = {
    name: tuple(step for step in steps if step not in (*CASES[name].unmet, "authorize")) for name, steps in SANDBOX_STEPS.items()
}
KINDS = (
    "rate_limit", "unauthorized", "server_error_before", "server_error_after", "reset_before", "reset_after", "slow_processing",
    "lapsed", "processing_failed", "reject",
)  # fmt: skip
# Where posts are refused for good: whoever only asks is not.
REFUSING = ("publish", "create_container", "start_upload", "init", "create_media", "initialize")
# Where platforms are asked what they have.
ASKING = ("container_status", "list_media", "list_posts", "list_videos", "video_status", "status", "probe", "list_spotlights")
# A second public call, after one whose answer was lost, is refused so often: it may be a copy that the platform won't take.
SECOND_REFUSED = 0.15
# Of posts of the same text so many lose their answers, so that more than one does.
ALIKE_LOST = 0.3
SWEEP_SECONDS = 60.0
SKEW_SECONDS = 120.0
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
    # How likely it is that a post is cancelled, at some moment after it was sent.
    cancelled: float = 0.06
    # For more than a day one platform fails at one step, whoever asks; nothing else happens to its accounts then.
    outage: bool = False
    # How likely it is that somebody looks after a post that failed: retries it, and says whether it is there where nobody knows.
    second_tries: float = 0.4
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
        self.witness = Witness(self.world, lambda: self.scheduler.now)
        self.trouble = Trouble(rate, rate, rate, seen=self.witness.lost)
        # By the request's number: what was accepted, and as which submissions.
        self.accepted: dict[str, Wanted] = {}
        self.submissions: dict[str, list[str]] = {}
        self.unanswered: list[str] = []
        self.thoughts = SecondThoughts(self)
        # The platform that is down for a day.
        self.down = ""
        # Texts that were wanted more than once.
        self.repeated: set[str] = set()
        # Answers that nobody should get.
        self.wrong_answers: list[str] = []
        # Whether the operator has TikTok pull videos.
        self.pulls = self.seed % 2 == 1
        self._wire()
        self.key = self.world.user(UID, connect=())
        self.client = create_app(self.world.api_ports).test_client()
        self.people = People(self.world, self.scheduler, self.chance, self.client, self.new_process)
        # In every fourth history all of it is told.
        self.hearer = listen(self.world, UID, self.scheduler, self.trouble) if self.seed % 4 == 0 else None
        self.people.connect_all(self.options.platforms)
        set_up(self)
        self.thoughts.plan()

    def _wire(self) -> None:
        """The world's twins, with trouble in front of each, on the scheduler's time."""
        world, scheduler = self.world, self.scheduler
        world.sandbox.now, world.sandbox.measure = lambda: scheduler.now, None
        world.sandbox.faults.chance = self.chance
        take = world.sandbox.faults.take

        def taken(platform: str, account: str | None, step: str) -> Fault | None:
            process = scheduler.current()
            fault = take(platform, account, step) or self._at_the_public_call(platform, step, process)
            self.witness.struck(process, platform, account, step, None if fault and fault.kind in AFTER else fault)
            return fault

        def strike(platform: str, account: str | None, step: str, fault: Fault) -> None:
            fault.times -= 1
            self.witness.struck(scheduler.current(), platform, account, step, fault)

        world.sandbox.faults.take = taken  # type: ignore[method-assign]
        world.sandbox.faults.strike = strike  # type: ignore[method-assign]
        lag = self.options.listing_lag_seconds
        world.sandbox.listing_lag_seconds = self.chance.choice((0.0, 5.0, 60.0, 90.0)) if lag is None else lag
        world.sandbox.status_lag_seconds = self.chance.choice((0.0, 2.0, 20.0))
        world.sandbox.copy_lag_seconds = self.chance.choice((0.0, 30.0, 90.0))
        for platform in world.platforms.values():
            oauth: Any = platform.oauth  # type: ignore[attr-defined]
            if oauth._dialect.refreshable or oauth._dialect.min_age:
                # So that tokens are renewed many times in one history.
                lifetime = timedelta(minutes=self.options.token_minutes * (100 if self.options.outage else 1))
                oauth._dialect = replace(oauth._dialect, lifetime=lifetime, min_age=min(lifetime / 60, oauth._dialect.min_age))
        world.tasks._clock = world.memory.clock = TrueClock(scheduler)
        clock: Any = ProcessClock(scheduler)
        ablation = self.options.without
        if ablation and ablation.own_clocks:
            clock.observe = lambda *_, **__: None
        without = ablation.documents if ablation and ablation.documents else lambda documents: documents
        self.stored_tokens = StoredTokens(self.witness)
        documents = ReliableDocuments(
            without(faulty(self.stored_tokens, "documents", scheduler, self.trouble)),
            clock=clock,
            sleep=scheduler.sleep,
            monotonic=lambda: scheduler.now.timestamp(),
        )
        tasks = faulty(world.tasks, "tasks", scheduler, self.trouble)
        change = ablation.platform if ablation and ablation.platform else lambda platform: platform
        platforms = publishers(Platforms.model_validate({**SETTINGS, "SOKU_TIKTOK_VIDEOS": "pull" if self.pulls else "upload"}))
        self.renewals = Renewals(faulty(world.http, "http", scheduler, self.trouble))
        world.replace_publishing(
            documents=documents,
            tasks=tasks,
            http=self.renewals,
            storage=faulty(world.storage, "storage", scheduler, self.trouble),
            clock=clock,
            platforms={name: change(platform) for name, platform in platforms.items()},
        )
        world.replace_ingesting(
            documents=documents,
            tasks=tasks,
            storage=faulty(world.storage, "storage", scheduler, self.trouble),
            fetcher=faulty(world.fetcher, "fetcher", scheduler, self.trouble),
            measurer=KnownMeasurer(),
            clock=clock,
        )
        world.sound_documents = world.documents  # type: ignore[attr-defined]
        world.documents, world.clock = documents, clock
        connecting = replace(world.api_ports.connecting, documents=documents, http=self.renewals, clock=clock)
        limiter = replace(world.api_ports.limiter, users=OwnWindows(documents, clock, scheduler), clock=clock)
        ports = replace(world.api_ports, documents=documents, tasks=tasks, clock=clock, connecting=connecting, limiter=limiter)
        world.api_ports = ports

    def _at_the_public_call(self, platform: str, step: str, process: Process | None) -> Fault | None:
        """What makes it matter: a second call that is refused, and two of the same text that both get no answer."""
        if step != "publish" or process is None or not process.run or self.trouble.is_over:
            return None
        if process.run in self.witness.in_doubt and self.chance.random() < SECOND_REFUSED:
            return Fault(platform, step, self.chance.choice(("reject", "rate_limit", "unauthorized")), 1)
        text = self.world.memory.contents[process.run][0]["content"]["text"]
        if text in self.repeated and self.chance.random() < ALIKE_LOST:
            return Fault(platform, step, self.chance.choice(("server_error_before", "server_error_after")), 1)
        return None

    def _upload(self, wanted: Wanted) -> None:
        """Where the request says that its files are."""
        for name, content in wanted.files.items():
            if wanted.by_address:
                self.world.fetcher.pages[address_of(name)] = content
            else:
                self.world.storage.objects[f"media/{name}"] = content
        if not wanted.by_address:
            self.world.memory.contents.update(_media_documents(self.world, wanted.files))

    # Processes

    def run(self) -> Verdict:
        self._trouble_platforms()
        self._tick()
        self.people.live(lambda: 0.0 if self.trouble.is_over or self.down else self.options.change_of_mind)
        number, made = 0, 0
        while made < self.options.publications:
            wanted = self._next(f"{self.seed}.{number}")
            self._upload(wanted)
            self._customer(wanted)
            number, made = number + 1, made + len(wanted.targets)
            if self.options.outage and not self.down and made >= self.options.publications / 2:
                self._break_down()
            self.scheduler.run_until(self.scheduler.now + timedelta(seconds=self.chance.uniform(1, 40)))
            self._deliver_due()
        self._go_on(timedelta(hours=25) if self.options.outage else timedelta(minutes=30))
        self.trouble.is_over, self.world.sandbox.faults.due = True, []
        self._go_on(timedelta(hours=26), until=self._is_settled)
        return judge(self)

    def _next(self, number: str) -> Wanted:
        """A new post as a rule; now and then one for later, without a key of its own, or with the text of an earlier one."""
        wanted = replace(wanted_post(self.chance, self.options.platforms, self.people.accounts, number), pulled=self.pulls)
        what = self.chance.random()
        if what < 0.06 and self.accepted:
            earlier = self.chance.choice(list(self.accepted.values())[-12:])
            self.repeated.add(earlier.text)
            return replace(earlier, number=number, key=wanted.key, scheduled=None)
        if what < 0.12:
            return replace(wanted, scheduled=self.scheduler.now + timedelta(minutes=self.chance.uniform(4, 40)))
        if what < 0.22:
            return replace(wanted, key=None)
        if what < 0.28:
            later = self.scheduler.now + timedelta(minutes=self.chance.uniform(2, 20)) if self.chance.random() < 0.5 else None
            return replace(wanted, draft=True, scheduled=later)
        if what < 0.33:
            return replace(wanted, within=WITHIN_SECONDS)
        return replace(wanted, slot=True) if what < 0.37 else wanted

    def _break_down(self) -> None:
        faults = self.world.sandbox.faults
        steps = [(name, step) for name in self.options.platforms for step in STEPS[name] if step in (*REFUSING, *ASKING)]
        platform, step = self.chance.choice(steps)
        self.down = platform
        faults.due = [fault for fault in faults.due if fault.kind != "unauthorized"]
        faults.due.insert(0, Fault(platform, step, "server_error_before", times=10**9))

    def _go_on(self, time: timedelta, until: Callable[[], bool] = lambda: False) -> None:
        end = self.scheduler.now + time
        while self.scheduler.now < end and not until():
            self._deliver_due()
            self.scheduler.run_until(self.scheduler.now + timedelta(seconds=5))

    def _is_settled(self) -> bool:
        if len(self.world.tasks) or self.unanswered or self.thoughts.under_way or not self.people.are_done:
            return False
        contents = self.world.memory.contents
        if not is_told(contents):
            return False
        return not any("sweepAt" in contents[path][0] for path in contents if path.startswith("postSubmissions/"))

    def new_process(self, name: str) -> Process:
        return Process(name, self.chance.uniform(-SKEW_SECONDS, SKEW_SECONDS))

    def _customer(self, wanted: Wanted) -> None:
        """Sends the request, perhaps from two places at once, until it is answered 201; one without a key perhaps again later."""
        self.unanswered.append(wanted.number)

        def send() -> None:
            if self._sent(wanted):
                self.unanswered = [number for number in self.unanswered if number != wanted.number]

        def until_answered() -> None:
            if wanted.number in self.unanswered:
                self.scheduler.spawn(self.new_process("customer"), send, self.scheduler.now)
                self.scheduler.at(self.scheduler.now + timedelta(seconds=90), until_answered)

        if self.chance.random() < 0.1:
            self.scheduler.spawn(self.new_process("twin"), send, self.scheduler.now)
        until_answered()
        if wanted.key is None and self.chance.random() < 0.5:
            later = self.scheduler.now + timedelta(minutes=self.chance.uniform(1, 40))
            self.scheduler.spawn(self.new_process("again"), send, later)

    def _sent(self, wanted: Wanted) -> bool:
        """Whether there is nothing more to wait for."""
        headers = {"soku-api-key": self.key, **({"Idempotency-Key": wanted.key} if wanted.key else {})}
        for _ in range(100):
            sent = self.submissions.get(wanted.number, ())
            over = {one: self._round(one) for one in sent if self.published_nothing(one)}
            answer = self.client.post("/v1/posts", json=wanted.body, headers=headers)
            told = answer.get_json()
            if answer.status_code == 201:
                submission_id = told["postSubmissionId"]
                self.accepted[wanted.number] = wanted
                known = self.submissions.setdefault(wanted.number, [])
                if submission_id not in known:
                    known.append(submission_id)
                self.thoughts.begin(wanted, submission_id)
                if wanted.key is None and submission_id in over and over[submission_id] == self._round(submission_id):
                    self.wrong_answers.append(f"{wanted.text}: sent again after it failed, and not tried again")
                return True
            code = told["error"]["code"]
            if answer.status_code == 400 and code == "missing_integrations":
                # An account is dead or disconnected just now; its person connects it again some time.
                self.scheduler.sleep(60)
                continue
            if wanted.scheduled and wanted.scheduled < self.scheduler.now + timedelta(minutes=2) and answer.status_code == 400:
                # Its time has come before it was accepted.
                return True
            if answer.status_code == 429:
                self.scheduler.sleep(float(answer.headers["Retry-After"]))
                continue
            if answer.status_code != 503:
                self.wrong_answers.append(f"{wanted.text}: {answer.status_code} {code}")
            self.scheduler.sleep(self.chance.uniform(0.5, 5))
        return False

    def _round(self, submission_id: str) -> int:
        """How often it was retried, and resolved."""
        return self.world.memory.contents[f"postSubmissions/{submission_id}"][0].get("round", 0)

    def published_nothing(self, submission_id: str) -> bool:
        """Whether it has ended, and provably published nothing."""
        submission = self.world.memory.contents[f"postSubmissions/{submission_id}"][0]
        counts = submission["runCounts"]
        return bool(submission.get("completedAt")) and not counts["succeeded"] and not counts["outcomeUnknown"]

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

        process = self.new_process(task.queue.target)
        if "runId" in task.payload:
            process.run = f"postSubmissions/{task.payload['postSubmissionId']}/runs/{task.payload['runId']}"
        self.scheduler.spawn(process, handle, self.scheduler.now + timedelta(seconds=in_seconds))

    def _tick(self) -> None:
        """Cloud Scheduler."""

        def sweep() -> None:
            with contextlib.suppress(Unavailable, NotEnqueued):
                self.world.sweep()

        if self.options.without is None or self.options.without.mechanism != "sweeper":
            self.scheduler.spawn(self.new_process("sweeper"), sweep, self.scheduler.now)
        self.scheduler.at(self.scheduler.now + timedelta(seconds=SWEEP_SECONDS), self._tick)

    def _trouble_platforms(self) -> None:
        self.world.sandbox.faults.due = [
            Fault(platform, step, kind, times=10**9, probability=self.options.platform_rate / len(KINDS))
            for platform in self.options.platforms
            for step in STEPS[platform]
            for kind in KINDS
            if kind != "reject" or step in REFUSING
            if kind != "processing_failed" or step in CASES[platform].processing
        ]


def _media_documents(world: World, files: Mapping[str, bytes]) -> dict[str, Any]:
    documents = {}
    for name, content in files.items():
        media_id, _, extension = name.partition(".")
        is_video = extension == "mp4"
        stored = StoredMedia(
            media_id=media_id,
            url=world.storage.url(f"media/{name}"),
            storage_path=f"media/{name}",
            content_type="video/mp4" if is_video else "image/jpeg",
            size_bytes=len(content),
            sha256="00",
            measured_by=VERSION,
            **vars(FILM if is_video else PICTURE),
        )
        documents[f"media/{media_id}"] = ({"uid": "ada", **stored.to_fields()}, world.memory._version)
    return documents


def simulate(seed: int, options: Options | None = None) -> Verdict:
    state = random.getstate()
    try:
        return Simulation(seed, options or Options()).run()
    finally:
        random.setstate(state)
