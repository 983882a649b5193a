"""One run to one platform, never twice. Called by the publisher function for each task, however often it is delivered.

    claim ─► tokens fresh ─► files copied and judged ─► prepare ─► INTENT saved ─► ☎ publish ─► id saved ─► succeeded
                     │ Wait, throttled, transient: let go, come back by a delayed task
    claimed after INTENT: nobody knows what ☎ did ─► reconcile (shared/publishing/reconcile.py)

☎ is called only by the worker that saved INTENT, right after saving it, once (shared/publishing/public_call.py).
"""

import logging
import random
from collections.abc import Sequence

from shared.accounts.tokens import Later, Unusable
from shared.core.encryption import CannotDecrypt
from shared.core.platforms import PLATFORMS
from shared.documents.document import Conflict, Unavailable
from shared.http.client import NoAnswer, NotSent
from shared.media.storage import StorageUnavailable
from shared.platforms.compose import compose
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from shared.platforms.platform import Platform, Published, Wait
from shared.platforms.rules import Problem
from shared.posts.run import Run, RunPath
from shared.posts.settle import settle
from shared.publishing.attempt import DEADLINE, RECONNECT_SECONDS, Attempt, PublisherPorts, key_of, let_go
from shared.publishing.backoff import backoff, pause_of
from shared.publishing.files import with_files
from shared.publishing.follow_ups import not_sent
from shared.publishing.outcome import fail, succeed
from shared.publishing.public_call import call, finish, refused
from shared.publishing.publication import OnTheWay
from shared.publishing.reconcile import reconcile
from shared.publishing.run_lease import CALL_BUDGET, Fenced, Worker, claim

_log = logging.getLogger(__name__)

# Runs of one account that wait for the same limit come back spread over this long.
SPREAD_SECONDS = 5.0


def publish_run(path: RunPath, ports: PublisherPorts) -> None:
    """Take the run as far as it goes now. Returns normally in all cases that a later delivery could not better."""
    worker = _claimed(path, ports)
    if worker is None:
        return
    try:
        _advance(worker, ports)
    except Fenced:
        _log.info("another worker took this run over", extra={"run": str(path)})
    except Unavailable:
        raise
    except Exception as error:
        _log.exception("a run stumbled over something unforeseen", extra={"run": str(path)})
        _stumbled(worker, ports, error)


def _claimed(path: RunPath, ports: PublisherPorts) -> Worker | None:
    while True:
        [document] = ports.documents.get(str(path))
        if document is None:
            _log.warning("a task named a run that does not exist", extra={"run": str(path)})
            return None
        try:
            return claim(Run.from_document(document), documents=ports.documents, tasks=ports.tasks, clock=ports.clock)
        except Conflict:
            # A twin claimed it, or the sweeper pushed it: look again.
            continue


def _advance(worker: Worker, ports: PublisherPorts) -> None:
    run = worker.run
    platform = ports.platforms.get(run.platform)
    if platform is None:
        label = PLATFORMS[run.platform]
        message = f"{label} was switched off by the operator of this Soku."
        _close(worker, ports, PlatformFailure("permission", message, code="platform_switched_off", remediation="Ask the operator."))
        return
    account = _account(worker, ports)
    match account:
        case Later() if _is_late(worker):
            _close(worker, ports, PlatformFailure("transient", f"Out of time: {account.reason}.", code="deadline_exceeded"))
        case Later():
            spread = random.uniform(0, min(SPREAD_SECONDS, account.seconds))
            let_go(worker, account.seconds + spread, {"code": "waiting", "message": account.reason})
        case Unusable() if account.is_dead and run.may_be_public and not _is_late(worker):
            # Once the person has connected the account again, the platform can be asked.
            let_go(worker, RECONNECT_SECONDS, {"code": "reauth_required", "message": account.reason})
        case Unusable():
            _close(worker, ports, PlatformFailure("reauth", account.reason))
        case _:
            draft = compose(run.content, platform.capability, run.options)
            publication = OnTheWay(worker, platform.capability, draft, account, ports.http, ports.storage, ports.cipher)
            _go_on(Attempt(worker, platform, publication, ports))


def _close(worker: Worker, ports: PublisherPorts, failure: PlatformFailure) -> None:
    """Without the account nothing can be sent or asked any more: what that means depends on how far the run had come."""
    run = worker.run
    if run.phase == "published":
        # The id is safe; the post is published all the same.
        succeed(worker, run.platform_post_id or "", run.platform_post_url, _notes(run, ports.platforms.get(run.platform), failure))
    elif run.phase == "intent":
        fail(worker, failure.with_the_outcome_open())
    else:
        fail(worker, failure)
    settle(run.path.submission_id, documents=worker.documents, clock=worker.clock)


def _notes(run: Run, platform: Platform | None, failure: PlatformFailure) -> Sequence[str]:
    """What a published post lacks because of the failure, which may be a fault of ours in finding that out."""
    if platform is None or failure.kind == "bug":
        return [failure.message]
    draft = compose(run.content, platform.capability, run.options)
    return [*draft.notes, *not_sent(platform.follow_ups(draft), failure.message, run.follow_ups)]


def _is_late(worker: Worker) -> bool:
    return worker.clock.now() >= worker.run.due_at + DEADLINE


def _account(worker: Worker, ports: PublisherPorts) -> Credentials | Later | Unusable:
    try:
        return ports.tokens.usable(key_of(worker.run))
    except PlatformFailure as failure:
        # New tokens are needed, and the platform does not give any now.
        pause = pause_of(failure, worker.run, worker.clock) or backoff(worker.run.attempt)
        return Later(pause.total_seconds(), failure.message)
    except CannotDecrypt as error:
        if worker.run.phase == "published":
            return Unusable(str(error))
        # The operator may bring the key back.
        raise


def _go_on(attempt: Attempt) -> None:
    run, worker = attempt.run, attempt.worker
    try:
        if run.phase == "published":
            # Whoever saved the id died before asking for the address, or before sending what follows.
            finish(attempt, Published(run.platform_post_id or "", run.platform_post_url))
            return
        if run.phase == "intent":
            found = reconcile(attempt)
            if isinstance(found, Published):
                finish(attempt, found)
            if found is not None:
                return
        if attempt.is_late:
            failure = PlatformFailure("transient", "The post could not be published within 24 hours.", code="deadline_exceeded")
            attempt.end(failure)
            return
        _prepare_and_call(attempt)
    except PlatformFailure as failure:
        refused(attempt, _of_preparing(failure))
    except (NotSent, NoAnswer, StorageUnavailable) as error:
        label = attempt.platform.capability.label
        refused(attempt, PlatformFailure("transient", f"{label} or our storage did not answer ({error})."))
    except Unavailable:
        # The task's next delivery comes before the lease is over and finds it held; the sweeper comes after.
        _log.warning("the database did not answer", extra={"run": str(worker.run.path)})
        raise


def _prepare_and_call(attempt: Attempt) -> None:
    worker, publication, ports = attempt.worker, attempt.publication, attempt.ports
    capability = attempt.platform.capability
    draft = with_files(
        publication.draft, capability, worker, documents=ports.documents, storage=ports.storage, fetcher=ports.fetcher
    )
    if isinstance(draft, Wait):
        _pause(attempt, draft)
        return
    publication.draft = draft
    if problems := attempt.platform.judge(draft):
        attempt.end(_judged(problems))
        return
    state = attempt.platform.prepare(publication)
    if isinstance(state, Wait):
        _pause(attempt, state)
        return
    publication.intend()
    if worker.lease_until - ports.clock.now() < CALL_BUDGET:
        # Saving INTENT took so long that ☎ might outlive our lease: not sent, so nothing is public.
        refused(attempt, PlatformFailure("transient", "Our database was too slow to publish safely."))
        return
    call(attempt)


def _of_preparing(failure: PlatformFailure) -> PlatformFailure:
    """Before ☎ nothing can be public: an answer that nobody understands is only that."""
    if failure.kind == "outcome_unknown":
        return PlatformFailure("transient", failure.message, http_status=failure.http_status)
    return failure


def _pause(attempt: Attempt, wait: Wait) -> None:
    attempt.let_go(wait.seconds, {"code": "waiting", "message": wait.reason})


def _stumbled(worker: Worker, ports: PublisherPorts, error: Exception) -> None:
    """A fault of ours: try again later, from the same phase, but not for ever."""
    kind = "outcome_unknown" if worker.run.phase == "intent" else "bug"
    failure = PlatformFailure(kind, f"Publishing stumbled over a fault of Soku's ({type(error).__name__}).")
    if _is_late(worker):
        _close(worker, ports, failure)
        return
    worker.wait(worker.clock.now() + backoff(worker.run.attempt), failure.to_fields())


def _judged(problems: list[Problem]) -> PlatformFailure:
    kind = "rejected" if all(problem.field == "text" for problem in problems) else "media_invalid"
    return PlatformFailure(kind, " ".join(problem.message for problem in problems), platform_code=problems[0].rule)
