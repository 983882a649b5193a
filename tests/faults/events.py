"""Webhooks in histories: servers that fail now and then, and whether each thing that happened was told, and nothing else."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.documents.document import Document, Write
from shared.jobs.events import job_ended
from shared.jobs.job import FINAL, Job
from shared.posts.events import post_ended, run_ended
from shared.posts.run import Run
from shared.posts.submission import Submission
from shared.webhooks.delivery import Attempted
from shared.webhooks.register import RegisterPorts, register
from shared.webhooks.send import judged
from tests.fakes.world import World
from tests.faults.ports import Trouble
from tests.faults.scheduler import Scheduler

HOOK = "https://told.test/hook"
# A post's end is told as one of these.
ENDS = ("post.completed", "post.partial", "post.failed", "post.needs_check", "post.cancelled", "post.missed")
FAILS, HANGS = 0.08, 0.04


@dataclass
class Hearer:
    """A user's server, in the histories' time."""

    scheduler: Scheduler
    trouble: Trouble
    heard: Counter[str] = field(default_factory=Counter)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempted:
        chance, at = self.scheduler.chance, self.scheduler.now
        self.scheduler.sleep(chance.uniform(0.01, 0.5))
        mood = 1.0 if self.trouble.is_over else chance.random()
        if mood < HANGS:
            self.scheduler.sleep(10)
            return Attempted(at, False, None, "", "It did not answer within 10 seconds.", 10_000, is_down=True)
        status = chance.choice((404, 429, 500, 302)) if mood < HANGS + FAILS else 200
        if status == 200:
            assert json.loads(body)["id"] == headers["webhook-id"]
            self.heard[headers["webhook-id"]] += 1
        error, is_down = judged(status)
        return Attempted(at, error is None, status, "", error, 5, is_down)


def listen(world: World, uid: str, scheduler: Scheduler, trouble: Trouble) -> Hearer:
    """Before anything happens: everything is wanted."""
    hearer = Hearer(scheduler, trouble)
    world.receivers = hearer  # type: ignore[assignment]
    fields = {"url": HOOK, "events": ["*"], "payload": "thin", "description": None}
    register(uid, fields, RegisterPorts(world.memory, world.cipher, world.clock))
    return hearer


def is_told(contents: Mapping[str, Any]) -> bool:
    """Whether nothing waits to be sent."""
    return not any("sweepAt" in fields for path, (fields, _) in contents.items() if "/events/" in path or "/deliveries/" in path)


def untold(world: World, uid: str, hearer: Hearer) -> Iterator[str]:
    """What happened and was not told, what was told and did not happen, and what was told of one end twice."""
    contents = world.memory.contents
    events = {path: fields for path, (fields, _) in contents.items() if path.startswith(f"users/{uid}/events/")}
    true = {write.path for write in _true(contents)}
    for path in true - set(events):
        yield f"{path} is true, and was never written: {[w for w in _true(contents) if w.path == path]}"
    for path, fields in events.items():
        if not hearer.heard[path.rpartition("/")[2]]:
            yield f"{fields['type']} {fields['subjectPath']} was never heard"
        if path not in true and not _was_true(fields, contents):
            yield f"{fields['type']} {fields['subjectPath']} was told, and is not so"
    known = {path.rpartition("/")[2] for path in events}
    for heard in set(hearer.heard) - known:
        yield f"{heard} was heard, and never happened"
    ends = Counter(fields["subjectPath"] for fields in events.values() if fields["type"] in ENDS)
    for path, times in ends.items():
        if path in contents and times > contents[path][0].get("round", 0) + 1:
            yield f"{path} has ended {times} times, in {contents[path][0].get('round', 0) + 1} rounds"


def _true(contents: Mapping[str, Any]) -> Iterator[Write]:
    """The events that must be there, as things stand at last."""
    for path, (fields, version) in contents.items():
        document = Document(path, fields, version)
        match path.split("/"):
            case ["postSubmissions", _]:
                submission = Submission.from_document(document)
                if submission.is_over and submission.told:
                    yield from post_ended(submission, fields["state"], version)
            case ["postSubmissions", _, "runs", _]:
                run = Run.from_document(document)
                if run.is_final and run.told:
                    yield from run_ended(run, run.status, version)
            case ["jobs", _]:
                job = Job.from_document(document)
                if job.status in FINAL and job.told:
                    yield from job_ended(job, job.status, version)
            case _:
                pass


def _was_true(event: Mapping[str, Any], contents: Mapping[str, Any]) -> bool:
    """Of an earlier round; of accounts, credits and warnings there is nothing left to compare with."""
    kind, path = event["type"], event["subjectPath"]
    if kind.startswith(("account.", "credits.", "post.warning", "webhook.")):
        return True
    if path not in contents:
        return False
    fields = contents[path][0]
    if kind in ENDS:
        return fields.get("round", 0) > 0
    if kind == "run.failed":
        return fields.get("round", 0) > 0 or fields.get("resolution") is not None
    return False
