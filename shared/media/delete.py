"""Delete an upload: unusable at once, its bytes an hour later, unless a post came in between that names it."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import MediaInUse, NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Condition, Conflict, Delete, Document, Documents, Increment, Query, Update, Write
from shared.media.media import is_stored, media_path
from shared.media.storage import Storage
from shared.media.uploads import hash_path
from shared.users.user import user_path

_log = logging.getLogger(__name__)

# A request that found the file a moment ago has made its post by then.
GRACE = timedelta(hours=1)
# Of the posts that keep a file from being deleted, so many are named.
MAX_NAMED = 20


def delete_media(uid: str, media_id: str, *, documents: Documents, clock: Clock) -> None:
    """Twice does no harm. Raises NotFound, also for another user's, and MediaInUse."""

    def attempt() -> None:
        media, [*posts] = own_media(uid, media_id, documents), unfinished_posts(uid, media_id, documents)
        if posts:
            raise MediaInUse(facts={"postSubmissionIds": posts})
        now = clock.now()
        forgotten: list[Write] = [Delete(path) for path in media.fields.get("records") or ()]
        forgotten.append(Delete(hash_path(uid, media.fields["sha256"])))
        freed = Update(user_path(uid), {"storageBytes": Increment(-int(media.fields["sizeBytes"]))})
        changes = {"deletedAt": now, "sweepAt": now + GRACE, "records": REMOVE}
        documents.commit(Update(media.path, changes, if_version=media.version), *forgotten, freed)

    read_modify_write(attempt)


def own_media(uid: str, media_id: str, documents: Documents) -> Document:
    """The upload, as long as it is not deleted. Raises NotFound."""
    [document] = documents.get(media_path(media_id))
    if document is None or document.fields.get("uid") != uid or document.fields.get("deletedAt") is not None:
        raise NotFound("There is no media with this id")
    if not is_stored(document):
        raise NotFound("The media with this id is broken: upload it again")
    return document


def unfinished_posts(uid: str, media_id: str, documents: Documents) -> Sequence[str]:
    """Those of the user's posts that name it and are not over yet."""
    where: Sequence[Condition] = (("uid", "==", uid), ("openMediaIds", "array_contains", media_id))
    return [document.id for document in documents.query(Query("postSubmissions", where=where, limit=MAX_NAMED))]


def free(media_id: str, *, documents: Documents, storage: Storage, clock: Clock) -> None:
    """An hour later, by `ingest`: the bytes, then the document. Raises StorageUnavailable."""
    [document] = documents.get(media_path(media_id))
    fields: Any = document.fields if document is not None else {}
    if document is None or fields.get("deletedAt") is None or clock.now() < fields["deletedAt"] + GRACE:
        return
    # Whoever has changed it meanwhile did the same, or will have it looked at again.
    with suppress(Conflict):
        if unfinished_posts(fields["uid"], media_id, documents):
            # It is looked at again once that post may be over.
            documents.commit(Update(document.path, {"sweepAt": clock.now() + GRACE}, if_version=document.version))
            return
        storage.delete(fields["storagePath"])
        documents.commit(Delete(document.path, if_version=document.version))
    _log.info("media.freed", extra={"media": document.path})
