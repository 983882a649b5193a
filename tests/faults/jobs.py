"""Histories of jobs: files uploaded by address and directly, transcribed, drawn and deleted, cancelled and tried again, while
everything goes wrong; then a calm, and the verdict. Whatever is asked with one key has one result, is charged once, and leaves
nothing behind; what was said to be cancelled is, and has none.
"""

import contextlib
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from functions.api.app import create_app
from shared.credits.credits import credits_path, grant
from shared.documents.document import Unavailable
from shared.documents.reliable import ReliableDocuments
from shared.jobs.job import FINAL
from shared.media.fetch import FetchFailed, FetchRefused
from shared.tasks.task import NotEnqueued, Task
from shared.transcription.transcribe import FileRefused, ProviderBusy, Words
from tests.fakes.outside import KnownMeasurer
from tests.fakes.world import World
from tests.faults.events import is_told, listen, untold
from tests.faults.ports import OwnWindows, ProcessClock, Trouble, TrueClock, faulty, seeded
from tests.faults.posts import JPEG, VIDEO
from tests.faults.scheduler import Process, Scheduler

UID, CREDITS = "ada", 9
SWEEP_SECONDS, RETRY_SECONDS, SKEW_SECONDS = 60.0, 2.0, 120.0
# Of files and images; the same are wanted again and again.
FILES, IMAGES = 4, 3


@dataclass
class Asked:
    """One request, sent until it is answered for good; `answers` are all that it got, besides "try again later"."""

    kind: str
    method: str
    path: str
    body: Any
    key: str | None
    answers: list[tuple[int, str]] = field(default_factory=list)

    @property
    def what(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.body)[:80]} {self.key}"


@dataclass
class JobVerdict:
    asked: int = 0
    succeeded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    harms: list[str] = field(default_factory=list)


class JobHistory:
    def __init__(
        self,
        seed: int,
        requests: int,
        rate: float,
        *,
        granted: int = CREDITS,
        documents: Callable[[Any], Any] = lambda documents: documents,
    ) -> None:
        self.chance, self.requests = seeded(seed), requests
        self.world = World()
        self.scheduler = Scheduler(self.chance, self.world.clock.now())
        self.trouble = Trouble(rate, rate, rate)
        self.asked: list[Asked] = []
        self.unanswered = 0
        self.left_behind: set[str] = set()
        self.lowest_balance = 0
        self.key = self.world.user(UID, connect=())
        grant(UID, granted, "start", documents=self.world.memory, clock=self.world.clock)
        self._wire(documents)
        self.hearer = listen(self.world, UID, self.scheduler, self.trouble) if seed % 2 == 0 else None
        self.client = create_app(self.world.api_ports).test_client()

    def _wire(self, change: Callable[[Any], Any]) -> None:
        world, scheduler, trouble = self.world, self.scheduler, self.trouble
        world.tasks._clock = world.memory.clock = TrueClock(scheduler)
        clock: Any = ProcessClock(scheduler)
        documents = ReliableDocuments(
            change(faulty(_Watched(world.memory, self._look), "documents", scheduler, trouble)),
            clock=clock,
            sleep=scheduler.sleep,
            monotonic=lambda: scheduler.now.timestamp(),
        )
        tasks = faulty(world.tasks, "tasks", scheduler, trouble)
        storage: Any = _Tidied(faulty(world.storage, "storage", scheduler, trouble), self.left_behind)
        world.replace_ingesting(
            documents=documents,
            tasks=tasks,
            storage=storage,
            fetcher=faulty(_Moody(world.fetcher, self), "fetcher", scheduler, trouble),
            measurer=KnownMeasurer(),
            clock=clock,
        )
        world.transcriber = faulty(_Hearing(self), "provider", scheduler, trouble)
        world.sound_storage, world.storage = world.storage, storage  # type: ignore[attr-defined]
        world.arrived = faulty(world.arrived, "storage", scheduler, trouble)
        world.documents, world.tasks, world.clock = documents, tasks, clock
        world.sound_tasks = self.tasks = tasks._port  # type: ignore[attr-defined]
        limiter = replace(world.api_ports.limiter, users=OwnWindows(documents, clock, scheduler), clock=clock)
        ports = replace(world.api_ports, documents=documents, tasks=tasks, clock=clock, limiter=limiter, sleep=scheduler.sleep)
        world.api_ports = ports

    def run(self) -> JobVerdict:
        self._tick()
        for number in range(self.requests):
            self._ask(self._next(number))
            # Now and then many at once.
            self._go_on(timedelta(seconds=self.chance.choice((0.0, 0.0, self.chance.uniform(1, 30)))))
        self._go_on(timedelta(minutes=30))
        self.trouble.is_over = True
        self._go_on(timedelta(hours=3), until=self._is_settled)
        return self._verdict()

    # What customers want

    def _next(self, number: int) -> Asked:
        chance, key = self.chance, f"key {number}" if self.chance.random() < 0.6 else None
        media = [path.split("/")[1] for path in self._there("media/") if not self._fields(path).get("deletedAt")]
        what = chance.random()
        if what < 0.3 or not media:
            return Asked("media", "POST", "/v1/media", {"url": self._address(chance.randrange(FILES))}, key)
        jobs = [path.split("/")[1] for path in self._there("jobs/")]
        if what < 0.4:
            return Asked("upload", "UPLOAD", "", chance.randrange(FILES), None)
        if what < 0.5:
            config = {"title": f"Image {chance.randrange(IMAGES)}", "author": "@a", "content": "Hello"}
            pictures = {"avatarUrl": self._address(0)} if chance.random() < 0.3 else {}
            return Asked("image", "POST", "/v1/templates", {"templateSlug": "tweetImage", "config": {**config, **pictures}}, key)
        if what < 0.7:
            return Asked("transcript", "POST", "/v1/ai/transcribe", {"mediaId": chance.choice(media)}, key)
        if what < 0.8:
            wanted = [
                ("transcription", {"mediaId": chance.choice(media)}),
                ("media", {"url": self._address(chance.randrange(FILES))}),
                ("trends", {"limit": 2}),
                ("translation", {"mediaId": chance.choice(media), "language": "de"}),
                ("image_generation", {"prompt": "A bird"}),
            ]
            kind, given = chance.choice(wanted)
            return Asked("job", "POST", "/v1/jobs", {"type": kind, "input": given}, key)
        if what < 0.9 and jobs:
            # One of the last as a rule, which may still be under way.
            return Asked("cancellation", "DELETE", f"/v1/jobs/{chance.choice(jobs[-4:])}", None, None)
        if what < 0.95 and jobs:
            return Asked("retry", "POST", f"/v1/jobs/{chance.choice(jobs)}/retry", {}, None)
        return Asked("deletion", "DELETE", f"/v1/media/{chance.choice(media)}", None, None)

    def _address(self, number: int) -> str:
        name = f"https://example.com/{number}"
        self.world.fetcher.pages[name] = content_of(number)  # type: ignore[union-attr]
        return name

    def _ask(self, asked: Asked) -> None:
        self.asked.append(asked)
        self.unanswered += 1
        done = [False]

        def send() -> None:
            answered = self._upload(asked) if asked.method == "UPLOAD" else self._sent(asked)
            if answered and not done[0]:
                done[0] = True
                self.unanswered -= 1

        def until_answered() -> None:
            if not done[0]:
                self.scheduler.spawn(self._process("customer"), send, self.scheduler.now)
                self.scheduler.at(self.scheduler.now + timedelta(seconds=200), until_answered)

        until_answered()
        if asked.method == "POST" and self.chance.random() < 0.3:
            self.scheduler.spawn(self._process("twin"), send, self.scheduler.now + timedelta(seconds=self.chance.uniform(0, 60)))

    def _upload(self, asked: Asked) -> bool:
        content = content_of(asked.body)
        declared = {"contentType": type_of(asked.body), "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        begun = self._answer("POST", "/v1/media/uploads", declared, None)
        if begun.status_code != 201:
            return False
        upload_id = begun.get_json()["id"]
        self.world.arrived._port.objects[upload_id] = content
        return self._sent(Asked("upload", "POST", f"/v1/media/uploads/{upload_id}/complete", None, None, asked.answers))

    def _sent(self, asked: Asked) -> bool:
        for _ in range(40):
            answer = self._answer(asked.method, asked.path, asked.body, asked.key)
            if answer.status_code == 429:
                self.scheduler.sleep(float(answer.headers["Retry-After"]))
                continue
            told = answer.get_json()
            code = told["error"]["code"] if answer.status_code >= 400 else ""
            if code not in ("service_unavailable", "internal_error"):
                asked.answers.append((answer.status_code, code or json.dumps(told, sort_keys=True)))
                return True
            self.scheduler.sleep(self.chance.uniform(0.5, 5))
        return False

    def _answer(self, method: str, path: str, body: Any, key: str | None) -> Any:
        headers = {"soku-api-key": self.key, **({"Idempotency-Key": key} if key else {})}
        return self.client.open(path, method=method, json=body, headers=headers)

    # Processes

    def _process(self, name: str) -> Process:
        return Process(name, self.chance.uniform(-SKEW_SECONDS, SKEW_SECONDS))

    def _go_on(self, time: timedelta, until: Callable[[], bool] = lambda: False) -> None:
        end = self.scheduler.now + time
        while self.scheduler.now < end and not until():
            while (task := self.tasks.take()) is not None:
                for _ in range(2 if self.chance.random() < 0.02 else 1):
                    self._delivery(task, self.chance.uniform(0.01, 2))
            self.scheduler.run_until(self.scheduler.now + timedelta(seconds=1))

    def _delivery(self, task: Task, in_seconds: float, failures: int = 0) -> None:
        def handle() -> None:
            done = False
            try:
                self.world.deliver(task)
                done = True
            except (Unavailable, NotEnqueued):
                pass
            finally:
                if not done:
                    self._delivery(task, min(RETRY_SECONDS * 2**failures, 300), min(failures + 1, 8))

        process = self._process(task.queue.target)
        self.scheduler.spawn(process, handle, self.scheduler.now + timedelta(seconds=in_seconds))

    def _tick(self) -> None:
        def sweep() -> None:
            with contextlib.suppress(Unavailable, NotEnqueued):
                self.world.sweep()

        self.scheduler.spawn(self._process("sweeper"), sweep, self.scheduler.now)
        self.scheduler.at(self.scheduler.now + timedelta(seconds=SWEEP_SECONDS), self._tick)

    # What came of it

    def _there(self, prefix: str) -> list[str]:
        return [path for path in self.world.memory.contents if path.startswith(prefix)]

    def _fields(self, path: str) -> Any:
        return self.world.memory.contents[path][0]

    def _look(self) -> None:
        self.lowest_balance = min(self.lowest_balance, self._fields(credits_path(UID))["balance"])

    def _is_settled(self) -> bool:
        waiting = [path for path in (*self._there("jobs/"), *self._there("media/")) if "sweepAt" in self._fields(path)]
        return not len(self.tasks) and not self.unanswered and not waiting and is_told(self.world.memory.contents)

    def _verdict(self) -> JobVerdict:
        verdict = JobVerdict(asked=len(self.asked))
        verdict.harms = [*self._of_answers(verdict), *self._of_jobs(), *self._of_credits(), *self._of_files()]
        if self.hearer is not None:
            verdict.harms += untold(self.world, UID, self.hearer)
        return verdict

    def _of_answers(self, verdict: JobVerdict) -> Iterator[str]:
        if self.unanswered:
            yield f"{self.unanswered} requests were never answered"
        for asked in self.asked:
            done = {told for status, told in asked.answers if status < 300}
            # A request without a key of its own that failed is a new one when it is sent again.
            if asked.kind in ("job", "cancellation", "retry"):
                yield from self._of_job_answers(asked, {json.loads(told)["id"] for told in done})
                lasting = []
            else:
                lasting = [told for told in done if not self._is_deleted(json.loads(told))]
            if len(lasting) > 1:
                yield f"{asked.what} was answered {lasting}"
            for status, told in asked.answers:
                (verdict.succeeded if status < 300 else verdict.refused)[asked.kind if status < 300 else told] += 1
                if status >= 500:
                    yield f"{asked.what} was answered {status} {told}"

    def _of_job_answers(self, asked: Asked, ids: set[str]) -> Iterator[str]:
        """What was answered is the job as it was then; which one it is stays the same."""
        # With a file that is deleted, its request is forgotten.
        ids = {job_id for job_id in ids if not self._is_deleted(self._fields(f"jobs/{job_id}").get("result") or {})}
        if len(ids) > 1 and (asked.key or asked.kind != "job"):
            yield f"{asked.what} was answered with {ids}"
        if asked.kind == "cancellation" and any(self._fields(f"jobs/{job_id}")["status"] != "cancelled" for job_id in ids):
            yield f"{asked.what} was said to be cancelled"

    def _of_jobs(self) -> Iterator[str]:
        jobs = {path: self._fields(path) for path in self._there("jobs/")}
        for path, job in jobs.items():
            if job["status"] not in FINAL or {"sweepAt", "leaseUntil"} & set(job):
                yield f"{path} has not ended: {job['status']} {job['type']}"
            if job["status"] == "cancelled" and set(job.get("state", ())) - {"done"}:
                yield f"{path} was cancelled, and what its workers left is not seen to"
            if ("result" in job) != (job["status"] == "succeeded"):
                yield f"{path} is {job['status']}, and has a result or none"
        if running := self._there(f"users/{UID}/runningJobs/"):
            yield f"said to be running: {running}"
        done = [job for job in jobs.values() if job["status"] == "succeeded" and not self._is_deleted(job["result"])]
        for record, times in Counter(job["recordPath"] for job in done if "recordPath" in job).items():
            if times > 1:
                yield f"{record}: done {times} times"

    def _is_deleted(self, result: Mapping[str, Any]) -> bool:
        """Whether it named a file that is gone, with which its request was forgotten."""
        media = self.world.memory.contents.get(f"media/{result.get('id')}")
        return "url" in result and (media is None or media[0].get("deletedAt") is not None)

    def _of_credits(self) -> Iterator[str]:
        entries = [self._fields(path) for path in self._there(f"{credits_path(UID)}/ledger/")]
        balance = self._fields(credits_path(UID))["balance"]
        if balance != sum(entry["amount"] for entry in entries):
            yield f"the balance is {balance}, and the ledger's sum {sum(entry['amount'] for entry in entries)}"
        if self.lowest_balance < 0:
            yield f"the balance was {self.lowest_balance}"
        by_job: dict[str, list[int]] = {}
        for entry in entries:
            if entry["jobId"]:
                by_job.setdefault(entry["jobId"], []).append(entry["amount"])
        for path in self._there("jobs/"):
            job, amounts = self._fields(path), sorted(by_job.pop(path.split("/")[1], []))
            cost = job.get("creditsDebited", 0)
            keeps = job["status"] == "succeeded" or (job["status"] == "cancelled" and job["attempt"] > 0)
            wanted = [] if not cost else [-cost] if keeps else [-cost, cost]
            if amounts != wanted:
                yield f"{path}, {job['status']}, was charged {amounts}, not {wanted}"
        if by_job:
            yield f"charged for jobs that are not there: {by_job}"

    def _of_files(self) -> Iterator[str]:
        media = {path: self._fields(path) for path in self._there("media/")}
        kept = {path: fields for path, fields in media.items() if not fields.get("deletedAt")}
        stored = sum(fields["sizeBytes"] for fields in kept.values())
        if (counted := self._fields(f"users/{UID}").get("storageBytes", 0)) != stored:
            yield f"{counted} bytes are counted, and {stored} are stored"
        twice = [digest for digest, times in Counter(fields["sha256"] for fields in kept.values()).items() if times > 1]
        if twice:
            yield f"stored twice: {twice}"
        objects: Mapping[str, bytes] = self.world.sound_storage.objects  # type: ignore[attr-defined]
        for path, fields in kept.items():
            if fields["storagePath"] not in objects:
                yield f"{path} has no bytes"
        named = {fields["storagePath"] for fields in media.values()}
        for path in objects.keys() - named - self.left_behind:
            if path.startswith("media/"):
                yield f"{path} was left behind"


@dataclass
class _Watched:
    """The database, looked at after each commit."""

    documents: Any
    look: Callable[[], None]

    def commit(self, *writes: Any) -> Any:
        version = self.documents.commit(*writes)
        self.look()
        return version

    def __getattr__(self, name: str) -> Any:
        return getattr(self.documents, name)


@dataclass
class _Tidied:
    """The storage. What could not be deleted, as whoever tried learnt or died of, may stay."""

    storage: Any
    left_behind: set[str]

    def delete(self, path: str) -> None:
        self.left_behind.add(path)
        self.storage.delete(path)
        self.left_behind.discard(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)


@dataclass
class _Moody:
    """Addresses that now and then do not answer, or not with a file."""

    fetcher: Any
    history: JobHistory

    def fetch(self, url: str) -> Iterator[bytes]:
        if not self.history.trouble.is_over and self.history.chance.random() < 0.1:
            raise self.history.chance.choice((FetchFailed("the address answered 503"), FetchRefused("the address answered 404")))
        return self.fetcher.fetch(url)


@dataclass
class _Hearing:
    """A provider that is busy, or refuses, now and then."""

    history: JobHistory

    def words(self, content: bytes, name: str, content_type: str, language: str | None, model: str) -> Words:
        if self.history.chance.random() < 0.1:
            # Longer than an ordinary lease.
            self.history.scheduler.sleep(90)
        if not self.history.trouble.is_over and self.history.chance.random() < 0.2:
            raise self.history.chance.choice((ProviderBusy("throttled"), ProviderBusy("silent", 3.0), FileRefused("broken")))
        return Words(f"{len(content)} bytes")


@cache
def content_of(number: int) -> bytes:
    return (VIDEO if number % 2 else JPEG) + str(number).encode()


def type_of(number: int) -> str:
    return "video/mp4" if number % 2 else "image/jpeg"


def drawn_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes a tenth of a second, and is tested elsewhere."""

    def render(slug: str, config: Mapping[str, Any], ratio: str, pictures: Mapping[str, Any]) -> bytes:
        return json.dumps([slug, dict(config), ratio, sorted(pictures)]).encode()

    monkeypatch.setattr("shared.templates.draw.render", render)


def history_of_jobs(seed: int, *, requests: int = 60, rate: float = 0.02, **more: Any) -> JobVerdict:
    state = random.getstate()
    try:
        return JobHistory(seed, requests, rate, **more).run()
    finally:
        random.setstate(state)


def reached(verdicts: Sequence[JobVerdict]) -> Counter[str]:
    return sum((verdict.succeeded + verdict.refused for verdict in verdicts), Counter())
