"""Whose a post is that a platform shows, where only its looks tell: several runs may have sent the same text to one account.

Read after the listing, in this order, so that whoever made the post is seen somewhere:
in INTENT with the same text ─► it may have made it: wait until it says so
named this post              ─► it made it
ended as outcome_unknown     ─► it may have made it, and nobody will ever know
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.documents.document import Condition, Query
from shared.platforms.failure import PlatformFailure
from shared.posts.claim import Worker
from shared.posts.post import Run

# The worker that saved INTENT, the one that looks, and the platform each have a clock of their own.
CLOCK_SKEW = timedelta(seconds=30)
# How long a run waits for another one to say which post is its own.
PATIENCE = timedelta(hours=1)
_ANOTHER = "another post with the same text on this account"


def is_anothers(post_id: str, worker: Worker, *, has_files: bool, first_intent_at: datetime, intent_at: datetime) -> bool:
    """Whether another run made this post. Three queries at most.

    Of two posts of the same text without files either run may have either. Raises PlatformFailure (transient; outcome_unknown at
    last) while another run may have made it.
    """
    run, now = worker.run, worker.clock.now()
    in_intent: Sequence[Condition] = (("accountId", "==", run.account_id), ("phase", "==", "intent"))
    rivals = _alike(worker, Query("runs", where=in_intent, limit=50, group=True))
    if _others(worker, Query("runs", where=(("platformPostId", "==", post_id),), limit=10, group=True)):
        return True
    since: Sequence[Condition] = (("accountId", "==", run.account_id), ("completedAt", ">=", first_intent_at - CLOCK_SKEW))
    if has_files and any(one.error_code == "outcome_unknown" for one in _alike(worker, Query("runs", where=since, group=True))):
        raise PlatformFailure("outcome_unknown", f"{_ANOTHER} may have been published, and this may be that one")
    if all(not has_files and _comes_after(rival, run, now) for rival in rivals):
        return False
    kind = "transient" if now - intent_at < PATIENCE else "outcome_unknown"
    raise PlatformFailure(kind, f"{_ANOTHER} is on its way, and this may be that one")


def _comes_after(rival: Run, run: Run, now: datetime) -> bool:
    """Of two that nobody is at work on, the first by name takes what is there."""
    is_at_work = rival.lease_until is not None and rival.lease_until + CLOCK_SKEW > now
    return not is_at_work and str(run.path) < str(rival.path)


def _alike(worker: Worker, query: Query) -> list[Run]:
    return [one for one in _others(worker, query) if _text(one) == _text(worker.run)]


def _others(worker: Worker, query: Query) -> list[Run]:
    """On the same account, whichever of Soku's users connected it."""
    run = worker.run
    found = [Run.from_document(document) for document in worker.documents.query(query)]
    there = (run.platform, run.account_id)
    return [one for one in found if one.path != run.path and (one.platform, one.account_id) == there]


def _text(run: Run) -> str:
    return run.options.get("text") or run.content.text
