"""After INTENT without an answer: is the post public? Only ever reads from the platform.

Found      ─► published
Absent     ─► (the platform's own handle proves it) prepare again
NotListed  ─► a listing lags: counted only from 120 s after INTENT; lacking twice ─► prepare again
cannot ask, for good, or out of time ─► failed, outcome_unknown
"""

import logging
from dataclasses import replace
from datetime import timedelta

from shared.documents.document import REMOVE
from shared.platforms.failure import PlatformFailure
from shared.platforms.http import NoAnswer, NotSent
from shared.platforms.platform import Absent, Finding, Found, NotListed, Platform, Publication, Published, Wait
from shared.posts.claim import Worker
from shared.posts.finish import fail
from shared.posts.retry import backoff, pause_of
from shared.posts.settle import settle

_log = logging.getLogger(__name__)

# Timelines show a post within seconds, seldom after a minute; two listings after two minutes are taken as proof.
LISTING_LAG = timedelta(seconds=120)
LISTINGS_NEEDED = 2
BETWEEN_LISTINGS = timedelta(seconds=15)


class LookAgain:
    """The run waits; somebody will look again."""


def reconcile(worker: Worker, platform: Platform, publication: Publication, *, give_up: bool) -> Published | LookAgain | None:
    """Published if it is public, None if it provably is not (the run is back in preparing), LookAgain if the run waits or ended."""
    try:
        finding = platform.find(publication)
    except PlatformFailure as failure:
        return _cannot_ask(worker, failure, give_up=give_up)
    except (NotSent, NoAnswer) as error:
        return _cannot_ask(worker, PlatformFailure("transient", f"no answer ({error})"), give_up=give_up)
    return _conclude(worker, finding, publication, give_up=give_up)


def _conclude(worker: Worker, finding: Finding, publication: Publication, *, give_up: bool) -> Published | LookAgain | None:
    match finding:
        case Found():
            return Published(finding.post_id or "", finding.url)
        case Absent():
            return _absent(worker)
        case NotListed():
            return _not_listed(worker, finding, publication, give_up=give_up)
        case Wait() if give_up:
            return _unknown(worker, "the platform was still working on it after 24 hours")
        case Wait():
            return _look_again(worker, timedelta(seconds=finding.seconds), finding.reason)


def _not_listed(worker: Worker, finding: NotListed, publication: Publication, *, give_up: bool) -> LookAgain | None:
    since_intent = publication.now() - publication.intent_at
    if since_intent < LISTING_LAG:
        return _look_again(worker, LISTING_LAG - since_intent, "not listed yet")
    lacking = worker.run.absent_listings + 1
    if lacking < LISTINGS_NEEDED and not give_up:
        return _look_again(worker, BETWEEN_LISTINGS, "not listed", absentListings=lacking)
    if worker.run.call_failure == "duplicate":
        return _unknown(worker, "the platform called it a duplicate of a post that it does not list")
    if finding.similar:
        return _unknown(worker, "the account shows a post that may be this one")
    if lacking < LISTINGS_NEEDED:
        return _unknown(worker, "it was not listed, and there was no time to look twice")
    return _absent(worker)


def _absent(worker: Worker) -> None:
    worker.run = replace(worker.run, phase="preparing")
    worker.write_and_renew({"phase": "preparing", "intentAt": REMOVE, "absentListings": REMOVE, "callFailure": REMOVE})


def _cannot_ask(worker: Worker, failure: PlatformFailure, *, give_up: bool) -> LookAgain:
    pause = pause_of(failure, worker.run, worker.clock)
    if pause is None or give_up:
        return _unknown(worker, f"asking failed: {failure.message}", failure)
    return _look_again(worker, max(pause, backoff(worker.run.attempt)), failure.message)


def _look_again(worker: Worker, pause: timedelta, reason: str, **changes: int) -> LookAgain:
    worker.wait(worker.clock.now() + pause, {"code": "reconciling", "message": reason}, changes)
    return LookAgain()


def _unknown(worker: Worker, reason: str, cause: PlatformFailure | None = None) -> LookAgain:
    _log.error("an outcome stays unknown", extra={"run": str(worker.run.path), "reason": reason})
    failure = PlatformFailure(
        "outcome_unknown",
        f"The request was sent, but whether the post was published could not be found out: {reason}.",
        platform_code=cause.platform_code if cause else None,
        platform_message=cause.platform_message if cause else None,
        http_status=cause.http_status if cause else None,
    )
    fail(worker, failure)
    settle(worker.run.path.submission_id, documents=worker.documents, clock=worker.clock)
    return LookAgain()
