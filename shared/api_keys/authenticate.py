"""From the soku-api-key header to the user behind it. Called for every request of the public API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.api_keys.key import ApiKey, hash_of, is_well_formed, key_path
from shared.core.errors import Unauthorized
from shared.documents.document import Document, Documents
from shared.users.user import User, user_path


@dataclass(frozen=True)
class Caller:
    """`also` is what was read along with the user."""

    user: User
    api_key: ApiKey | None
    also: tuple[Document | None, ...] = ()

    @property
    def uid(self) -> str:
        return self.user.uid


def authenticate(
    header: str | None, *, documents: Documents, now: datetime, read_along: Callable[[str], str | None] = lambda uid: None
) -> Caller:
    """Two reads, one after the other: the key says whose it is. Raises Unauthorized; a revoked key, or a disabled user's, fails at
    once. `read_along` names a document to read in the same RPC as the user of this uid."""
    if not header:
        raise Unauthorized
    if not is_well_formed(header):
        raise Unauthorized("Invalid API key")
    [found] = documents.get(key_path(hash_of(header)))
    if found is None:
        raise Unauthorized("Invalid API key")
    key = ApiKey.from_document(found)
    if key.revoked_at is not None:
        raise Unauthorized("API key revoked")
    if key.has_expired(now):
        raise Unauthorized("API key expired")
    more = read_along(key.uid)
    document, *also = documents.get(user_path(key.uid), *([more] if more else []))
    user = User.from_document(key.uid, document)
    user.require_enabled()
    return Caller(user, key, tuple(also))
