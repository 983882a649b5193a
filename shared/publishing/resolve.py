"""A person says of an outcome that nobody could find out whether it is public.

published       run  failed, outcome_unknown ─► succeeded          counted as such, and its automations fire
not published   run  failed, outcome_unknown ─► failed, not_published          which may be retried; nothing is sent by this
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import NotFound
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Changes, Document, Documents, Update, Write
from shared.events.announce import announce
from shared.platforms.compose import compose
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Platform
from shared.posts.actions import Actor
from shared.posts.errors import AlreadyResolved, NothingToResolve, PlatformPostTaken
from shared.posts.events import post_ended, run_ended
from shared.posts.made_by import other_makers
from shared.posts.run import NOT_PUBLISHED, Run, RunPath, submission_path
from shared.posts.state import state_of_ended
from shared.posts.submission import Submission
from shared.publishing.follow_ups import not_sent
from shared.publishing.public_call import merged
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, publish
from shared.users.user import user_path

# When the sweeper sees to automations whose task was not made.
FIRE_GRACE = timedelta(seconds=60)


def resolve_run(
    uid: str,
    path: RunPath,
    actor: Actor,
    *,
    published: bool,
    platform_post_id: str | None,
    platforms: Mapping[str, Platform],
    documents: Documents,
    tasks: Tasks,
    clock: Clock,
) -> None:
    """The same again does no harm. Raises NotFound, also for another user's, NothingToResolve, AlreadyResolved for the other
    verdict, and PlatformPostTaken."""
    verdict = {"published": published, "platformPostId": platform_post_id}

    def attempt() -> Run | None:
        [user] = documents.get(user_path(uid)) if platform_post_id is not None else [None]
        run, submission = own_run(uid, path, documents)
        if run.resolution is not None:
            named = run.resolution["platformPostId"]
            if run.resolution["published"] != published or (named and platform_post_id not in (None, named)):
                raise AlreadyResolved(facts=run.resolution)
            if named or platform_post_id is None:
                return None
            _require_nobodys(platform_post_id, run, uid, documents)
            told = {"resolution": verdict, "platformPostId": platform_post_id, "updatedAt": clock.now()}
            documents.commit(Update(str(path), told, if_version=run.version), *_one_at_a_time(user, clock.now()))
            return None
        if run.status != "failed" or run.error_code != "outcome_unknown":
            raise NothingToResolve
        if platform_post_id is not None:
            _require_nobodys(platform_post_id, run, uid, documents)
        now = clock.now()
        changes = _as_published(run, platform_post_id, platforms.get(run.platform), now) if published else _as_not_published(run)
        log = actor.log(run, "resolve", now, published=published)
        counted = _counted(submission, published=published)
        told = [
            *(run_ended(run, "succeeded", now) if published else ()),
            *(post_ended(submission, counted["state"], now, round=submission.round + 1) if "state" in counted else ()),
        ]
        documents.commit(
            Update(str(path), {**changes, **log, "resolution": verdict, "updatedAt": now}, if_version=run.version),
            Update(submission.path, {**counted, "updatedAt": now}, if_version=submission.version),
            *_one_at_a_time(user, now),
            *told,
        )
        announce(told, tasks)
        return run if published and run.fires_automations else None

    run = read_modify_write(attempt)
    if run is not None:
        hand_over(publish(path.submission_id, path.run_id, run.platform), tasks)


def _require_nobodys(platform_post_id: str, run: Run, uid: str, documents: Documents) -> None:
    """Raises PlatformPostTaken, which names the user's own."""
    makers = other_makers(platform_post_id, run, documents)
    if makers:
        own = next((maker.path for maker in makers if maker.uid == uid), None)
        raise PlatformPostTaken(facts={"postSubmissionId": own.submission_id, "runId": own.run_id} if own else None)


def _one_at_a_time(user: Document | None, now: datetime) -> Sequence[Write]:
    """Of verdicts that name a platform's post, per user: of two that name the same one, the later is to find the earlier."""
    return [Update(user.path, {"resolvedAt": now}, if_version=user.version)] if user is not None else []


def own_run(uid: str, path: RunPath, documents: Documents) -> tuple[Run, Submission]:
    """Raises NotFound, also for another user's."""
    submission, run = documents.get(submission_path(path.submission_id), str(path))
    if submission is None or submission.fields["uid"] != uid:
        raise NotFound("There is no post with this id")
    if run is None:
        raise NotFound("The post has no run with this id, or not yet")
    return Run.from_document(run), Submission.from_document(submission)


def _as_published(run: Run, platform_post_id: str | None, platform: Platform | None, now: datetime) -> dict[str, Any]:
    """With a note on what was to follow the post, and was not sent."""
    # Until its automations have fired, it stays in the outbox.
    fires = {"sweepAt": now + FIRE_GRACE} if run.fires_automations else {}
    told = {"platformPostId": platform_post_id, "attempts": list(run.all_attempts), "error": REMOVE}
    notes = list(run.notes)
    if platform is not None:
        draft = compose(run.content, platform.capability, run.options, run.facts)
        why = "it was not known in time whether the post is public"
        notes = [*merged(run.notes, draft.notes), *not_sent(platform.follow_ups(draft), why, run.follow_ups)]
    return {"status": "succeeded", "notes": notes, **told, **fires}


def _as_not_published(run: Run) -> dict[str, Any]:
    message = "Its owner has looked, and said that it was not published."
    remediation = "Nothing was sent since. Retry it, if it is still wanted."
    failure = PlatformFailure("permission", message, code=NOT_PUBLISHED, remediation=remediation)
    # Which may be a mistake: if it is retried, the platform may find a copy.
    return {"error": {**failure.to_fields(), "attempts": list(run.all_attempts)}, "doubted": True}


def _counted(submission: Submission, *, published: bool) -> Changes:
    counts = dict(submission.counts)
    counts["outcomeUnknown"] -= 1
    if published:
        counts["failed"] -= 1
        counts["succeeded"] += 1
    told = {"state": state_of_ended(counts)} if submission.completed_at is not None else {}
    return {
        "runCounts": counts,
        "wasUnknown": True,
        "round": submission.round + 1,
        "version": submission.owners_version + 1,
        **told,
    }
