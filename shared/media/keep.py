"""Make a stored file one of its user's: an upload, or an image that was drawn.

The same bytes twice are one file of that user: `users/{uid}/mediaByHash/{sha256}` is made in the commit that makes the media.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from shared.core.clock import Clock
from shared.documents.document import Create, Document, Documents, Increment, Update, Write
from shared.jobs.handler import JobFailed, Outcome, Succeeded, Work
from shared.jobs.job import Job
from shared.media.leftovers import delete_quietly
from shared.media.media import StoredMedia, media_path
from shared.media.storage import Storage
from shared.media.uploads import hash_path, over_quota
from shared.users.user import User, user_path

# Requests that a file remembers, to be forgotten with it; an older one's replay then names a file that is gone.
MAX_RECORDS = 20


@dataclass(frozen=True)
class Keeping:
    """`quota_bytes` is the most of all that one user keeps."""

    storage: Storage
    documents: Documents
    clock: Clock
    quota_bytes: int

    def keep(self, work: Work, stored: StoredMedia) -> Outcome:
        """The job's end: the file's address and id. Raises JobFailed over the quota; a file that is not kept is deleted."""
        job = work.job
        known, user = self.documents.get(hash_path(job.uid, stored.sha256), user_path(job.uid))
        if known is not None:
            [media] = self.documents.get(media_path(known.fields["mediaId"]))
            if media is not None and media.fields.get("deletedAt") is None:
                delete_quietly(stored.storage_path, self.storage)
                return Succeeded(_result(media.id, media.fields["url"]), [_remembering(media, job.record_path)])
        if User.from_document(job.uid, user).storage_bytes + stored.size_bytes > self.quota_bytes:
            delete_quietly(stored.storage_path, self.storage)
            raise JobFailed("storage_quota_exceeded", over_quota(self.quota_bytes))
        return Succeeded(_result(stored.media_id, stored.url), self._writes(stored, job, known, user))

    def _writes(self, stored: StoredMedia, job: Job, known: Document | None, user: Document | None) -> Sequence[Write]:
        """`known` is the hash's document of a file that was deleted; `user` may be gone."""
        records = [job.record_path] if job.record_path else []
        media = {"uid": job.uid, **stored.to_fields(), "createdAt": self.clock.now(), "deletedAt": None, "records": records}
        by_hash, named = hash_path(job.uid, stored.sha256), {"mediaId": stored.media_id}
        pointing: Write = Create(by_hash, named) if known is None else Update(by_hash, named, if_version=known.version)
        counted = [Update(user.path, {"storageBytes": Increment(stored.size_bytes)})] if user is not None else []
        return [Create(media_path(stored.media_id), media), pointing, *counted]


def _remembering(media: Document, record_path: str | None) -> Write:
    records = [*cast("list[str]", media.fields.get("records") or []), *([record_path] if record_path else [])]
    return Update(media.path, {"records": records[-MAX_RECORDS:]}, if_version=media.version)


def _result(media_id: str, url: str) -> Mapping[str, Any]:
    return {"url": url, "id": media_id}
