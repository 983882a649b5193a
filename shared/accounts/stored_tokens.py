"""What is written of an account's tokens: new ones, or that they are dead. Every write carries the version that was read."""

from dataclasses import replace

from shared.accounts.account import AccountKey, open_credentials
from shared.accounts.connect import secret_fields
from shared.core.encryption import Cipher
from shared.documents.document import Changes, Conflict, Document, Documents, Update, Write
from shared.platforms.credentials import Credentials
from shared.users.user import user_path


def store(key: AccountKey, held: Document, fresh: Credentials, *, documents: Documents, cipher: Cipher) -> Credentials | None:
    """The tokens that the account has afterwards: these, unless the document holds other ones by now, which are newer; None if it
    is gone."""
    connection = str(held.fields.get("connection") or "")
    secret = secret_fields(key.uid, key.platform, key.account_id, fresh, cipher, connection=connection)
    while True:
        lives: Changes = {"tokenExpiresAt": fresh.expires_at}
        writes = [Update(key.path, lives)]
        if held.fields.get("dead"):
            # Given up by somebody meanwhile, and too soon.
            revived = Update(user_path(key.uid), {("accounts", key.platform, key.account_id): "connected"})
            writes = [replace(writes[0], fields={**lives, "status": "connected"}), revived]
        if _committed(documents, Update(key.credentials_path, secret, if_version=held.version), *writes):
            return fresh
        [document] = documents.get(key.credentials_path)
        if document is None:
            return None
        if document.fields.get("generation") != held.fields.get("generation"):
            return open_credentials(document, cipher)
        # The same tokens, parked or given up meanwhile.
        held = document


def bury(key: AccountKey, document: Document, documents: Documents) -> None:
    """The tokens, the account and the user's digest in one commit. Raises Conflict if the tokens changed meanwhile."""
    dead = Update(document.path, {"dead": True, "refreshAt": None, "refreshingUntil": None}, if_version=document.version)
    account = Update(key.path, {"status": "needs_reauth"})
    digest = Update(user_path(key.uid), {("accounts", key.platform, key.account_id): "needs_reauth"})
    if not _committed(documents, dead, account, digest):
        raise Conflict(document.path)


def _committed(documents: Documents, tokens: Update, *rest: Write) -> bool:
    """All of it; the tokens alone where what they belong to was deleted. False if the tokens changed meanwhile."""
    try:
        documents.commit(tokens, *rest)
        return True
    except Conflict:
        pass
    [document] = documents.get(tokens.path)
    if document is None or document.version != tokens.if_version:
        return False
    try:
        documents.commit(tokens)
        return True
    except Conflict:
        return False
