"""A draft's files in our storage: uploads by media id, and the copies that `ingest` made of what was named by address."""

from collections.abc import Sequence
from dataclasses import replace

from shared.core.wait import Wait
from shared.documents.document import Document
from shared.media.copied import CopyFailed, copy_path, failure_of
from shared.media.media import MediaItem, kind_of, media_path, stored_of
from shared.platforms.compose import with_stored
from shared.platforms.failure import PlatformFailure
from shared.platforms.rules import Capability, Draft
from shared.posts.run import submission_path
from shared.publishing.run_lease import RunLease
from shared.tasks.hand_over import hand_over
from shared.tasks.task import ingest

# When the sweeper looks whether a copy that is still being made is there.
COPYING_SECONDS = 60.0
_REMEDY = {
    "media_unavailable": "Give a public http or https address that answers with the file itself, then send the post again.",
    "media_invalid": "Give a file that the platforms take, then send the post again.",
}


def with_files(draft: Draft, capability: Capability, lease: RunLease) -> Draft | Wait:
    """The draft with every file stored and its kind measured. Raises PlatformFailure for one that cannot be had."""
    items = [*draft.media, *([draft.cover] if draft.cover else [])]
    documents = _found(items, lease)
    if isinstance(documents, Wait):
        return documents
    if draft.cover is not None and (unfit := _unfit_companion(draft.cover, documents[-1])) is not None:
        draft = replace(draft, cover=None, notes=(*draft.notes, f"The image was left out as a cover: {unfit}."))
        items = items[:-1]
    return with_stored(draft, [_stored(item, document) for item, document in zip(items, documents, strict=False)], capability)


def stored_file(item: MediaItem, lease: RunLease) -> MediaItem | Wait:
    """Raises PlatformFailure for one that cannot be had."""
    documents = _found([item], lease)
    return documents if isinstance(documents, Wait) else _stored(item, documents[0])


def _found(items: Sequence[MediaItem], lease: RunLease) -> list[Document | None] | Wait:
    """Their documents, in one read; copies that are not finished are waited for."""
    documents = lease.documents.get(*(_path(item, lease) for item in items)) if items else []
    if any(item.url and _is_unfinished(document) for item, document in zip(items, documents, strict=True)):
        hand_over(ingest(lease.run.path.submission_id, lease.run.uid), lease.tasks)
        return Wait(COPYING_SECONDS, "a file is still being copied", is_woken=True)
    return documents


def _path(item: MediaItem, lease: RunLease) -> str:
    if item.media_id:
        return media_path(item.media_id)
    return copy_path(submission_path(lease.run.path.submission_id), item.url or "")


def _unfit_companion(cover: MediaItem, copy: Document | None) -> CopyFailed | None:
    """Why an image that merely came beside the video cannot be its cover."""
    if copy is None or copy.fields.get("status") != "failed" or cover.field.startswith("options."):
        return None
    failure = failure_of(copy)
    return failure if failure.code == "media_invalid" else None


def _is_unfinished(copy: Document | None) -> bool:
    return copy is None or copy.fields["status"] == "copying"


def _stored(item: MediaItem, document: Document | None) -> MediaItem:
    if document is None:
        message = f"The file {item.media_id} was deleted before it was published."
        raise PlatformFailure("media_invalid", message, code="media_unavailable")
    if item.url and document.fields["status"] == "failed":
        failure = failure_of(document)
        message = f"{item.field}: {failure}."
        raise PlatformFailure("media_invalid", message, code=failure.code, remediation=_REMEDY[failure.code])
    stored = stored_of(document)
    return replace(item, stored=stored, kind=kind_of(stored.content_type))
