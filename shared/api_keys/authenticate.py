"""From the soku-api-key header to the user behind it. Called for every request of the public API."""

from dataclasses import dataclass

from shared.api_keys.key import ApiKey, hash_of, is_well_formed, key_path
from shared.core.errors import Unauthorized
from shared.documents.document import Documents
from shared.users.user import User, user_path


@dataclass(frozen=True)
class Caller:
    user: User
    api_key_id: str

    @property
    def uid(self) -> str:
        return self.user.uid


def authenticate(header: str | None, *, documents: Documents) -> Caller:
    """Two reads, one after the other: the key says whose it is. Raises Unauthorized; a revoked key, or a disabled user's, fails at
    once."""
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
    [document] = documents.get(user_path(key.uid))
    user = User.from_document(key.uid, document)
    user.require_enabled()
    return Caller(user, key.id)
