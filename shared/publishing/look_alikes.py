"""Attribute a listed post to one of several runs with identical text on the same account: all that tells them apart is its looks.

Read after the listing, in this order, so that whoever made the post is seen somewhere:
with an intent and the same text ─► it may have made it: wait for its outcome
named this post              ─► it made it
ended without a name         ─► it may have made it, and nobody will ever know
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.documents.document import Condition, Documents, Query
from shared.platforms.compose import compose
from shared.platforms.failure import PerhapsAnothers
from shared.platforms.rules import Capability
from shared.posts.made_by import other_makers, others
from shared.posts.run import Run

# The worker that saved the intent, the one that looks, and the platform each have a clock of their own.
CLOCK_SKEW = timedelta(seconds=30)
# How long after its first intent a run waits for another one to say which post is its own.
PATIENCE = timedelta(hours=1)
# Of more runs than these at once on one account nobody looks through all.
MOST = 300


def is_anothers(
    post_id: str, run: Run, capability: Capability, first_intent_at: datetime, *, documents: Documents, now: datetime
) -> bool:
    """Whether another run made this post. Three queries at most.

    Of two that want the very same either may have either, if whoever asks begins with the oldest post. Raises PerhapsAnothers
    (transient; outcome_unknown at last) while another run may have made it.
    """
    in_intent: Sequence[Condition] = (("accountId", "==", run.account_id), ("phase", "==", "intent"))
    others, are_all = _alike(run, capability, documents, Query("runs", where=in_intent, limit=MOST, group=True))
    if other_makers(post_id, run, documents):
        return True
    since: Sequence[Condition] = (("accountId", "==", run.account_id), ("completedAt", ">=", first_intent_at - CLOCK_SKEW))
    ended, have_all_ended = _alike(run, capability, documents, Query("runs", where=since, limit=MOST, group=True))
    if any(_may_have_made_any(one) and not _wants_the_same(one, run) for one in ended):
        raise PerhapsAnothers("outcome_unknown", "of which nobody knows which one it is")
    if are_all and have_all_ended and all(_wants_the_same(other, run) and _comes_after(other, run, now) for other in others):
        return False
    raise PerhapsAnothers("transient" if now - first_intent_at < PATIENCE else "outcome_unknown", "which is on its way")


def _may_have_made_any(ended: Run) -> bool:
    """Published without a name, or perhaps published."""
    return ended.error_code == "outcome_unknown" or (ended.status == "succeeded" and ended.platform_post_id is None)


def _wants_the_same(one: Run, other: Run) -> bool:
    return one.content == other.content and one.options == other.options


def _comes_after(other: Run, run: Run, now: datetime) -> bool:
    """Of two that nobody is at work on, the earlier one takes what is there."""
    is_at_work = other.lease_until is not None and other.lease_until + CLOCK_SKEW > now
    return not is_at_work and (run.due_at, str(run.path)) < (other.due_at, str(other.path))


def _alike(run: Run, capability: Capability, documents: Documents, query: Query) -> tuple[list[Run], bool]:
    """Those with the same text, and whether these are all."""
    found, text = documents.query(query), _text(run, capability)
    return [one for one in others(run, map(Run.from_document, found)) if _text(one, capability) == text], len(found) < query.limit


def _text(run: Run, capability: Capability) -> str:
    """As the platform shows it: none with a story."""
    return " ".join(compose(run.content, capability, run.options).text.split())
