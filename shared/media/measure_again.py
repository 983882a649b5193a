"""Measure an upload as the current version does, if an older one did: on its first use since."""

import logging

from shared.documents.document import REMOVE, Conflict, Document, Documents, Update
from shared.media.measure import VERSION, Measured, Measurer, Unmeasurable
from shared.media.media import MEASURED, measured_fields, stored_of
from shared.media.storage import ObjectMissing, Storage

_log = logging.getLogger(__name__)


def measure_again(document: Document, measurer: Measurer, storage: Storage, documents: Documents) -> None:
    """Twice does no harm. Raises StorageUnavailable."""
    stored = stored_of(document)
    if stored.measured_by >= VERSION:
        return

    def read(offset: int, length: int) -> bytes:
        return storage.read(stored.storage_path, offset, length)

    try:
        measured = measurer.measure(read, stored.size_bytes, stored.content_type)
    except (Unmeasurable, ObjectMissing):
        measured = Measured()
    facts = measured_fields(measured)
    changes = {"measuredBy": VERSION, **{name: facts.get(name, REMOVE) for name in MEASURED}}
    try:
        documents.commit(Update(document.path, changes, if_version=document.version))
    except Conflict:
        _log.info("media.changed_meanwhile", extra={"media": document.path})
