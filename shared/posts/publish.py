"""One run to one platform, never twice. Called by the publisher function for each task, however often it is delivered.

    claim ─► files copied and judged ─► prepare ─► INTENT saved ─► ☎ publish ─► id saved ─► succeeded
                     │ Wait, throttled, transient: let go, come back by a delayed task
    claimed after INTENT: nobody knows what ☎ did ─► reconcile (shared/posts/reconcile.py)

☎ is called only by the worker that saved INTENT, right after saving it, once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.accounts.credentials import Credentials, credentials_path
from shared.accounts.encryption import CannotDecrypt, Cipher
from shared.core.clock import Clock
from shared.documents.document import REMOVE, Conflict, Documents, Unavailable
from shared.media.fetch import Fetcher
from shared.media.storage import Storage, StorageUnavailable
from shared.platforms.failure import PlatformFailure
from shared.platforms.http import Http, NoAnswer, NotSent
from shared.platforms.platform import Platform, Published, Wait
from shared.platforms.rules import Problem, compose
from shared.posts.claim import CALL_BUDGET, Fenced, Worker, claim
from shared.posts.files import with_files
from shared.posts.finish import fail, succeed
from shared.posts.on_the_way import OnTheWay
from shared.posts.post import Run, RunPath
from shared.posts.reconcile import reconcile
from shared.posts.retry import MAX_BACKOFF_SECONDS, backoff, pause_of
from shared.posts.settle import settle
from shared.tasks.task import Tasks

_log = logging.getLogger(__name__)

# After this long a post is history: what has not ended is reconciled and given up.
DEADLINE = timedelta(hours=24)
# How long after an unanswered ☎ we first look whether it worked.
FIRST_LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class PublisherPorts:
    """Everything outside of the process that publishing touches; the tests' twins and the fault harness stand in here."""

    documents: Documents
    tasks: Tasks
    http: Http
    storage: Storage
    fetcher: Fetcher
    cipher: Cipher
    clock: Clock
    platforms: Mapping[str, Platform]


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
        _stumbled(worker, error)


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
    if run.phase == "published":
        _finish_again(worker, ports)
        return
    prepared = _on_the_way(worker, ports)
    if prepared is None:
        _end(worker, _unusable(run))
        return
    platform, publication = prepared
    try:
        if run.phase == "intent":
            found = reconcile(worker, platform, publication, give_up=_is_late(worker))
            if isinstance(found, Published):
                _finish(worker, platform, publication, found)
            if found is not None:
                return
        if _is_late(worker):
            _end(worker, PlatformFailure("transient", "The post could not be published within 24 hours.", code="deadline_exceeded"))
            return
        _prepare_and_call(worker, platform, publication, ports)
    except PlatformFailure as failure:
        _refused(worker, failure)
    except (NotSent, NoAnswer, StorageUnavailable) as error:
        _refused(worker, PlatformFailure("transient", f"{platform.capability.label} or our storage did not answer ({error})."))


def _finish_again(worker: Worker, ports: PublisherPorts) -> None:
    """The id is safe; whoever saved it died before asking for the address, without which the post is published all the same."""
    post_id = worker.run.platform_post_id or ""
    try:
        prepared = _on_the_way(worker, ports)
    except CannotDecrypt:
        prepared = None
    if prepared is None:
        _end_well(worker, post_id, None, ())
    else:
        _finish(worker, *prepared, Published(post_id))


def _on_the_way(worker: Worker, ports: PublisherPorts) -> tuple[Platform, OnTheWay] | None:
    """The run with its platform and account; None if one of them is gone."""
    account = _account(worker.run, ports)
    platform = ports.platforms.get(worker.run.platform)
    if platform is None or account is None:
        return None
    draft = compose(worker.run.content, platform.capability)
    return platform, OnTheWay(worker, draft, account, ports.http, ports.storage, ports.cipher)


def _is_late(worker: Worker) -> bool:
    return worker.clock.now() >= worker.run.due_at + DEADLINE


def _prepare_and_call(worker: Worker, platform: Platform, publication: OnTheWay, ports: PublisherPorts) -> None:
    draft = with_files(publication.draft, worker, documents=ports.documents, storage=ports.storage, fetcher=ports.fetcher)
    if isinstance(draft, Wait):
        _pause(worker, draft)
        return
    publication.draft = draft
    if problems := platform.judge(draft):
        _end(worker, _judged(problems))
        return
    state = platform.prepare(publication)
    if isinstance(state, Wait):
        _pause(worker, state)
        return
    publication.intend()
    if worker.lease_until - ports.clock.now() < CALL_BUDGET:
        # Saving INTENT took so long that ☎ might outlive our lease: not sent, so nothing is public.
        _refused(worker, PlatformFailure("transient", "Our database was too slow to publish safely."))
        return
    _call(worker, platform, publication)


def _call(worker: Worker, platform: Platform, publication: OnTheWay) -> None:
    """☎ and what its answer means. From here on only an explicit refusal, or a request that never left, lets us try again."""
    try:
        published = platform.publish(publication)
    except NotSent as error:
        _refused(worker, PlatformFailure("transient", f"{platform.capability.label} could not be reached ({error})."))
    except NoAnswer as error:
        _doubt(worker, PlatformFailure("outcome_unknown", f"{platform.capability.label} did not answer ({error})."))
    except PlatformFailure as failure:
        perhaps_ours = failure.kind == "duplicate" and publication.intents > 1
        if failure.kind in ("transient", "outcome_unknown") or failure.published_after_all or perhaps_ours:
            _doubt(worker, failure)
        else:
            _refused(worker, failure)
    else:
        _finish(worker, platform, publication, published)


def _finish(worker: Worker, platform: Platform, publication: OnTheWay, published: Published) -> None:
    """The id first, in a commit of its own where the address has to be asked for; asking may fail harmlessly."""
    url = published.url
    if url is None and published.post_id:
        worker.write_and_renew({"phase": "published", "platformPostId": published.post_id})
        try:
            url = platform.permalink(publication, published.post_id)
        except (PlatformFailure, NotSent, NoAnswer) as error:
            _log.warning("no permalink", extra={"run": str(worker.run.path), "reason": str(error)})
    _end_well(worker, published.post_id, url, publication.draft.notes)


def _end_well(worker: Worker, post_id: str, url: str | None, notes: Sequence[str]) -> None:
    succeed(worker, post_id, url, notes)
    settle(worker.run.path.submission_id, documents=worker.documents, clock=worker.clock)


def _end(worker: Worker, failure: PlatformFailure) -> None:
    fail(worker, failure)
    settle(worker.run.path.submission_id, documents=worker.documents, clock=worker.clock)


def _refused(worker: Worker, failure: PlatformFailure) -> None:
    """Provably nothing public: wait if waiting helps, else fail. Clears INTENT."""
    pause = pause_of(failure, worker.run, worker.clock)
    if pause is None:
        _end(worker, failure)
        return
    again = {"phase": "preparing", "intentAt": REMOVE, "absentListings": REMOVE}
    worker.wait(min(worker.clock.now() + pause, worker.run.due_at + DEADLINE), failure.to_fields(), again)


def _doubt(worker: Worker, failure: PlatformFailure) -> None:
    """It may be public: INTENT stays, and the next claim looks before anything else."""
    seconds = min(FIRST_LOOK_SECONDS * 2 ** (worker.run.intents - 1), MAX_BACKOFF_SECONDS)
    until = worker.clock.now() + timedelta(seconds=seconds)
    worker.wait(until, failure.to_fields(), {"callFailure": failure.kind})


def _pause(worker: Worker, wait: Wait) -> None:
    until = worker.clock.now() + timedelta(seconds=wait.seconds)
    worker.wait(min(until, worker.run.due_at + DEADLINE), {"code": "waiting", "message": wait.reason})


def _account(run: Run, ports: PublisherPorts) -> Credentials | None:
    [document] = ports.documents.get(credentials_path(run.uid, run.platform, run.account_id))
    return Credentials.open(document, ports.cipher) if document is not None else None


def _unusable(run: Run) -> PlatformFailure:
    if run.phase == "intent":
        return PlatformFailure(
            "outcome_unknown",
            f"The request was sent, but the account {run.account_id} was disconnected before its outcome could be found out.",
        )
    return PlatformFailure("reauth", f"The account {run.account_id} is no longer connected to {run.platform}.")


def _stumbled(worker: Worker, error: Exception) -> None:
    """A fault of ours: try again later, from the same phase, but not for ever."""
    kind = "outcome_unknown" if worker.run.phase == "intent" else "bug"
    failure = PlatformFailure(kind, f"Publishing stumbled over a fault of Soku's ({type(error).__name__}).")
    if _is_late(worker):
        _end(worker, failure)
        return
    worker.wait(worker.clock.now() + backoff(worker.run.attempt), failure.to_fields())


def _judged(problems: list[Problem]) -> PlatformFailure:
    kind = "rejected" if all(problem.field == "text" for problem in problems) else "media_invalid"
    return PlatformFailure(kind, " ".join(problem.message for problem in problems), platform_code=problems[0].rule)
