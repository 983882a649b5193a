"""Work that is done once per key, and commits the key's record with its own writes. The record names what was made or changed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.core.errors import SokuError
from shared.documents.document import Create, Documents, Update, Write
from shared.idempotency.record import IdempotencyKey, look_up, record_fields

# Of the id of what is made or changed, at a time: what is to be committed with it. Asked again at each try. Raises DoneBefore.
Guard = Callable[[str, datetime], Sequence[Write]]


class DoneBefore(SokuError):
    """A request with this key has done it; `id` is what that has made or changed."""

    def __init__(self, made_id: str) -> None:
        super().__init__(made_id)
        self.id = made_id


def no_guard(made_id: str, now: datetime) -> Sequence[Write]:
    """Of a request without a key."""
    return ()


def guarded_by(key: IdempotencyKey, request_id: str, documents: Documents) -> Guard:
    """One read per try. Raises IdempotencyConflict where the key belongs to another body."""

    def guard(made_id: str, now: datetime) -> Sequence[Write]:
        earlier = look_up(key, documents=documents, now=now)
        if earlier.replay is not None:
            raise DoneBefore(earlier.replay.body["id"])
        record = record_fields(key, status=200, body={"id": made_id}, request_id=request_id, now=now, lives_from=now)
        if earlier.expired_version is not None:
            return [Update(key.path, record, if_version=earlier.expired_version)]
        return [Create(key.path, record)]

    return guard
