"""Send again what provably is not public: the targets that failed, all or named, in one commit.

run     failed ─► queued, in its next round            post     done ─► publishing

Nothing of it is published twice: a run whose outcome nobody knows is not among them until a person has said that it is not public,
and then the platform is looked at for what the earlier rounds may have left (docs/reading.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import Detail, ValidationFailed
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Create, Delete, Document, Documents, Increment, Update, Write
from shared.idempotency.record import LIFETIMES, derived_key
from shared.media.copied import copy_path
from shared.posts.actions import Actor
from shared.posts.addresses import addresses_of
from shared.posts.create import ENDPOINT, media_ids, record_of
from shared.posts.errors import AlreadyCancelled, NotRetryable, Superseded
from shared.posts.orchestrate import LEASE_GRACE
from shared.posts.run import Run, retried
from shared.posts.state import COUNTED
from shared.posts.submission import START_GRACE, Submission, Target, own_post
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest, publish
from shared.users.user import user_path

# A copy that may lapse sooner is made again: a retried run has a day.
COPY_LIVES = timedelta(days=28)


@dataclass(frozen=True)
class _Found:
    """A target and its run, and why that cannot be retried, or "" if it can; `is_on_its_way`: somebody has retried it already, and
    it is under way, or there."""

    target: Target
    run: Run | None
    refusal: str
    is_on_its_way: bool = False

    @property
    def detail(self) -> Detail:
        name = self.target.target_id
        return Detail(f"targets.{name}", self.refusal, "custom", target=name)


def retry_post(
    uid: str, post_id: str, named: Sequence[str] | None, actor: Actor, *, documents: Documents, tasks: Tasks, clock: Clock
) -> None:
    """`named`: the ids of targets, each of which has to be retried; None for all that can be. Again does no harm.

    Raises NotFound, also for another user's; ValidationFailed for targets that there are not; NotRetryable, AlreadyCancelled and
    Superseded.
    """

    def attempt() -> tuple[Submission, list[Run]]:
        submission = Submission.from_document(own_post(uid, post_id, documents))
        chosen = _chosen(submission, named, documents)
        if chosen:
            now = clock.now()
            copies, copied = _copies(submission, chosen, now, documents)
            record = _record(submission, now, documents)
            runs = [Update(str(run.path), _again(run, actor, now), if_version=run.version) for run in chosen]
            documents.commit(_reopened(submission, chosen, copied, now), *runs, *record, *copies)
        return submission, chosen

    submission, runs = read_modify_write(attempt)
    if runs and addresses_of(submission.content, submission.targets):
        hand_over(ingest(submission.id, uid), tasks)
    for run in runs:
        hand_over(publish(submission.id, run.path.run_id, run.platform), tasks)


def _chosen(submission: Submission, named: Sequence[str] | None, documents: Documents) -> list[Run]:
    """Those that are sent again; none if all that are wanted are on their way by an earlier request."""
    if submission.status == "cancelled":
        raise AlreadyCancelled
    documents_of_runs = documents.get(*map(str, submission.run_paths)) if submission.targets else []
    found = [_found(target, run) for target, run in zip(submission.targets, documents_of_runs, strict=True)]
    if named is not None:
        found = _named(found, named)
    chosen = [one.run for one in found if one.run is not None and not one.refusal]
    refused = [one for one in found if one.refusal and not one.is_on_its_way]
    if refused and (named is not None or not (chosen or any(one.is_on_its_way for one in found))):
        raise NotRetryable(details=[one.detail for one in refused])
    if not found:
        raise NotRetryable
    return chosen


def _named(found: Sequence[_Found], named: Sequence[str]) -> list[_Found]:
    by_id = {one.target.target_id: one for one in found}
    unknown = [
        Detail(f"body.targets.{position}", "The post has no target with this id", "custom", name, choices=list(by_id))
        for position, name in enumerate(named)
        if name not in by_id
    ]
    if unknown:
        raise ValidationFailed(details=unknown)
    return [by_id[name] for name in dict.fromkeys(named)]


def _found(target: Target, document: Document | None) -> _Found:
    if document is None:
        return _Found(target, None, "It was not begun yet.")
    run = Run.from_document(document)
    match run.status:
        case "succeeded":
            return _Found(target, run, "It is published.", is_on_its_way=run.round > 0)
        case "failed" if run.error_code == "outcome_unknown":
            return _Found(target, run, "Nobody knows whether it is public: look at the account, then resolve it.")
        case "failed":
            return _Found(target, run, "")
        case _:
            return _Found(target, run, "It is under way.", is_on_its_way=run.round > 0)


def _again(run: Run, actor: Actor, now: datetime) -> Mapping[str, Any]:
    log = actor.log(run, "retry", now)
    return {**retried(run, now), **log, "sweepAt": now + LEASE_GRACE, "updatedAt": now}


def _reopened(submission: Submission, runs: Sequence[Run], copied_bytes: int, now: datetime) -> Update:
    """The post is under way again, and not counted as failed by these."""
    counts = dict(submission.counts)
    for run in runs:
        for name in ("failed", COUNTED.get(run.error_code or "")):
            if name:
                counts[name] -= 1
    changes = {
        "runCounts": counts,
        "state": "publishing",
        "completedAt": REMOVE,
        "round": submission.round + 1,
        "version": submission.owners_version + 1,
        "retriedAt": now,
        "sweepAt": now + START_GRACE,
        "openMediaIds": media_ids(submission.content) or REMOVE,
        "copiedBytes": submission.copied_bytes + copied_bytes,
        "updatedAt": now,
    }
    return Update(submission.path, changes, if_version=submission.version)


def _copies(submission: Submission, runs: Sequence[Run], now: datetime, documents: Documents) -> tuple[list[Write], int]:
    """Of the files: those that failed, or may lapse, are forgotten, so that they are copied again; what the others take counts
    against the user's quota again, unless the post still counted them."""
    retried_ids = {run.path.run_id for run in runs}
    wanted = {
        address.url for address in addresses_of(submission.content, [t for t in submission.targets if t.run_id in retried_ids])
    }
    addresses = addresses_of(submission.content, submission.targets)
    found = documents.get(*(copy_path(submission.path, one.url) for one in addresses)) if addresses else []
    forgotten: list[Write] = []
    kept = 0
    for address, copy in zip(addresses, found, strict=True):
        if copy is None or copy.fields["status"] == "copying":
            continue
        lapses = copy.fields["status"] == "ready" and copy.fields.get("keptUntil", now) + COPY_LIVES < now
        if address.url in wanted and (copy.fields["status"] == "failed" or lapses):
            forgotten.append(Delete(copy.path, if_version=copy.version))
        elif copy.fields["status"] == "ready":
            kept += int(copy.fields["sizeBytes"])
    more = max(0, kept - submission.shared_bytes - submission.copied_bytes)
    if more:
        forgotten.append(Update(user_path(submission.uid), {"storageBytes": Increment(more)}))
    return forgotten, more


def _record(submission: Submission, now: datetime, documents: Documents) -> list[Write]:
    """The derived key of the request that made it, which the same request again meets from now on. Raises Superseded if another
    post has it."""
    path, fingerprint = submission.derived_key_path, submission.fingerprint
    if path is None or fingerprint is None:
        return []
    [record] = documents.get(path)
    key = derived_key(submission.uid, ENDPOINT, fingerprint)
    fields = record_of(submission.id, key, submission.request_id, now, now)
    if record is None:
        return [Create(path, fields)]
    if record.fields.get("submissionId") == submission.id:
        lives_until = max(record.fields["expireAt"], now + LIFETIMES["derived"])
        return [Update(path, {"expireAt": lives_until}, if_version=record.version)]
    if record.fields["expireAt"] > now:
        raise Superseded(facts={"postSubmissionId": record.fields.get("submissionId")})
    return [Update(path, fields, if_version=record.version)]
