"""A draft's files as stored copies: found by media id, or copied from their URLs by whichever run comes first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from shared.core.wait import Wait
from shared.media.copy import Copier, CopyFailed
from shared.media.fetch import Fetcher
from shared.media.media import MediaItem, StoredMedia, kind_of, media_path
from shared.media.storage import Storage
from shared.platforms.compose import with_stored
from shared.platforms.failure import PlatformFailure
from shared.platforms.rules import Capability, Draft
from shared.posts.run import submission_path
from shared.publishing.run_lease import RunLease

_REMEDY = "Give a public http or https address that answers with the file itself, then send the post again."


def with_files(draft: Draft, capability: Capability, lease: RunLease, *, storage: Storage, fetcher: Fetcher) -> Draft | Wait:
    """The draft with every file stored and its kind measured. Raises PlatformFailure (media_invalid) for one that cannot be had."""
    items = [*draft.media, *([draft.cover] if draft.cover else [])]
    stored: list[MediaItem] = []
    for found in stored_files(items, lease, storage=storage, fetcher=fetcher):
        if isinstance(found, Wait):
            return found
        stored.append(found)
    return with_stored(draft, stored, capability)


def stored_files(items: Sequence[MediaItem], lease: RunLease, *, storage: Storage, fetcher: Fetcher) -> Iterator[MediaItem | Wait]:
    """One after the other. Raises PlatformFailure (media_invalid) for one that cannot be had."""
    copier = Copier(lease.documents, storage, fetcher, lease.clock, lease.run.uid, lease.keep_alive)
    for item in items:
        found = _stored_by_id(item.media_id, lease) if item.media_id else _copied(copier, item, lease)
        yield found if isinstance(found, Wait) else replace(item, stored=found, kind=kind_of(found.content_type))


def _copied(copier: Copier, item: MediaItem, lease: RunLease) -> StoredMedia | Wait:
    try:
        return copier.copied(submission_path(lease.run.path.submission_id), item.url or "")
    except CopyFailed as failed:
        message = f"{item.field}: {failed}."
        raise PlatformFailure("media_invalid", message, code="media_unavailable", remediation=_REMEDY) from failed


def _stored_by_id(media_id: str, lease: RunLease) -> StoredMedia:
    [document] = lease.documents.get(media_path(media_id))
    if document is None:
        message = f"The file {media_id} was deleted before it was published."
        raise PlatformFailure("media_invalid", message, code="media_unavailable")
    return StoredMedia.from_fields({**document.fields, "mediaId": media_id})
