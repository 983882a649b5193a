"""What is sent once a post is public: a thread's further posts, a first comment, a thumbnail.

Each has its own intent and its own id. What was perhaps sent is looked for, where the platform can be asked, and sent again only
once it is provably not there; a failure is a note on the run, which has succeeded: its post is public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.core.wait import Wait
from shared.documents.document import Changes
from shared.http.client import NoAnswer, NotSent
from shared.media.storage import StorageUnavailable
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Failed, FollowUp, Found, NotListed
from shared.publishing.attempt import Attempt
from shared.publishing.backoff import backoff
from shared.publishing.files import stored_file
from shared.publishing.reconcile import BETWEEN_LISTINGS, BETWEEN_LOOKS, LISTINGS_NEEDED

# A platform's clock and ours.
CLOCKS_APART = timedelta(seconds=30)
# How often one is sent anew that provably did nothing.
MAX_SENDS = 3
_NAMES = {"thread": "A further post of the thread", "firstComment": "The first comment", "thumbnail": "The thumbnail"}


def send_follow_ups(attempt: Attempt, post_id: str, follow_ups: Sequence[FollowUp]) -> Sequence[str] | Wait:
    """In order, as far as they go: notes on what was not sent, or when to come back for what provably was not.

    One that fails keeps those after it from being sent.
    """
    states: list[Mapping[str, Any]] = list(attempt.run.follow_ups)
    public = [post_id, *(str(state["id"]) for state in states if state.get("id"))]
    for position, follow_up in enumerate(follow_ups):
        state = states[position]["state"] if position < len(states) else None
        if state == "sent":
            continue
        outcome: str | Sequence[str] | Wait | None = None
        begun = states[position] if state == "intent" else None
        if begun is not None and not follow_up.repeatable:
            outcome = _found(attempt, follow_up, states[:position], begun, public)
        if outcome is None:
            outcome = _send(attempt, follow_up, states[:position], public, begun)
        if isinstance(outcome, Wait):
            return outcome
        if not isinstance(outcome, str):
            return [*outcome, *_left_out(follow_ups, position)]
        states[position:] = [{"name": follow_up.name, "state": "sent", "id": outcome}]
        attempt.lease.renew({"followUps": states})
        public += [outcome] if outcome else []
    return []


def _found(
    attempt: Attempt, follow_up: FollowUp, before: Sequence[Mapping[str, Any]], begun: Mapping[str, Any], public: Sequence[str]
) -> str | Sequence[str] | Wait | None:
    """What became of one whose request got no answer: its id, a note, or when to look again; None if it is provably not there."""
    unknown = [_note(follow_up, "may or may not be public: its request was sent and got no answer")]
    if follow_up.find is None or "at" not in begun or attempt.is_late:
        return unknown
    try:
        finding = follow_up.find(attempt.publication, public, begun["at"] - CLOCKS_APART)
    except (NotSent, NoAnswer) as error:
        return _later(attempt, f"The platform could not be asked ({error}).", {})
    except PlatformFailure as failure:
        after = attempt.after(failure)
        return after if isinstance(after, Wait) else unknown
    since = attempt.lease.clock.now() - begun["at"]
    match finding:
        case Found():
            return finding.post_id or ""
        case NotListed() if finding.similar:
            return unknown
        case NotListed() if since < (lag := timedelta(seconds=finding.lag_seconds)):
            return Wait(min(lag - since, BETWEEN_LOOKS).total_seconds(), "not listed yet", "reconciling")
        case NotListed() if (lacking := begun.get("absentListings", 0) + 1) < LISTINGS_NEEDED:
            changes = {"followUps": [*before, {**begun, "absentListings": lacking}]}
            return Wait(BETWEEN_LISTINGS.total_seconds(), "not listed", "reconciling", changes=changes)
        case _ if begun.get("sends", 1) >= MAX_SENDS:
            return [_note(follow_up, f"was not sent: {MAX_SENDS} requests got no answer, and did nothing")]
        case _:
            return None


def _left_out(follow_ups: Sequence[FollowUp], position: int) -> Sequence[str]:
    """What the one at this position keeps from being sent."""
    left = len(follow_ups) - position - 1
    return (
        [f"After it {left} more {'was' if left == 1 else 'were'} not sent; {position} of {len(follow_ups)} are public."]
        if left
        else []
    )


def not_sent(follow_ups: Sequence[FollowUp], reason: str, states: Sequence[Mapping[str, Any]] = ()) -> Sequence[str]:
    """Notes on what would follow a post and can't be sent any more; `states` say how far it got."""
    notes: list[str] = []
    for position, follow_up in enumerate(follow_ups):
        reached = states[position]["state"] if position < len(states) else None
        if reached != "sent":
            what = f"may or may not be public ({reason})" if reached == "intent" else f"was not sent: {reason}"
            notes.append(_note(follow_up, what))
    return notes


def _send(
    attempt: Attempt,
    follow_up: FollowUp,
    before: Sequence[Mapping[str, Any]],
    public: Sequence[str],
    begun: Mapping[str, Any] | None,
) -> str | Sequence[str] | Wait:
    """The new id, notes, or when to come back. `begun`: a try that got no answer, or did nothing."""
    sends = begun.get("sends", 1) + 1 if begun else 1
    intent = {"name": follow_up.name, "state": "intent", "id": "", "at": attempt.lease.clock.now(), "sends": sends}
    attempt.lease.renew({"followUps": [*before, intent]})
    perhaps_sent = begun is not None and follow_up.repeatable
    unsent: Changes = {} if perhaps_sent else {"followUps": list(before)}
    if attempt.lease.clock_has_jumped:
        return _later(attempt, "Our clock was set meanwhile.", unsent)
    try:
        waiting = _with_cover(attempt) if follow_up.needs_cover else None
        if waiting is not None:
            return replace(waiting, changes=unsent)
        return follow_up.send(attempt.publication, public)
    except (NotSent, StorageUnavailable) as error:
        if attempt.is_late:
            return [_note(follow_up, f"may or may not be public ({error})" if perhaps_sent else f"was not sent ({error})")]
        return _later(attempt, f"It could not be sent ({error}).", unsent)
    except NoAnswer as error:
        return _unknown(attempt, follow_up, f"the platform did not answer ({error})")
    except PlatformFailure as failure:
        if failure.kind in ("transient", "outcome_unknown"):
            return _unknown(attempt, follow_up, attempt.redacted(failure).message)
        after = Failed(attempt.redacted(failure)) if attempt.is_late else attempt.after(failure)
        if isinstance(after, Wait):
            return replace(after, changes={**after.changes, **unsent})
        refusal = "may or may not be public; at last it was refused" if perhaps_sent else "was refused"
        return [_note(follow_up, f"{refusal}. {after.failure.message}")]


def _unknown(attempt: Attempt, follow_up: FollowUp, why: str) -> Sequence[str] | Wait:
    """Looked for, or sent again where a second time does no harm; until then it may be there."""
    if (follow_up.repeatable or follow_up.find is not None) and not attempt.is_late:
        return _later(attempt, why, {})
    return [_note(follow_up, f"may or may not be public: {why}")]


def _later(attempt: Attempt, why: str, changes: Changes) -> Wait:
    return Wait(backoff(attempt.run.attempt).total_seconds(), why, "platform_unavailable", changes=changes)


def _with_cover(attempt: Attempt) -> Wait | None:
    """The draft of a run that was leased anew knows its cover only by its address. Raises PlatformFailure if it cannot be had."""
    publication = attempt.publication
    cover = publication.draft.cover
    if cover is None or cover.stored is not None:
        return None
    found = stored_file(cover, attempt.lease)
    if isinstance(found, Wait):
        return found
    publication.draft = replace(publication.draft, cover=found)
    return None


def _note(follow_up: FollowUp, what: str) -> str:
    return f"{_NAMES[follow_up.name]} {what.rstrip('.')}."
