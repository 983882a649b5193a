"""What is written of an account's tokens: new ones, or that they are dead. Every write carries the version that was read."""

from datetime import datetime

from shared.accounts.account import AccountKey, open_credentials
from shared.accounts.connect import secret_fields
from shared.accounts.events import account_event, told_about
from shared.core.encryption import Cipher
from shared.documents.change import read_modify_write
from shared.documents.document import Changes, Conflict, Document, Documents, Update, Write
from shared.platforms.credentials import Credentials
from shared.users.user import user_path


def store(key: AccountKey, held: Document, fresh: Credentials, *, documents: Documents, cipher: Cipher) -> Credentials | None:
    """The tokens that the account has afterwards: these, unless the document holds other ones by now, which are newer; None if it
    is gone."""
    connection = str(held.fields.get("connection") or "")
    secret = secret_fields(key.uid, key.platform, key.account_id, fresh, cipher, connection=connection)
    found: Document | None = held

    def attempt() -> Credentials | None:
        nonlocal found
        if found is None:
            [found] = documents.get(key.credentials_path)
        if found is None:
            return None
        if found.fields.get("generation") != held.fields.get("generation"):
            return open_credentials(found, cipher)
        lives: Changes = {"tokenExpiresAt": fresh.expires_at}
        writes = [Update(key.path, lives)]
        if found.fields.get("dead"):
            # Given up by somebody meanwhile, and too soon.
            revived = Update(user_path(key.uid), {("accounts", key.platform, key.account_id): "connected"})
            writes = [Update(key.path, {**lives, "status": "connected"}), revived]
        update = Update(key.credentials_path, secret, if_version=found.version)
        # Read anew if it was parked or given up meanwhile.
        found = None
        _commit(documents, update, *writes)
        return fresh

    return read_modify_write(attempt)


def mark_needs_reauth(key: AccountKey, document: Document, documents: Documents, now: datetime) -> None:
    """The tokens, the account and the user's summary in one commit. Raises Conflict if the tokens changed meanwhile."""
    dead = Update(document.path, {"dead": True, "refreshAt": None, "refreshingUntil": None}, if_version=document.version)
    account = Update(key.path, {"status": "needs_reauth"})
    summary = Update(user_path(key.uid), {("accounts", key.platform, key.account_id): "needs_reauth"})
    events = account_event(key, "needs_reauth", told_about(key, documents), now)
    _commit(documents, dead, account, summary, *events)


def _commit(documents: Documents, tokens: Update, *rest: Write) -> None:
    """All of it; the tokens alone where what they belong to was deleted. Raises Conflict if the tokens changed meanwhile."""
    try:
        documents.commit(tokens, *rest)
        return
    except Conflict:
        pass
    [document] = documents.get(tokens.path)
    if document is None or document.version != tokens.if_version:
        raise Conflict(tokens.path)
    documents.commit(tokens)
