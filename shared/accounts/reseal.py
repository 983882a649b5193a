"""Encrypt the tokens that an older key encrypted with the current one, so that the older one can be retired; the sweeper calls it.

What else is encrypted lapses by itself: what a run keeps within a day after its post, an OAuth state within ten minutes.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from shared.core.clock import Clock
from shared.core.encryption import CannotDecrypt, Cipher
from shared.documents.document import Condition, Conflict, Document, Documents, Query, Update

_log = logging.getLogger(__name__)

# Of a tick; the next one goes on.
PORTION = timedelta(seconds=10)
BATCH = 100


def reseal(cipher: Cipher, *, documents: Documents, clock: Clock) -> int:
    """How many were encrypted anew. Asks nothing as long as there is one key."""
    until, count = clock.now() + PORTION, 0
    for key_id in cipher.older_keys:
        after: tuple[str, str] | None = None
        while clock.now() < until:
            where: Sequence[Condition] = (("keyId", "==", key_id),)
            found = documents.query(Query("credentials", where=where, order_by="keyId", limit=BATCH, group=True, after=after))
            count += sum(_resealed(document, cipher, documents) for document in found)
            if len(found) < BATCH:
                break
            # Past those that cannot be read.
            after = (key_id, found[-1].path)
    if count:
        _log.info("credentials.resealed", extra={"count": count})
    return count


def _resealed(document: Document, cipher: Cipher, documents: Documents) -> bool:
    try:
        sealed = cipher.seal(cipher.open(document.fields, path=document.path), path=document.path)
        documents.commit(Update(document.path, sealed, if_version=document.version))
    except CannotDecrypt:
        _log.error("credentials.unreadable", extra={"document": document.path})
        return False
    except Conflict:
        # Renewed meanwhile, and so encrypted with the current key.
        return False
    return True
