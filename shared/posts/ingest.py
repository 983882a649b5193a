"""Copy what a post names by address into our storage, before anything is sent. Called by `ingest` for each delivery of its task.

files    pending ─ every address copied, or failed for good ─► done ─► orchestrate
            └ failed before the post is due: a warning, and copied anew when the post is taken up, and at its time

A post that is scheduled has three chances, the first soon after it is accepted; one that is not, has the last. Any number of
deliveries, at any point of each other, copy each address once: whoever finds all of them copied goes on.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from shared.documents.change import read_modify_write
from shared.documents.document import Changes, Conflict, Document, Documents, Update, Write
from shared.events.announce import announce
from shared.media.copied import CopyFailed
from shared.media.measure_again import measure_again
from shared.media.media import media_path
from shared.media.storage import StorageUnavailable
from shared.media.uploads import over_quota
from shared.posts.addresses import addresses_of
from shared.posts.copying import IngestPorts, Progress, copy_all, counted
from shared.posts.events import warned
from shared.posts.file_warnings import FULL, MAX_WARNINGS, Chance, Copied, chance_at, file_warnings
from shared.posts.run import Run, submission_path
from shared.posts.state import state_of_accepted
from shared.posts.submission import SCHEDULE_AHEAD, START_GRACE, Submission, taken_up_at
from shared.tasks.hand_over import hand_over
from shared.tasks.sweep import PUSH
from shared.tasks.task import Task, ingest, orchestrate, publish
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# How often a post that is not due soon looks whether its user has room again.
LOOK_FOR_ROOM = timedelta(hours=1)


def ingest_submission(submission_id: str, uid: str | None, ports: IngestPorts) -> None:
    """`uid` is None in tasks of versions that did not name it."""
    document, *users = ports.documents.get(submission_path(submission_id), *([user_path(uid)] if uid else []))
    if document is None:
        _log.warning("submission.not_found", extra={"submission": submission_id})
        return
    submission = Submission.from_document(document)
    if submission.is_over or (submission.status == "queued" and not submission.awaits_files):
        return
    if ports.clock.now() >= submission.publish_by:
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
    progress = copy_all(submission, addresses, keeper, ports)
    if len(progress.copied) < len(addresses):
        _go_on_later(submission, progress, keeper, ports)
    elif submission.awaits_files:
        _finish(submission, progress.copied, ports, keeper)
    else:
        _count(submission, progress.copied, keeper, ports)
        _wake_runs(submission, ports)


def _uploads(submission: Submission, documents: Documents) -> list[Document]:
    """What the post names by media id."""
    paths = [media_path(item.media_id) for item in submission.content.media if item.media_id]
    return [document for document in documents.get(*paths) if document is not None] if paths else []


def _count(submission: Submission, copied: Mapping[str, Copied], keeper: User | None, ports: IngestPorts) -> None:
    """Of a post that was begun: what a retry, or a late copy, has added."""
    sizes, more = counted(submission, copied, keeper)
    if sizes:
        # Whoever has changed it meanwhile is followed by another delivery, or is the post's end.
        with suppress(Conflict):
            ports.documents.commit(Update(submission.path, sizes, if_version=submission.version), *more)


def _go_on_later(submission: Submission, progress: "Progress", keeper: User | None, ports: IngestPorts) -> None:
    """What has been copied so far is counted; where there is no room for more, the post waits and says so."""
    changes, more = counted(submission, progress.copied, keeper)
    if progress.is_full:
        now = ports.clock.now()
        warning = {"code": FULL, "message": f"{over_quota(ports.quota_bytes)} Until then the post waits.", "at": now}
        others = [one for one in submission.warnings if one["code"] != FULL]
        # The sweeper looks then: seldom, while there is time.
        again = now + PUSH if chance_at(now, submission.due_at) is not Chance.EARLY else _look_again(now, submission.due_at)
        changes = {**changes, "warnings": [*others, warning][-MAX_WARNINGS:], "sweepAt": again, "updatedAt": now}
    if progress.is_unkept:
        # Seldom, too: there is a month between a copy's time and its end.
        changes = {**changes, "sweepAt": _look_again(ports.clock.now(), submission.due_at)}
    if changes:
        told = _warned(submission, changes, ports)
        # Whoever has changed it meanwhile is followed by another delivery.
        with suppress(Conflict):
            ports.documents.commit(Update(submission.path, changes, if_version=submission.version), *more, *told)
            announce(told, ports.tasks)


def _warned(submission: Submission, changes: Changes, ports: IngestPorts) -> Sequence[Write]:
    state = state_of_accepted(is_scheduled=submission.is_scheduled)
    return warned(submission, changes["warnings"], state, ports.clock.now()) if "warnings" in changes else ()


def _look_again(now: datetime, due_at: datetime) -> datetime:
    return max(now + PUSH, min(now + LOOK_FOR_ROOM, due_at - SCHEDULE_AHEAD))


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
        sizes, more = counted(current, copied, keeper)
        told = _warned(current, changes, ports)
        ports.documents.commit(Update(current.path, {**changes, **sizes}, if_version=current.version), *more, *told)
        announce(told, ports.tasks)
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
