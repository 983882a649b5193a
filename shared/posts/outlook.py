"""What may go wrong with a post that is acceptable: told when it is validated, and again shortly before it is due.

By what is kept of its accounts; nobody is asked here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.accounts.account import AccountKey
from shared.accounts.health import condition_of, renews
from shared.core.platforms import PLATFORMS
from shared.core.settings import TikTokPrivacy
from shared.documents.document import Documents
from shared.platforms.connector import Connector
from shared.platforms.content import Content
from shared.posts.addresses import draft_of
from shared.posts.submission import Target

# Of what an account may publish in a day; what was told of it longer ago says nothing any more.
NEARLY_SPENT, QUOTA_LIVES = 0.9, timedelta(hours=24)
# The codes of warnings that are about accounts: those of an earlier look are replaced by those of a later one.
ACCOUNT_GONE, TOKEN_ENDS, QUOTA_SPENT = "account_disconnected", "token_ends", "quota_nearly_spent"
NEEDS_REAUTH, MISSING_SCOPES, RESTRICTED = "account_needs_reauth", "account_missing_scopes", "account_restricted"
COMMENT_SCOPE = "linkedin_comment_scope"
_COMMENTING = frozenset({"w_member_social_feed", "w_organization_social_feed"})
OF_ACCOUNTS = (COMMENT_SCOPE, ACCOUNT_GONE, TOKEN_ENDS, QUOTA_SPENT, NEEDS_REAUTH, MISSING_SCOPES, RESTRICTED)
_CODES = {"needs_reauth": NEEDS_REAUTH, "missing_scopes": MISSING_SCOPES, "restricted": RESTRICTED}


@dataclass(frozen=True)
class PostWarning:
    """`target` is the id of the target that it is about."""

    code: str
    message: str
    target: str

    def to_fields(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "target": self.target}


@dataclass(frozen=True)
class Outlook:
    """As of now, for a post that is due at `due_at`."""

    documents: Documents
    connectors: Mapping[str, Connector]
    tiktok_privacy: TikTokPrivacy
    now: datetime
    due_at: datetime

    def warnings(self, uid: str, content: Content, targets: Sequence[Target]) -> list[PostWarning]:
        """All there is to say. One RPC."""
        return [*self.of_contents(content, targets), *self.of_accounts(uid, targets)]

    def of_contents(self, content: Content, targets: Sequence[Target]) -> Iterator[PostWarning]:
        for target in targets:
            draft, capability = draft_of(content, target)
            for remark in capability.remarks(draft):
                yield PostWarning(remark.rule, remark.message, target.target_id)
            if target.platform == "tiktok" and self.tiktok_privacy == "self_only":
                message = "TikTok shows the post to its creator alone: this Soku's app there is not audited."
                yield PostWarning("tiktok_not_audited", message, target.target_id)

    def of_accounts(self, uid: str, targets: Sequence[Target]) -> Iterator[PostWarning]:
        keys = [AccountKey(uid, target.platform, target.account_id).path for target in targets]
        for target, account in zip(targets, self.documents.get(*keys) if keys else [], strict=True):
            yield from self._of_account(target, account.fields if account is not None else None)

    def _of_account(self, target: Target, account: Mapping[str, Any] | None) -> Iterator[PostWarning]:
        label, name = PLATFORMS[target.platform], target.target_id
        if account is None:
            yield PostWarning(ACCOUNT_GONE, f"The {label} account {target.account_id!r} is not connected any more.", name)
            return
        connector = self.connectors.get(target.platform)
        condition = condition_of(account, connector, self.now)
        if condition.health in _CODES:
            yield PostWarning(_CODES[condition.health], condition.todo, name)
        ends: datetime | None = account.get("tokenExpiresAt")
        if condition.health != "needs_reauth" and ends is not None and ends <= self.due_at and not renews(account, connector):
            message = f"The {label} account's tokens end at {ends:%Y-%m-%d %H:%M} UTC, before the post is due: connect it again."
            yield PostWarning(TOKEN_ENDS, message, name)
        granted = account.get("scopes") or ()
        if target.platform == "linkedin" and target.options.get("firstComment") and granted and not _COMMENTING & set(granted):
            message = "The account's scopes may not be enough for firstComment: LinkedIn names w_member_social_feed for it."
            yield PostWarning(COMMENT_SCOPE, message, name)
        yield from self._of_quota(target)

    def _of_quota(self, target: Target) -> Iterator[PostWarning]:
        used, total, at = (target.facts.get(name) for name in ("quotaUsed", "quotaTotal", "at"))
        if used is None or not total or at is None or self.now - at > QUOTA_LIVES or used < NEARLY_SPENT * total:
            return
        label = PLATFORMS[target.platform]
        message = (
            f"{label} lets this account publish {total} posts in 24 hours by API, of which {used} were used at {at:%H:%M} UTC."
        )
        yield PostWarning(QUOTA_SPENT, message, target.target_id)
