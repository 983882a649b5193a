"""What is wrong with a scheduled post's files, told while it can be mended: on the submission, as `warnings`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import IntEnum
from typing import Any

from shared.documents.document import Documents
from shared.media.copied import CopyFailed
from shared.media.media import MediaItem, StoredMedia, kind_of, media_path, stored_of
from shared.platforms.compose import with_stored
from shared.platforms.registry import rules_of
from shared.posts.addresses import addresses_of, draft_of
from shared.posts.submission import SCHEDULE_AHEAD, Submission, Target, field_of

MAX_WARNINGS = 50
# The user's storage is full.
FULL = "storage_quota_exceeded"
_OURS = ("media_unavailable", "media_invalid", FULL)
Copied = StoredMedia | CopyFailed


class Chance(IntEnum):
    """When an address is tried: soon after the post is accepted, when it is taken up, and once it is due."""

    EARLY, AHEAD, LAST = range(3)


_AGAIN = {
    Chance.EARLY: " It is tried again five minutes before the post is due, and at its time.",
    Chance.AHEAD: " It is tried again when the post is due.",
    Chance.LAST: "",
}


def chance_at(moment: datetime, due_at: datetime) -> Chance:
    if moment >= due_at:
        return Chance.LAST
    return Chance.AHEAD if moment >= due_at - SCHEDULE_AHEAD else Chance.EARLY


def file_warnings(
    submission: Submission, copied: Mapping[str, Copied], now: datetime, documents: Documents
) -> list[Mapping[str, Any]]:
    """What can be mended until the post is due; those of earlier looks at its files are replaced."""
    chance = chance_at(now, submission.due_at)
    kept = [warning for warning in submission.warnings if warning["code"] not in _OURS]
    fields = {address.url: address.field for address in addresses_of(submission.content, submission.targets)}
    found = [
        {
            "code": result.code,
            "field": fields[url],
            "message": f"{fields[url]}: {result}.{_AGAIN[chance]}",
            "at": now,
        }
        for url, result in copied.items()
        if isinstance(result, CopyFailed)
    ]
    stored = {url: result for url, result in copied.items() if isinstance(result, StoredMedia)}
    uploads = _uploads(submission, documents)
    for target in submission.targets:
        found += _problems(submission, target, stored, uploads, now)
    return [*kept, *found][-MAX_WARNINGS:]


def _uploads(submission: Submission, documents: Documents) -> Mapping[str, StoredMedia]:
    """What the post names by media id."""
    ids = [item.media_id for item in submission.content.media if item.media_id]
    found = zip(ids, documents.get(*map(media_path, ids)), strict=True) if ids else ()
    return {media_id: stored_of(document) for media_id, document in found if document is not None}


def _problems(
    submission: Submission, target: Target, stored: Mapping[str, StoredMedia], uploads: Mapping[str, StoredMedia], now: datetime
) -> list[Mapping[str, Any]]:
    """What the target's platform will not take, by the same rules as when it is published."""
    draft, capability = draft_of(submission.content, target)
    items: list[MediaItem] = []
    for item in (*draft.media, *([draft.cover] if draft.cover else [])):
        file = stored.get(item.url or "") or uploads.get(item.media_id or "")
        # One that could not be had yet is judged once it is there.
        items.append(item if file is None else replace(item, stored=file, kind=kind_of(file.content_type)))
    problems = rules_of(target.platform).validate(with_stored(draft, items, capability))
    return [
        {
            "code": "media_invalid",
            "field": field_of(problem.field, target),
            "message": problem.message,
            "rule": problem.rule,
            "target": target.target_id,
            "at": now,
        }
        for problem in problems
    ]
