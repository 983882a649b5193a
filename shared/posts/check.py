"""Look once more at a scheduled post, five minutes before it is due: are its accounts there, their tokens good until then, is there
room in what they may publish? Called by the refresher; what it finds stands in the post's `warnings`, and nothing waits for it.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from shared.accounts.account import AccountKey, facts_fields
from shared.accounts.health import probe
from shared.accounts.tokens import TokenKeeper
from shared.core.encryption import CannotDecrypt
from shared.core.settings import TikTokPrivacy
from shared.documents.change import read_modify_write
from shared.documents.document import Changes, Conflict, Document, Update
from shared.http.client import Http, NoAnswer, NotSent
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.posts.events import warned
from shared.posts.file_warnings import MAX_WARNINGS
from shared.posts.outlook import OF_ACCOUNTS, Outlook, PostWarning
from shared.posts.run import submission_path
from shared.posts.state import state_of_submission
from shared.posts.submission import Submission, Target
from shared.users.user import user_path

_log = logging.getLogger(__name__)

# Beyond that the others are judged by what is kept of them: a delivery has 90 seconds.
WORK_TIME = timedelta(seconds=45)
# Whose quotas are asked.
ASKED = ("instagram", "threads")


@dataclass(frozen=True)
class CheckPorts:
    """`quick` gives a platform ten seconds; tokens are renewed by `tokens`' own, whose answer must not be lost."""

    tokens: TokenKeeper
    quick: Http
    tiktok_privacy: TikTokPrivacy


def check_post(submission_id: str, ports: CheckPorts) -> None:
    documents, clock = ports.tokens.documents, ports.tokens.clock
    [document] = documents.get(submission_path(submission_id))
    submission = Submission.from_document(document) if document is not None else None
    if submission is None or submission.status != "queued" or submission.due_at <= clock.now():
        return
    until = clock.now() + WORK_TIME
    targets = [_asked(submission, target, ports) if clock.now() < until else target for target in submission.targets]
    outlook = Outlook(documents, ports.tokens.connectors, ports.tiktok_privacy, clock.now(), submission.due_at)
    found = list(outlook.of_accounts(submission.uid, targets))

    def attempt() -> None:
        [current] = documents.get(submission.path)
        if current is None or not _is_the_same(current, submission):
            return
        changes = _changes(current, found, ports)
        if changes:
            now = Submission.from_document(current)
            told = warned(now, changes["warnings"], state_of_submission(current.fields), clock.now())
            documents.commit(Update(current.path, changes, if_version=current.version), *told)

    read_modify_write(attempt)


def _is_the_same(current: Document, submission: Submission) -> bool:
    """What was looked at is still what will be sent, and not yet begun."""
    now = Submission.from_document(current)
    return now.status == "queued" and now.content_revision == submission.content_revision


def _changes(current: Document, found: Sequence[PostWarning], ports: CheckPorts) -> Changes:
    """In place of what an earlier look found; nothing where both found the same."""
    now = ports.tokens.clock.now()
    told: Sequence[Mapping[str, Any]] = current.fields.get("warnings", ())
    before = [warning for warning in told if warning["code"] in OF_ACCOUNTS]
    fresh = [warning.to_fields() for warning in found]
    if [{name: value for name, value in one.items() if name != "at"} for one in before] == fresh:
        return {}
    kept = [warning for warning in told if warning["code"] not in OF_ACCOUNTS]
    return {"warnings": [*kept, *({**one, "at": now} for one in fresh)][-MAX_WARNINGS:], "updatedAt": now}


def _asked(submission: Submission, target: Target, ports: CheckPorts) -> Target:
    """The target with what its platform says of the account now; its tokens renewed where they end before the post is due."""
    key = AccountKey(submission.uid, target.platform, target.account_id)
    connector = ports.tokens.connectors.get(target.platform)
    if connector is None:
        return target
    try:
        credentials = ports.tokens.usable(key, until=submission.due_at)
        if not isinstance(credentials, Credentials) or target.platform not in ASKED:
            return target
        facts = facts_fields(probe(connector, ports.quick, credentials), ports.tokens.clock.now())
    except (PlatformFailure, NotSent, NoAnswer, CannotDecrypt) as error:
        # The post is tried all the same.
        _log.info("check.platform_silent", extra={"account": key.path, "reason": str(error)})
        return target
    with suppress(Conflict):
        path = ("accountFacts", key.platform, key.account_id)
        ports.tokens.documents.commit(Update(user_path(key.uid), {path: facts}))
    return replace(target, facts=facts)
