"""☎, and what its answer means: published, accepted to go on by itself, refused, or nobody knows."""

import logging
from collections.abc import Sequence

from shared.documents.document import REMOVE
from shared.http.client import NoAnswer, NotSent
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Accepted, Published
from shared.posts.settle import settle
from shared.publishing.attempt import BACK_TO_PREPARING, RECONNECT_SECONDS, Attempt
from shared.publishing.backoff import MAX_BACKOFF_SECONDS
from shared.publishing.follow_ups import Postponed, not_sent, send_follow_ups
from shared.publishing.outcome import succeed

_log = logging.getLogger(__name__)

# How long after an unanswered ☎ we first look whether it worked.
FIRST_LOOK_SECONDS = 5.0


def call(attempt: Attempt) -> None:
    """From here on only an explicit refusal, or a request that never left, lets us try again."""
    label = attempt.platform.capability.label
    try:
        published = attempt.platform.publish(attempt.publication)
    except NotSent as error:
        refused(attempt, PlatformFailure("transient", f"{label} could not be reached ({error})."))
    except NoAnswer as error:
        doubt(attempt, PlatformFailure("outcome_unknown", f"{label} did not answer ({error})."))
    except PlatformFailure as failure:
        perhaps_ours = failure.kind == "duplicate" and attempt.run.doubted
        unclear = failure.kind in ("transient", "outcome_unknown") and not failure.starts_over
        if unclear or failure.may_hide_a_post or perhaps_ours:
            doubt(attempt, failure)
        else:
            refused(attempt, failure)
    else:
        if isinstance(published, Accepted):
            attempt.let_go(published.seconds, {"code": "waiting", "message": f"{label} is publishing"})
        else:
            finish(attempt, published)


def finish(attempt: Attempt, published: Published) -> None:
    """The id first, in a commit of its own where anything is still to be asked or sent; the address may stay unknown."""
    worker, publication, url = attempt.worker, attempt.publication, published.url
    follow_ups = attempt.platform.follow_ups(publication.draft) if published.post_id else ()
    if published.post_id and (url is None or follow_ups) and attempt.run.phase != "published":
        worker.write_and_renew({"phase": "published", "platformPostId": published.post_id, "platformPostUrl": url})
    if url is None and published.post_id:
        try:
            url = attempt.platform.permalink(publication, published.post_id)
        except (PlatformFailure, NotSent, NoAnswer) as error:
            _log.warning("no permalink", extra={"run": str(worker.run.path), "reason": str(error)})
    notes: Sequence[str] = publication.draft.notes
    if not published.post_id:
        notes = (
            *notes,
            *not_sent(attempt.platform.follow_ups(publication.draft), "the platform does not say which post it belongs to"),
        )
    if follow_ups:
        outcome = send_follow_ups(attempt, published.post_id, follow_ups)
        if isinstance(outcome, Postponed):
            attempt.let_go(outcome.seconds, outcome.reason, {**outcome.changes, "phase": "published", "platformPostUrl": url})
            return
        notes = (*notes, *outcome)
    succeed(worker, published.post_id, url, notes)
    settle(worker.run.path.submission_id, documents=worker.documents, clock=worker.clock)


def refused(attempt: Attempt, failure: PlatformFailure) -> None:
    """Provably nothing public by this call: wait if waiting helps, else fail. Clears INTENT."""
    pause = attempt.pause_for(failure)
    if pause is None and failure.kind == "reauth" and attempt.run.unresolved and not attempt.is_late:
        # Once the person has connected the account again, the earlier call's outcome can be found out.
        pause = RECONNECT_SECONDS, {}
    if pause is None:
        attempt.end(failure)
        return
    seconds, changes = pause
    forgotten = {"handle": REMOVE} if failure.starts_over else {}
    told = failure.without(attempt.publication.account.secrets).to_fields()
    # What an earlier call left in doubt may still turn up.
    first = {} if attempt.run.doubted else {"firstIntentAt": REMOVE}
    attempt.let_go(seconds, told, {**BACK_TO_PREPARING, **first, **changes, **forgotten})


def doubt(attempt: Attempt, failure: PlatformFailure) -> None:
    """It may be public: INTENT stays, and the next claim looks before anything else."""
    # More doublings than these would be more than the longest pause.
    seconds = min(FIRST_LOOK_SECONDS * 2 ** min(attempt.run.intents - 1, 10), MAX_BACKOFF_SECONDS)
    told = failure.without(attempt.publication.account.secrets).to_fields()
    flags = {"publishedAfterAll": failure.published_after_all, "ofACopy": failure.of_a_copy}
    attempt.let_go(seconds, told, {"callFailure": {**told, **flags}})
