"""One run to one platform, never twice. Called by the publisher function for each task, however often it is delivered.

    lease ─► tokens fresh ─► files found and validated  ─► prepare ─► intent saved ─► public call ─► id saved ─► succeeded
                     │ Wait, throttled, transient: release the lease, come back by a delayed task
    leased after the intent: nobody knows what the public call did ─► reconcile (reconcile.py)

The public call is made only by the worker that saved the intent, right after saving it, once (public_call.py). Every step answers
how the run goes on; record (outcome.py) writes it.
"""

import logging
import random
from collections.abc import Sequence

from shared.accounts.tokens import Unusable
from shared.core.encryption import CannotDecrypt
from shared.core.platforms import PLATFORMS
from shared.core.wait import Wait
from shared.documents.change import read_modify_write
from shared.documents.document import Unavailable
from shared.documents.lease import Fenced
from shared.http.client import NoAnswer, NotSent
from shared.media.storage import StorageUnavailable
from shared.platforms.compose import compose
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Failed, Platform, Published
from shared.platforms.rules import Problem
from shared.posts.late import too_late
from shared.posts.run import Run, RunPath, submission_path
from shared.publishing.attempt import RECONNECT_SECONDS, Attempt, PublisherPorts, waiting_after
from shared.publishing.backoff import backoff, pause_of
from shared.publishing.files import with_files
from shared.publishing.follow_ups import not_sent
from shared.publishing.outcome import Outcome, Succeeded, record
from shared.publishing.public_call import call, completed, merged, refused
from shared.publishing.publication import LeasedPublication
from shared.publishing.reconcile import reconcile
from shared.publishing.run_lease import CALL_BUDGET, RunLease, claim
from shared.publishing.spending import counted

_log = logging.getLogger(__name__)

# Runs of one account that wait for the same limit come back spread over this long.
SPREAD_SECONDS = 5.0


def publish_run(path: RunPath, ports: PublisherPorts) -> Run | None:
    """Take the run as far as it goes now. Returns normally in all cases that a later delivery could not better: the run as it is
    left, or None if it is another worker's."""
    lease = read_modify_write(lambda: _leased(path, ports))
    if not isinstance(lease, RunLease):
        return lease
    try:
        _work(lease, ports)
    except Fenced:
        _log.info("run.lease_lost", extra={"run": str(path)})
        return None
    return lease.run


def _work(lease: RunLease, ports: PublisherPorts) -> None:
    """Raises Fenced; Unavailable, when the task's next delivery finds the lease held, and the sweeper comes once it is over."""
    try:
        record(lease, _advance(lease, ports))
    except (Fenced, Unavailable):
        raise
    except Exception as error:
        _log.exception("run.unexpected_error", extra={"run": lease.lease.path})
        record(lease, _after_unexpected(lease, ports, error))


def _leased(path: RunPath, ports: PublisherPorts) -> RunLease | Run | None:
    document, submission = ports.documents.get(str(path), submission_path(path.submission_id))
    if document is None:
        _log.warning("run.not_found", extra={"run": str(path)})
        return None
    lease = claim(document, is_orphaned=submission is None, documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
    return Run.from_document(document) if lease is None else lease


def _advance(lease: RunLease, ports: PublisherPorts) -> Outcome:
    run = lease.run
    if lease.is_late and run.phase == "preparing":
        return Failed(too_late(run))
    platform = ports.platforms.get(run.platform)
    if platform is None:
        message = f"{PLATFORMS[run.platform]} was switched off by the operator of this Soku."
        off = PlatformFailure("permission", message, code="platform_switched_off", remediation="Ask the operator.")
        return _without_account(lease, ports, off)
    account = _account(lease, ports)
    match account:
        case Wait() if lease.is_late:
            late = PlatformFailure("transient", f"Out of time: {account.reason}.", code="deadline_exceeded")
            return _without_account(lease, ports, late)
        case Wait():
            return Wait(account.seconds + random.uniform(0, min(SPREAD_SECONDS, account.seconds)), account.reason)
        case Unusable() if run.phase == "intent" and (said := run.refused_as_duplicate) is not None:
            # Nobody can look whether it was this post that the platform took for a copy.
            return Failed(said)
        case Unusable() if account.is_dead and run.may_be_public and not lease.is_late:
            # Once the person has connected the account again, the platform can be asked.
            return Wait(RECONNECT_SECONDS, account.reason, "reauth_required")
        case Unusable():
            return _without_account(lease, ports, PlatformFailure("reauth", account.reason))
        case _:
            draft = compose(run.content, platform.capability, run.options, run.facts)
            publication = LeasedPublication(lease, platform.capability, draft, account, ports.http, ports.storage, ports.cipher)
            return _go_on(Attempt(lease, platform, publication, ports))


def _without_account(lease: RunLease, ports: PublisherPorts, failure: PlatformFailure) -> Outcome:
    """Nothing can be sent or asked any more: what that means depends on how far the run had come."""
    run = lease.run
    if run.phase == "published":
        # The id is safe; the post is published all the same.
        notes = _notes(run, ports.platforms.get(run.platform), failure)
        return Succeeded(run.platform_post_id or "", run.platform_post_url, notes)
    return Failed(failure.with_the_outcome_open() if run.phase == "intent" else failure)


def _notes(run: Run, platform: Platform | None, failure: PlatformFailure) -> Sequence[str]:
    """What a published post lacks because of the failure, which may be a fault of ours in finding that out."""
    if platform is None or failure.kind == "bug":
        return [*run.notes, failure.message]
    draft = compose(run.content, platform.capability, run.options, run.facts)
    return [*merged(draft.notes, run.notes), *not_sent(platform.follow_ups(draft), failure.message, run.follow_ups)]


def _account(lease: RunLease, ports: PublisherPorts) -> Credentials | Wait | Unusable:
    try:
        return ports.tokens.usable(lease.run.account)
    except PlatformFailure as failure:
        # New tokens are needed, and the platform does not give any now.
        pause = pause_of(failure, lease.run, lease.clock) or backoff(lease.run.attempt)
        return Wait(pause.total_seconds(), failure.message)
    except CannotDecrypt as error:
        if lease.run.phase == "published":
            return Unusable(str(error))
        # The operator may bring the key back.
        raise


def _go_on(attempt: Attempt) -> Outcome:
    run = attempt.run
    try:
        if run.phase == "published":
            # Whoever saved the id died before asking for the address, or before sending what follows.
            return completed(attempt, Published(run.platform_post_id or "", run.platform_post_url, run.notes))
        if run.phase == "intent":
            found = reconcile(attempt)
            if found is not None:
                return completed(attempt, found) if isinstance(found, Published) else found
        if attempt.is_late:
            return Failed(too_late(run))
        return _prepare_and_call(attempt)
    except PlatformFailure as failure:
        return refused(attempt, _of_preparing(failure))
    except (NotSent, NoAnswer, StorageUnavailable) as error:
        label = attempt.platform.capability.label
        return refused(attempt, PlatformFailure("transient", f"{label} or our storage did not answer ({error})."))


def _prepare_and_call(attempt: Attempt) -> Outcome:
    lease, publication = attempt.lease, attempt.publication
    if lease.is_orphaned:
        message = "The post was deleted before it was published."
        return Failed(
            PlatformFailure("permission", message, code="post_deleted", remediation="Send the post again if you want it.")
        )
    draft = with_files(publication.draft, attempt.platform.capability, lease)
    if isinstance(draft, Wait):
        return draft
    publication.draft = draft
    if problems := attempt.platform.validate(draft):
        return Failed(attempt.redacted(_of_problems(problems)))
    state = attempt.platform.prepare(publication)
    if isinstance(state, Wait):
        return state
    if attempt.is_late:
        return Failed(too_late(attempt.run))
    charge = counted(attempt)
    if isinstance(charge, PlatformFailure):
        return Failed(charge)
    publication.intend(*charge)
    if lease.remaining < CALL_BUDGET:
        # Saving the intent took so long that the call might outlive our lease: not sent, so nothing is public.
        return refused(attempt, PlatformFailure("transient", "Our database was too slow to publish safely."))
    if lease.clock_has_jumped:
        # How long the lease lasts is not known: not sent either.
        return refused(attempt, PlatformFailure("transient", "Our clock was set while the post was prepared."))
    return call(attempt)


def _of_preparing(failure: PlatformFailure) -> PlatformFailure:
    """Before the public call nothing can be public: an answer that nobody understands is only that."""
    if failure.kind == "outcome_unknown":
        return PlatformFailure("transient", failure.message, http_status=failure.http_status)
    return failure


def _after_unexpected(lease: RunLease, ports: PublisherPorts, error: Exception) -> Outcome:
    """A fault of ours: try again later, from the same phase, but not for ever."""
    kind = "outcome_unknown" if lease.run.phase == "intent" else "bug"
    failure = PlatformFailure(kind, f"Publishing stumbled over a fault of Soku's ({type(error).__name__}).")
    if lease.is_late:
        return _without_account(lease, ports, failure)
    return waiting_after(failure, backoff(lease.run.attempt).total_seconds())


def _of_problems(problems: list[Problem]) -> PlatformFailure:
    kind = "rejected" if all(problem.field == "text" for problem in problems) else "media_invalid"
    return PlatformFailure(kind, " ".join(_said(problem) for problem in problems), rule=problems[0].rule)


def _said(problem: Problem) -> str:
    """Of several files, which one."""
    return f"{problem.field}: {problem.message}" if problem.field.startswith("body.") else problem.message
