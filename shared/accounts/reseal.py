"""Encrypt the tokens that an older key encrypted with the current one, so that the older one can be retired; the sweeper calls it.
Webhooks' secrets likewise (shared/webhooks/reseal.py).

What else is encrypted lapses by itself: what a run keeps within a day after its post, an OAuth state within ten minutes.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from shared.core.clock import Clock
from shared.core.encryption import CannotDecrypt, Cipher
from shared.documents.document import Changes, Condition, Conflict, Document, Documents, Query, Update

_log = logging.getLogger(__name__)

# Of a tick; the next one goes on.
PORTION = timedelta(seconds=10)
BATCH = 100


# What of a document is encrypted anew: its changes. Raises CannotDecrypt.
Resealed = Callable[[Document, Cipher], Changes]


def reseal(cipher: Cipher, *, documents: Documents, clock: Clock) -> int:
    """How many accounts' tokens were encrypted anew. Asks nothing as long as there is one key."""
    return reseal_all("credentials", _tokens, cipher, documents=documents, clock=clock)


def reseal_all(collection: str, resealed: Resealed, cipher: Cipher, *, documents: Documents, clock: Clock) -> int:
    """Of all collections of that name, whose documents say in `keyId` which key it was."""
    until, count = clock.now() + PORTION, 0
    for key_id in cipher.older_keys:
        after: tuple[str, str] | None = None
        while clock.now() < until:
            where: Sequence[Condition] = (("keyId", "==", key_id),)
            found = documents.query(Query(collection, where=where, order_by="keyId", limit=BATCH, group=True, after=after))
            count += sum(_is_resealed(document, resealed, cipher, documents) for document in found)
            if len(found) < BATCH:
                break
            # Past those that cannot be read.
            after = (key_id, found[-1].path)
    if count:
        _log.info("credentials.resealed", extra={"count": count})
    return count


def _tokens(document: Document, cipher: Cipher) -> Changes:
    return cipher.seal(cipher.open(document.fields, path=document.path), path=document.path)


def _is_resealed(document: Document, resealed: Resealed, cipher: Cipher, documents: Documents) -> bool:
    try:
        documents.commit(Update(document.path, resealed(document, cipher), if_version=document.version))
    except CannotDecrypt:
        _log.error("credentials.unreadable", extra={"document": document.path})
        return False
    except Conflict:
        # Changed meanwhile, and so encrypted with the current key, or next time.
        return False
    return True
