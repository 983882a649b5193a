"""Encrypt the secrets that an older key encrypted with the current one (shared/accounts/reseal.py has the tokens).

The one before a rotation signs for a day more, and is left as it is.
"""

from shared.accounts.reseal import reseal_all
from shared.core.clock import Clock
from shared.core.encryption import Cipher
from shared.documents.document import Changes, Document, Documents


def reseal_webhooks(cipher: Cipher, *, documents: Documents, clock: Clock) -> int:
    """How many were encrypted anew."""
    return reseal_all("webhooks", _secret, cipher, documents=documents, clock=clock)


def _secret(document: Document, cipher: Cipher) -> Changes:
    sealed = cipher.seal(cipher.open(document.fields["secret"], path=document.path), path=document.path)
    return {"secret": sealed, "keyId": sealed["keyId"]}
