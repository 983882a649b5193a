"""Copy what a post names by address into our storage, before anything is sent. Called by `ingest` for each delivery of its task.

files    pending ─ every address copied, or failed for good ─► done ─► orchestrate
            └ failed before the post is due: a warning, and copied anew when the post is taken up, and at its time

A post that is scheduled has three chances, the first soon after it is accepted; one that is not, has the last. Any number of
deliveries, at any point of each other, copy each address once: whoever finds all of them copied goes on.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.documents.change import read_modify_write
from shared.documents.document import Changes, Conflict, Document, Documents, Increment, Update, Write
from shared.media.copied import CopyFailed, copy_path, failure_of
from shared.media.copy import Copier, Wanted
from shared.media.fetch import Fetcher
from shared.media.intake import Intake
from shared.media.measure import Measurer
from shared.media.measure_again import measure_again
from shared.media.media import StoredMedia, media_path
from shared.media.storage import Storage, StorageUnavailable
from shared.media.uploads import over_quota
from shared.posts.addresses import Address, addresses_of
from shared.posts.file_warnings import FULL, MAX_WARNINGS, Chance, Copied, chance_at, file_warnings
from shared.posts.run import DEADLINE, Run, submission_path
from shared.posts.submission import SCHEDULE_AHEAD, START_GRACE, Submission, taken_up_at
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH
from shared.tasks.task import Task, Tasks, ingest, orchestrate, publish
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# A delivery that has worked for so long leaves the next address to another one: the longest copy must still fit into its time.
WORK_TIME = timedelta(seconds=120)
# How often a post that is not due soon looks whether its user has room again.
LOOK_FOR_ROOM = timedelta(hours=1)
# Copies outlast the moment when they are needed.
KEEP = timedelta(days=1)


@dataclass(frozen=True)
class IngestPorts:
    """Everything outside of the process that copying touches."""

    documents: Documents
    tasks: Tasks
    storage: Storage
    fetcher: Fetcher
    measurer: Measurer
    clock: Clock
    # The most of all that one user keeps, the copies of unfinished posts among it.
    quota_bytes: int

    @property
    def copier(self) -> Copier:
        return Copier(self.documents, self.intake, self.clock)

    @property
    def intake(self) -> Intake:
        return Intake(self.storage, self.fetcher, self.measurer)


def ingest_submission(submission_id: str, uid: str | None, ports: IngestPorts) -> None:
    """`uid` is None in tasks of versions that did not name it."""
    document, *users = ports.documents.get(submission_path(submission_id), *([user_path(uid)] if uid else []))
    if document is None:
        _log.warning("submission.not_found", extra={"submission": submission_id})
        return
    submission = Submission.from_document(document)
    if submission.is_over or (submission.status == "queued" and not submission.awaits_files):
        return
    if ports.clock.now() >= submission.due_at + DEADLINE:
        # Its runs say so.
        _finish(submission, {}, ports, None)
        return
    try:
        for document in _uploads(submission, ports.documents):
            measure_again(document, ports.measurer, ports.storage, ports.documents)
    except StorageUnavailable as error:
        # The sweeper comes back, or the run that waits for the file: a task from here, and one from each of them, would multiply.
        _log.warning("ingest.storage_unavailable", extra={"submission": submission.id, "reason": str(error)})
        return
    [user] = users or ports.documents.get(user_path(submission.uid))
    keeper = User.from_document(submission.uid, user) if user is not None else None
    addresses = addresses_of(submission.content, submission.targets)
    progress = _copy_all(submission, addresses, keeper, ports)
    if len(progress.copied) < len(addresses):
        _go_on_later(submission, progress, keeper, ports)
    elif submission.awaits_files:
        _finish(submission, progress.copied, ports, keeper)
    else:
        _wake_runs(submission, ports)


def _uploads(submission: Submission, documents: Documents) -> list[Document]:
    """What the post names by media id."""
    paths = [media_path(item.media_id) for item in submission.content.media if item.media_id]
    return [document for document in documents.get(*paths) if document is not None] if paths else []


@dataclass(frozen=True)
class _Progress:
    """address → its copy; those that are missing are looked at later, by somebody else or by the task that was made for it.
    `is_full`: there is no room for more."""

    copied: Mapping[str, Copied]
    is_full: bool = False


def _copy_all(submission: Submission, addresses: Sequence[Address], keeper: User | None, ports: IngestPorts) -> _Progress:
    begun, room = ports.clock.now(), ports.quota_bytes - (keeper.storage_bytes if keeper is not None else 0)
    paths = [copy_path(submission.path, address.url) for address in addresses]
    copied: dict[str, Copied] = {}
    waits: list[Wait] = []
    is_full = False
    for address, path, document in zip(addresses, paths, ports.documents.get(*paths), strict=True):
        if ports.clock.now() - begun > WORK_TIME:
            waits.append(Wait(0.0, "other files took long"))
            break
        is_new = document is None or _result(document) is None
        if is_new and room <= 0:
            is_full = True
            break
        wanted = Wanted(path, address.url, submission.uid, address.limits, submission.due_at + KEEP)
        try:
            result = ports.copier.copied(wanted, document, anew=_may_be_tried_anew(submission, document, ports.clock.now()))
        except CopyFailed as failure:
            result = failure
        if isinstance(result, Wait):
            waits.append(result)
        elif result is not None:
            copied[address.url] = result
            if is_new and isinstance(result, StoredMedia):
                room -= result.size_bytes
    if waits:
        # One for each time: a delivery that finds a copy waiting for longer makes none for it.
        for seconds in sorted({wait.seconds for wait in waits}):
            at = ports.clock.now() + timedelta(seconds=seconds)
            hand_over(ingest(submission.id, submission.uid, not_before=at), ports.tasks)
    if waits or is_full:
        return _Progress(copied, is_full)
    if len(copied) < len(addresses):
        # Others were at it: whoever is last sees that all is done.
        found = zip(addresses, ports.documents.get(*paths), strict=True)
        copied = {address.url: result for address, document in found if document and (result := _result(document)) is not None}
    return _Progress(copied)


def _counted(submission: Submission, copied: Mapping[str, Copied], keeper: User | None) -> tuple[Changes, Sequence[Write]]:
    """Copies count against their user's quota until their post is over (settle.py): in the post, and in the user, if there."""
    there = sum(result.size_bytes for result in copied.values() if isinstance(result, StoredMedia))
    more = there - submission.shared_bytes - submission.copied_bytes
    if keeper is None or more <= 0:
        return {}, ()
    return {"copiedBytes": submission.copied_bytes + more}, [Update(user_path(keeper.uid), {"storageBytes": Increment(more)})]


def _go_on_later(submission: Submission, progress: "_Progress", keeper: User | None, ports: IngestPorts) -> None:
    """What has been copied so far is counted; where there is no room for more, the post waits and says so."""
    changes, counted = _counted(submission, progress.copied, keeper)
    if progress.is_full:
        now = ports.clock.now()
        warning = {"code": FULL, "message": f"{over_quota(ports.quota_bytes)} Until then the post waits.", "at": now}
        others = [one for one in submission.warnings if one["code"] != FULL]
        # The sweeper looks then: seldom, while there is time.
        again = now + PUSH if chance_at(now, submission.due_at) is not Chance.EARLY else _look_again(now, submission.due_at)
        changes = {**changes, "warnings": [*others, warning][-MAX_WARNINGS:], "sweepAt": again, "updatedAt": now}
    if changes:
        # Whoever has changed it meanwhile is followed by another delivery.
        with suppress(Conflict):
            ports.documents.commit(Update(submission.path, changes, if_version=submission.version), *counted)


def _look_again(now: datetime, due_at: datetime) -> datetime:
    return max(now + PUSH, min(now + LOOK_FOR_ROOM, due_at - SCHEDULE_AHEAD))


def _result(document: Document) -> Copied | None:
    match document.fields["status"]:
        case "ready":
            return StoredMedia.from_fields(document.fields)
        case "failed":
            return failure_of(document)
        case _:
            return None


def _may_be_tried_anew(submission: Submission, document: Document | None, now: datetime) -> bool:
    if document is None or document.fields["status"] != "failed" or not submission.awaits_files:
        return False
    return chance_at(now, submission.due_at) > chance_at(document.fields["failedAt"], submission.due_at)


def _finish(submission: Submission, copied: Mapping[str, Copied], ports: IngestPorts, keeper: User | None) -> None:
    """All there is to copy for now is copied: what comes next is written, and then begun."""
    known: Submission | None = submission

    def attempt() -> Task | None:
        nonlocal known
        current, known = known, None
        if current is None:
            [document] = ports.documents.get(submission.path)
            current = Submission.from_document(document) if document is not None else None
        if current is None or not current.awaits_files or current.content_revision != submission.content_revision:
            return None
        changes, task = _next(current, copied, ports)
        sizes, counted = _counted(current, copied, keeper)
        ports.documents.commit(Update(current.path, {**changes, **sizes}, if_version=current.version), *counted)
        return task

    task = read_modify_write(attempt)
    if task is not None:
        hand_over(task, ports.tasks)


def _next(submission: Submission, copied: Mapping[str, Copied], ports: IngestPorts) -> tuple[Changes, Task | None]:
    """What is written, and the task that follows."""
    now, due_at = ports.clock.now(), submission.due_at
    failures = [result for result in copied.values() if isinstance(result, CopyFailed)]
    chance = chance_at(now, due_at)
    changes: dict[str, Any] = {"updatedAt": now}
    if submission.is_scheduled or submission.warnings:
        changes["warnings"] = file_warnings(submission, copied, now, ports.documents)
    if any(chance_at(failure.failed_at or now, due_at) < chance for failure in failures):
        # It failed before other files had taken so long that its next try is due.
        return {**changes, "sweepAt": now + START_GRACE}, ingest(submission.id, submission.uid)
    if failures and chance is Chance.EARLY:
        return {**changes, "sweepAt": due_at - SCHEDULE_AHEAD}, None
    if failures and chance is Chance.AHEAD:
        return {**changes, "sweepAt": due_at}, ingest(submission.id, submission.uid, not_before=due_at)
    changes |= {"files": "done", "sweepAt": taken_up_at(now, due_at)}
    if due_at - now > SCHEDULE_AHEAD:
        return changes, None
    return changes, orchestrate(submission.id, submission.uid, not_before=due_at if due_at > now else None)


def _wake_runs(submission: Submission, ports: IngestPorts) -> None:
    """Runs that met an unfinished copy wait without a time of their own."""
    found = zip(submission.targets, ports.documents.get(*map(str, submission.run_paths)), strict=True)
    for target, document in found:
        if document is not None and not Run.from_document(document).is_final:
            hand_over(publish(submission.id, target.run_id, target.platform), ports.tasks)
