"""An operation: a kind of job, what it costs, how long it may take, and the steps that it is made of.

A step runs in one function, has an output, and is not done again: a job that fails at its third step and is tried again begins
there. What each step found stands in `state.done`, and how far each is in `steps`, which whoever watches sees.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shared.jobs.handler import JobFailed, Moved, Outcome, Succeeded, Work
from shared.jobs.job import KEPT, Job
from shared.jobs.progress import Progress
from shared.jobs.start import Wanted
from shared.tasks.queues import ENCODE_QUEUE, JOBS_QUEUE, TRANSCRIBE_QUEUE, Queue, ingest_queue
from shared.transcription.wanted import MAX_BYTES, TAKEN

Done = Mapping[str, Any]
# Whose output does not last: it is found anew when a job is tried again.
VOLATILE = frozenset({"generate"})
# By its name, what a step does in the function that this is.
Steps = Mapping[str, Callable[[Work], Outcome]]


@dataclass(frozen=True)
class Operation:
    """`steps` are told from the input, `result` from what they found; `credits` are charged at the start; `usual_seconds` is what
    it takes as a rule."""

    type: str
    credits: int
    usual_seconds: int
    lasts: timedelta
    steps: Callable[[Mapping[str, Any]], Sequence[str]]
    result: Callable[[Done], Mapping[str, Any]]
    # Who asks for the same while it runs means the same.
    once_at_a_time: bool = False
    result_lives: timedelta = KEPT


def alone(name: str) -> Callable[[Mapping[str, Any]], Sequence[str]]:
    """Of an operation with one step."""
    return lambda given: (name,)


def output_of(name: str) -> Callable[[Done], Mapping[str, Any]]:
    """The result is what this step found."""
    return lambda done: done[name]


def wanted(operation: Operation, uid: str, given: Mapping[str, Any], credits: int) -> Wanted:
    names = list(operation.steps(given))
    fields: dict[str, Any] = {
        "steps": shown_steps(names, {}),
        "estimatedCompletionSeconds": operation.usual_seconds,
        **({"volatileSteps": [name for name in names if name in VOLATILE]} if VOLATILE & set(names) else {}),
    }
    if credits:
        fields["creditsDebited"] = credits
    queue = queue_of(names[0], uid, given, {})
    return Wanted(operation.type, given, queue, operation.lasts, fields, once_at_a_time=operation.once_at_a_time)


def queue_of(step: str, uid: str, given: Mapping[str, Any], done: Done) -> Queue:
    """Where the step begins."""
    match step:
        case "file" | "fetched":
            return ingest_queue(uid)
        case "export":
            return ENCODE_QUEUE
        case "transcript":
            file = file_of(given, done)
            fits = file["contentType"] in TAKEN and file["sizeBytes"] <= MAX_BYTES
            return TRANSCRIBE_QUEUE if fits else ENCODE_QUEUE
        case _:
            return JOBS_QUEUE


def file_of(given: Mapping[str, Any], done: Done) -> Mapping[str, Any]:
    """The film or sound that it is about: an upload of the user's, or what was had from an address."""
    return done.get("file") or given["file"]


def run_step(work: Work, here: Steps, operation: Operation) -> Outcome:
    """Raises JobFailed, Fenced."""
    job = work.job
    names, done = [one["name"] for one in job.steps], dict(job.state.get("done") or {})
    number = next((index for index, name in enumerate(names) if name not in done), len(names) - 1)
    name = names[number]
    work.part = (number, len(names))
    try:
        outcome = here[name](work)
    except JobFailed as failure:
        failure.changes = {**failure.changes, "steps": shown_steps(names, done, failed=name)}
        raise
    if not isinstance(outcome, Succeeded):
        return outcome
    done[name] = outcome.result
    steps = shown_steps(names, done)
    if number + 1 == len(names):
        lives = {"resultExpiresAt": work.lease.clock.now() + operation.result_lives}
        return replace(outcome, result=operation.result(done), changes={**outcome.changes, "steps": steps, **lives})
    following = queue_of(names[number + 1], job.uid, job.input, done)
    # Where it begins, should it fail and be tried again.
    again = {} if name in VOLATILE else {"retryQueue": following.name}
    told = work.told(Progress(100, name, f"{number + 1} of {len(names)} steps are done"))
    # What the step kept for itself is over.
    return Moved(following.name, {}, changes={"state": {"done": done}, "steps": steps, **again, **told}, writes=outcome.writes)


def shown_steps(names: Sequence[str], done: Done, failed: str = "") -> list[dict[str, str]]:
    """`pending`, `done` or `failed`; the first one that is not done is at work, or about to be."""
    words = {True: "done", False: "pending"}
    return [{"name": name, "status": "failed" if name == failed else words[name in done]} for name in names]


def done_of(job: Job) -> Done:
    return job.state.get("done") or {}
