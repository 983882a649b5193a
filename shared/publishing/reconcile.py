"""After the intent without an answer: is the post public? Only ever reads from the platform.

Found      ─► published
Absent     ─► the platform's own handle proves it, from 60 s after the intent ─► prepare again
Failed     ─► the handle proves that it gave up ─► begin anew, or fail
NotListed  ─► a listing lags: counted only from 120 s after the intent (or as the platform says); lacking twice ─► prepare again,
              unless the platform's refusal of the public call may hide the post: then looked for longer, and never sent again
Repeatable ─► the platform itself refuses a second copy: from 120 s after the intent ─► prepare again
a first call refused as a duplicate ─► found, made since the intent ─► published; anything else ─► failed, never sent again
cannot ask, for good, or out of time ─► failed, outcome_unknown
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.core.wait import Wait
from shared.documents.document import REMOVE
from shared.http.client import NoAnswer, NotSent
from shared.platforms.failure import PerhapsAnothers, PlatformFailure
from shared.platforms.platform import (
    COPY_LAG,
    Absent,
    Failed,
    Finding,
    Found,
    NotListed,
    Published,
    Repeatable,
    Unknowable,
)
from shared.posts.run import ROLLED_BACK
from shared.publishing.attempt import RECONNECT_SECONDS, Attempt
from shared.publishing.backoff import backoff, pause_of

_log = logging.getLogger(__name__)

# A platform's word on what it was given may lag, and a request without an answer may still be on its way.
HANDLE_LAG = timedelta(seconds=60)
# Two listings after the lag are taken as proof.
LISTINGS_NEEDED = 2
BETWEEN_LISTINGS = timedelta(seconds=15)
# While a listing lags for longer than usual.
BETWEEN_LOOKS = timedelta(minutes=5)
# How long a post is looked for that the platform says it has, and does not list.
CLAIMED_LAG = timedelta(hours=1)


def reconcile(attempt: Attempt) -> Published | Failed | Wait | None:
    """Published if it is public, None if it provably is not (the run is back in preparing); else the run waits, or fails."""
    try:
        finding = attempt.platform.find(attempt.publication)
    except PlatformFailure as failure:
        return _cannot_ask(attempt, failure)
    except (NotSent, NoAnswer) as error:
        return _cannot_ask(attempt, PlatformFailure("transient", f"no answer ({error})"))
    said = attempt.run.refused_as_duplicate
    return _conclude(attempt, finding) if said is None else _of_a_duplicate(attempt, finding, said)


def _of_a_duplicate(attempt: Attempt, finding: Finding, said: PlatformFailure) -> Published | Failed | Wait:
    """A copy of another post, as the platform says; or of this one, if its edge delivered the call twice."""
    since_intent = attempt.publication.now() - attempt.publication.intent_at
    match finding:
        case Found():
            return Published(finding.post_id or "", finding.url, finding.notes)
        case NotListed() if since_intent < (lag := timedelta(seconds=finding.lag_seconds)) and not attempt.is_late:
            return _look_again(lag - since_intent, "not listed yet")
        case NotListed() if finding.similar:
            return _unknown(attempt, "the account shows a post that may be this one", said)
        case Wait() if not attempt.is_late:
            return _look_again(timedelta(seconds=finding.seconds), finding.reason)
        case _:
            return Failed(attempt.redacted(said))


def _conclude(attempt: Attempt, finding: Finding) -> Published | Failed | Wait | None:
    match finding:
        case Found():
            return Published(finding.post_id or "", finding.url, finding.notes)
        case Absent():
            return _absent_for_sure(attempt)
        case Failed():
            return _gave_up(attempt, finding.failure)
        case NotListed():
            return _not_listed(attempt, finding)
        case Repeatable():
            return _repeat(attempt)
        case Unknowable():
            return _unknown(attempt, finding.reason)
        case Wait() if attempt.is_late:
            return _unknown(attempt, "the platform was still working on it after 24 hours")
        case Wait():
            return _look_again(timedelta(seconds=finding.seconds), finding.reason)


def _not_listed(attempt: Attempt, finding: NotListed) -> Failed | Wait | None:
    since_intent = attempt.publication.now() - attempt.publication.intent_at
    lag = timedelta(seconds=finding.lag_seconds)
    if since_intent < lag:
        return _look_again(min(lag - since_intent, BETWEEN_LOOKS), "not listed yet")
    lacking = attempt.run.absent_listings + 1
    if lacking < LISTINGS_NEEDED and not attempt.is_late:
        return _look_again(BETWEEN_LISTINGS, "not listed", {"absentListings": lacking})
    said = attempt.run.call_failure
    if said is not None and (said.kind == "duplicate" or said.may_hide_a_post):
        looked_for_long = since_intent >= CLAIMED_LAG and lacking >= LISTINGS_NEEDED
        if not looked_for_long and not attempt.is_late:
            return _look_again(backoff(lacking), "not listed", {"absentListings": lacking})
        if looked_for_long and not said.published_after_all and said.kind != "duplicate" and not finding.similar:
            # No claim to have the post, but a refusal that it might have brought about: it was meant.
            return Failed(attempt.redacted(said))
        return _unknown(attempt, f"the platform may have the post, by its answer, and does not list it ({said.message})", said)
    if finding.similar:
        return _unknown(attempt, "the account shows a post that may be this one")
    if lacking < LISTINGS_NEEDED:
        return _unknown(attempt, "it was not listed, and there was no time to look twice")
    return _absent(attempt)


def _repeat(attempt: Attempt) -> Failed | Wait | None:
    since_intent = attempt.publication.now() - attempt.publication.intent_at
    if attempt.is_late or attempt.publication.now() >= attempt.run.publish_by:
        return _unknown(attempt, "the platform shows nobody this account's posts, and it was too late to ask by sending it again")
    if since_intent < COPY_LAG:
        return _look_again(COPY_LAG - since_intent, "the platform would not yet know a copy")
    return _absent(attempt, unresolved=True)


def _absent_for_sure(attempt: Attempt) -> Failed | Wait | None:
    """By the platform's own handle; so a refusal that it also gives for what it did publish was meant after all."""
    said = attempt.run.call_failure
    since_intent = attempt.publication.now() - attempt.publication.intent_at
    if since_intent < HANDLE_LAG:
        return _look_again(HANDLE_LAG - since_intent, "the platform's own word may lag")
    if said is None or not (said.kind in ("rejected", "media_invalid") and said.may_hide_a_post):
        return _absent(attempt)
    return Failed(attempt.redacted(said))


def _absent(attempt: Attempt, *, unresolved: bool = False) -> None:
    attempt.lease.renew({**ROLLED_BACK, "doubted": True, "unresolved": unresolved})


def _gave_up(attempt: Attempt, failure: PlatformFailure) -> Failed | Wait:
    after = Failed(attempt.redacted(failure)) if attempt.is_late else attempt.after(failure)
    return replace(after, changes={**ROLLED_BACK, **after.changes, "handle": REMOVE}) if isinstance(after, Wait) else after


def _cannot_ask(attempt: Attempt, failure: PlatformFailure) -> Failed | Wait:
    """Not to be allowed to ask for a while is no answer; to be refused for good is none either."""
    after = Failed(attempt.redacted(failure)) if attempt.is_late else attempt.after(failure)
    if isinstance(after, Wait):
        longest = backoff(attempt.run.attempt) if pause_of(failure, attempt.run, attempt.lease.clock) else timedelta(0)
        return _look_again(max(timedelta(seconds=after.seconds), longest), after.reason, after.changes)
    failure = after.failure
    said = attempt.run.refused_as_duplicate
    if said is not None and not isinstance(failure, PerhapsAnothers):
        return Failed(attempt.redacted(said))
    if failure.kind == "reauth" and not attempt.is_late:
        # Once the person has connected the account again, the platform can be asked.
        return _look_again(timedelta(seconds=RECONNECT_SECONDS), failure.message)
    reason = failure.message if isinstance(failure, PerhapsAnothers) else f"asking failed: {failure.message}"
    return _unknown(attempt, reason, failure)


def _look_again(pause: timedelta, reason: str, changes: Mapping[Any, Any] | None = None) -> Wait:
    return Wait(pause.total_seconds(), reason, "reconciling", changes=changes or {})


def _unknown(attempt: Attempt, reason: str, cause: PlatformFailure | None = None) -> Failed:
    _log.error("run.outcome_unknown", extra={"run": str(attempt.run.path), "reason": reason})
    failure = PlatformFailure(
        "outcome_unknown",
        f"The request was sent, but whether the post was published could not be found out: {reason}.",
        platform_code=cause.platform_code if cause else None,
        platform_message=cause.platform_message if cause else None,
        http_status=cause.http_status if cause else None,
    )
    return Failed(attempt.redacted(failure))
