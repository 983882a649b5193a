"""Documents in Firestore, one RPC per call and no retries of its own: `ReliableDocuments` decides about those."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.field_path import FieldPath as FirestoreFieldPath
from google.protobuf.timestamp_pb2 import Timestamp

from shared.documents.document import (
    COMMIT_TIME,
    REMOVE,
    Conflict,
    Create,
    Delete,
    Document,
    Increment,
    Merge,
    Query,
    Unavailable,
    Update,
    Version,
    Write,
)
from shared.documents.reliable import ReliableDocuments

# A regional commit takes 10-40 ms; after this long the answer is taken for lost.
RPC_TIMEOUT_SECONDS = 5.0

_REFUSED = (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound)
_UNANSWERED = (
    exceptions.ServiceUnavailable,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.Aborted,
    exceptions.ResourceExhausted,
    exceptions.Cancelled,
    exceptions.Unknown,
    exceptions.RetryError,
)


class FirestoreDocuments:
    """Google's client behind the `Documents` protocol."""

    def __init__(self, project_id: str) -> None:
        self._client = firestore.Client(project=project_id)

    def get(self, *paths: str) -> list[Document | None]:
        references = [self._client.document(path) for path in dict.fromkeys(paths)]
        found: dict[str, Document] = {}
        try:
            for snapshot in self._client.get_all(references, retry=None, timeout=RPC_TIMEOUT_SECONDS):
                if snapshot.exists:
                    document = _document(snapshot)
                    found[document.path] = document
        except _UNANSWERED as error:
            raise Unavailable from error
        return [found.get(path) for path in paths]

    def commit(self, *writes: Write) -> Version:
        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        try:
            batch.commit(retry=None, timeout=RPC_TIMEOUT_SECONDS)
        except _REFUSED as error:
            raise Conflict from error
        except _UNANSWERED as error:
            raise Unavailable from error
        return batch.commit_time

    def query(self, query: Query) -> list[Document]:
        built = self._client.collection_group(query.collection) if query.group else self._client.collection(query.collection)
        for name, operator, value in query.where:
            built = built.where(filter=FieldFilter(name, operator, value))
        if query.order_by:
            direction = firestore.Query.DESCENDING if query.descending else firestore.Query.ASCENDING
            built = built.order_by(query.order_by, direction=direction).order_by("__name__", direction=direction)
        if query.order_by and query.after:
            value, path = query.after
            built = built.start_after({query.order_by: value, "__name__": self._client.document(path)})
        try:
            snapshots = built.limit(query.limit).get(retry=None, timeout=RPC_TIMEOUT_SECONDS)
        except _UNANSWERED as error:
            raise Unavailable from error
        return [_document(snapshot) for snapshot in snapshots]

    def _add(self, batch: firestore.WriteBatch, write: Write) -> None:
        reference = self._client.document(write.path)
        match write:
            case Create():
                batch.create(reference, dict(write.fields))
            case Update():
                batch.update(reference, _changes(write.fields), option=self._at_version(write.if_version))
            case Merge():
                batch.set(reference, dict(write.fields), merge=True)
            case Delete():
                batch.delete(reference, option=self._at_version(write.if_version))

    def _at_version(self, version: Version | None) -> Any:
        return None if version is None else self._client.write_option(last_update_time=version)


def _document(snapshot: Any) -> Document:
    read_at = snapshot.read_time
    # Those of a group query's documents are left by the client as protocol buffers have them.
    if isinstance(read_at, Timestamp):
        read_at = read_at.ToDatetime(tzinfo=UTC)
    return Document(snapshot.reference.path, snapshot.to_dict() or {}, snapshot.update_time, read_at)


def _changes(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {_dotted(name): _value(value) for name, value in fields.items()}


def _dotted(name: str | tuple[str, ...]) -> str:
    """Firestore's own spelling of a path into maps, with odd names quoted."""
    return FirestoreFieldPath(*((name,) if isinstance(name, str) else name)).to_api_repr()


def _value(value: Any) -> Any:
    if value is REMOVE:
        return firestore.DELETE_FIELD
    if value is COMMIT_TIME:
        return firestore.SERVER_TIMESTAMP
    return firestore.Increment(value.by) if isinstance(value, Increment) else value


def connect(project_id: str) -> ReliableDocuments:
    """Documents as every function uses them. FIRESTORE_EMULATOR_HOST, if set, leads to the emulator."""
    return ReliableDocuments(FirestoreDocuments(project_id))
