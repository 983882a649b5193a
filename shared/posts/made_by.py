"""Which runs have published: a certain post, by the id that its platform gave it; or anything on an account."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.accounts.account import AccountKey
from shared.documents.document import Condition, Documents, Query
from shared.posts.run import Run

MOST = 10


def other_makers(platform_post_id: str, run: Run, documents: Documents) -> list[Run]:
    """Runs beside this one, on the same account, whichever of Soku's users connected it. One query."""
    # On other accounts, and other platforms, the same id is another post.
    there: Sequence[Condition] = (
        ("platform", "==", run.platform),
        ("accountId", "==", run.account_id),
        ("platformPostId", "==", platform_post_id),
    )
    query = Query("runs", where=there, limit=MOST, group=True)
    return others(run, map(Run.from_document, documents.query(query)))


def last_success_at(account: AccountKey, documents: Documents) -> datetime | None:
    """When the account last published something. One query, one read."""
    where: Sequence[Condition] = (
        ("uid", "==", account.uid),
        ("platform", "==", account.platform),
        ("accountId", "==", account.account_id),
        ("status", "==", "succeeded"),
    )
    latest = documents.query(Query("runs", where=where, order_by="completedAt", descending=True, limit=1, group=True))
    return latest[0].fields["completedAt"] if latest else None


def others(run: Run, found: Iterable[Run]) -> list[Run]:
    """Those among them that are not this run, and on its account."""
    there = (run.platform, run.account_id)
    return [other for other in found if other.path != run.path and (other.platform, other.account_id) == there]
