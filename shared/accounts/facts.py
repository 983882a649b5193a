"""What a platform says of an account beside its tokens (X: Premium; TikTok: who may see its posts): kept with the user, so that a
post is judged by it without asking, and renewed monthly.
"""

import logging

from shared.accounts.account import FACTS_RENEWED_AFTER, AccountKey, facts_fields
from shared.accounts.tokens import TokenKeeper
from shared.documents.document import Conflict, Update
from shared.http.client import NoAnswer, NotSent
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.users.user import user_path

_log = logging.getLogger(__name__)


def renew_facts(key: AccountKey, tokens: TokenKeeper) -> None:
    """As the sweeper wants it, once a month. What cannot be asked now is asked again the next day."""
    connector = tokens.connectors.get(key.platform)
    if connector is None or connector.facts is None:
        return
    try:
        credentials = tokens.usable(key)
        if not isinstance(credentials, Credentials):
            return
        facts = connector.facts(tokens.http, credentials)
    except (PlatformFailure, NotSent, NoAnswer) as error:
        _log.info("account.facts_unknown", extra={"account": key.credentials_path, "reason": str(error)})
        return
    now, path = tokens.clock.now(), ("accountFacts", key.platform, key.account_id)
    try:
        tokens.documents.commit(
            Update(user_path(key.uid), {path: facts_fields(facts, now)}),
            Update(key.credentials_path, {"factsDueAt": now + FACTS_RENEWED_AFTER}),
        )
    except Conflict:
        _log.info("account.gone", extra={"account": key.credentials_path})
