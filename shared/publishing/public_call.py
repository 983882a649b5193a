"""The non-idempotent public call and how its response is classified: published, accepted, refused, or outcome unknown."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from shared.core.wait import Wait
from shared.documents.document import REMOVE
from shared.http.client import NoAnswer, NotSent
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Failed, Published
from shared.posts.run import ROLLED_BACK, made_public
from shared.publishing.attempt import RECONNECT_SECONDS, Attempt, waiting_after
from shared.publishing.backoff import MAX_BACKOFF_SECONDS
from shared.publishing.follow_ups import not_sent, send_follow_ups
from shared.publishing.outcome import Outcome, Succeeded

_log = logging.getLogger(__name__)

# How long after an unanswered call we first look whether it worked.
FIRST_LOOK_SECONDS = 5.0


def call(attempt: Attempt) -> Outcome:
    """From here on only an explicit refusal, or a request that never left, lets us try again."""
    label = attempt.platform.capability.label
    try:
        published = attempt.platform.publish(attempt.publication)
    except NotSent as error:
        return refused(attempt, PlatformFailure("transient", f"{label} could not be reached ({error})."))
    except NoAnswer as error:
        return unknown(attempt, PlatformFailure("outcome_unknown", f"{label} did not answer ({error})."))
    except PlatformFailure as failure:
        perhaps_ours = failure.kind == "duplicate" and not failure.is_final
        unclear = failure.kind in ("transient", "outcome_unknown") and not failure.starts_over
        if unclear or failure.may_hide_a_post or perhaps_ours:
            return unknown(attempt, failure)
        return refused(attempt, failure)
    return published if isinstance(published, Wait) else completed(attempt, published)


def completed(attempt: Attempt, published: Published) -> Outcome:
    """The id first, in a commit of its own where anything is still to be asked or sent; the address may stay unknown."""
    lease, publication, url = attempt.lease, attempt.publication, published.url
    follow_ups = attempt.platform.follow_ups(publication.draft) if published.post_id else ()
    if published.post_id and (url is None or follow_ups) and attempt.run.phase != "published":
        lease.renew(made_public(published.post_id, url, merged(publication.draft.notes, published.notes)))
    if url is None and published.post_id:
        try:
            url = attempt.platform.permalink(publication, published.post_id)
        except (PlatformFailure, NotSent, NoAnswer) as error:
            _log.info("run.permalink_unknown", extra={"run": str(lease.run.path), "reason": str(error)})
    notes = merged(publication.draft.notes, published.notes)
    if not published.post_id:
        nameless = "the platform does not say which post it belongs to"
        notes = (*notes, *not_sent(attempt.platform.follow_ups(publication.draft), nameless))
    if follow_ups and lease.is_orphaned:
        notes = (*notes, *not_sent(follow_ups, "the post was deleted", attempt.run.follow_ups))
    elif follow_ups:
        sent = send_follow_ups(attempt, published.post_id, follow_ups)
        if isinstance(sent, Wait):
            return replace(sent, changes={**sent.changes, "platformPostUrl": url})
        notes = (*notes, *sent)
    return Succeeded(published.post_id, url, notes)


def merged(*notes: Sequence[str]) -> Sequence[str]:
    """Each once: a worker that goes on finds some of its draft's among what an earlier one saved."""
    return tuple(dict.fromkeys(note for some in notes for note in some))


def refused(attempt: Attempt, failure: PlatformFailure) -> Wait | Failed:
    """Provably nothing public by this call: roll back and wait if waiting helps, else fail."""
    after = attempt.after(failure)
    if isinstance(after, Failed):
        if failure.kind != "reauth" or not attempt.run.unresolved or attempt.is_late:
            return after
        # Once the person has connected the account again, the earlier call's outcome can be found out.
        after = waiting_after(after.failure, RECONNECT_SECONDS)
    without_handle = {"handle": REMOVE} if failure.starts_over else {}
    # What an earlier call left unknown may still turn up.
    first = {} if attempt.run.doubted else {"firstIntentAt": REMOVE}
    return replace(after, changes={**ROLLED_BACK, **first, **after.changes, **without_handle})


def unknown(attempt: Attempt, failure: PlatformFailure) -> Wait:
    """Outcome unknown: keep the write-ahead intent; the next lease holder reconciles before anything else."""
    # More doublings than these would be more than the longest pause.
    seconds = min(FIRST_LOOK_SECONDS * 2 ** min(attempt.run.intents - 1, 10), MAX_BACKOFF_SECONDS)
    if failure.kind == "duplicate" and not attempt.run.doubted:
        # Most likely it is as the platform says.
        seconds = 0.0
    shown = attempt.redacted(failure)
    flags = {"publishedAfterAll": failure.published_after_all, "ofACopy": failure.of_a_copy}
    return waiting_after(shown, seconds, {"callFailure": {**shown.to_fields(), **flags}})
