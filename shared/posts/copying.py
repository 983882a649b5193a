"""Copies the addresses of one post, as far as one delivery gets, and counts what they take of their user's quota."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.clock import Clock
from shared.core.wait import Wait
from shared.documents.document import Changes, Document, Documents, Increment, Update, Write
from shared.media.copied import CopyFailed, copy_path, failure_of
from shared.media.copy import Copier, Wanted
from shared.media.fetch import Fetcher
from shared.media.intake import Intake
from shared.media.measure import Measurer
from shared.media.media import StoredMedia
from shared.media.storage import Storage, StorageUnavailable
from shared.posts.addresses import Address
from shared.posts.file_warnings import Chance, Copied, chance_at
from shared.posts.submission import Submission
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, ingest
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# A delivery that has worked for so long leaves the next address to another one: the longest copy must still fit into its time.
WORK_TIME = timedelta(seconds=120)
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


@dataclass(frozen=True)
class Progress:
    """address → its copy; those that are missing are looked at later, by somebody else or by the task that was made for it.
    `is_full`: there is no room for more. `is_unkept`: a copy is to be kept for longer, and the storage could not be told."""

    copied: Mapping[str, Copied]
    is_full: bool = False
    is_unkept: bool = False


def copy_all(submission: Submission, addresses: Sequence[Address], keeper: User | None, ports: IngestPorts) -> Progress:
    begun, room = ports.clock.now(), ports.quota_bytes - (keeper.storage_bytes if keeper is not None else 0)
    paths = [copy_path(submission.path, address.url) for address in addresses]
    copied: dict[str, Copied] = {}
    waits: list[Wait] = []
    is_full = is_unkept = False
    for address, path, document in zip(addresses, paths, ports.documents.get(*paths), strict=True):
        if ports.clock.now() - begun > WORK_TIME:
            waits.append(Wait(0.0, "other files took long"))
            break
        is_new = document is None or _result(document) is None
        if is_new and room <= 0:
            is_full = True
            break
        wanted = Wanted(path, address.url, submission.uid, address.limits, submission.begins_at + KEEP)
        try:
            result = _copied(wanted, submission, document, ports)
        except StorageUnavailable as error:
            _log.warning("ingest.storage_unavailable", extra={"submission": submission.id, "reason": str(error)})
            is_unkept = True
            continue
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
    if waits or is_full or is_unkept:
        return Progress(copied, is_full, is_unkept)
    if len(copied) < len(addresses):
        # Others were at it: whoever is last sees that all is done.
        found = zip(addresses, ports.documents.get(*paths), strict=True)
        copied = {address.url: result for address, document in found if document and (result := _result(document)) is not None}
    return Progress(copied)


def _copied(wanted: Wanted, submission: Submission, document: Document | None, ports: IngestPorts) -> Copied | Wait | None:
    """None while somebody else is at it. Raises StorageUnavailable for one that is to be kept for longer, while that can wait."""
    try:
        return ports.copier.copied(wanted, document, anew=_may_be_tried_anew(submission, document, ports.clock.now()))
    except CopyFailed as failure:
        return failure
    except StorageUnavailable:
        if document is None or chance_at(ports.clock.now(), submission.due_at) is Chance.EARLY:
            raise
        # It is needed now, and it is there.
        return _result(document)


def counted(submission: Submission, copied: Mapping[str, Copied], keeper: User | None) -> tuple[Changes, Sequence[Write]]:
    """Copies count against their user's quota until their post is over (settle.py): in the post, and in the user, if there."""
    there = sum(result.size_bytes for result in copied.values() if isinstance(result, StoredMedia))
    more = there - submission.shared_bytes - submission.copied_bytes
    if keeper is None or more <= 0:
        return {}, ()
    return {"copiedBytes": submission.copied_bytes + more}, [Update(user_path(keeper.uid), {"storageBytes": Increment(more)})]


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
