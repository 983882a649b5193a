"""What follows from a run that succeeded: a new post for each of its user's automations that concerns it.

The run is the outbox: it says `firesAutomations` and keeps its `sweepAt` until all of them have fired. Each new post's id follows
from the run and the automation, and is only ever created: fired twice, or by two workers at once, there is one. A post that an
automation made fires none.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from shared.automations.automation import MAX_TEXT, Automation, Published
from shared.automations.change import list_automations
from shared.core.clock import Clock
from shared.core.errors import ApiError, ValidationFailed
from shared.core.platforms import PLATFORMS
from shared.documents.change import read_modify_write
from shared.documents.document import REMOVE, Conflict, Create, Document, Documents, Unavailable, Update, Write
from shared.events.announce import announce
from shared.media.copied import copy_path
from shared.platforms.content import Content
from shared.posts.addresses import addresses_of
from shared.posts.create import Accept, begin, submission_fields
from shared.posts.events import warned
from shared.posts.file_warnings import MAX_WARNINGS
from shared.posts.run import Run, RunPath, submission_path
from shared.posts.state import state_of_submission
from shared.posts.submission import MAX_CONTENT_BYTES, Submission, Target, content_bytes
from shared.posts.targets import WantedTarget
from shared.posts.validate import Installation, PostRequest, validated
from shared.tasks.task import Tasks
from shared.users.user import User, user_path

_log = logging.getLogger(__name__)

# Of the ids of posts that automations make.
_NAMESPACE = UUID("5b1fd66c-7b52-4d44-8a0f-3e6f6d0f2b6e")
WARNING = "automation_failed"


@dataclass(frozen=True)
class AutomationPorts:
    documents: Documents
    tasks: Tasks
    clock: Clock
    here: Installation


def fire(path: RunPath, ports: AutomationPorts) -> None:
    """Nothing happens a second time. Raises Unavailable."""
    read_modify_write(lambda: _fire(path, ports))


def post_id(run: RunPath, automation_id: str) -> str:
    """Of the post that this automation makes of this run."""
    return str(uuid5(_NAMESPACE, f"{run}/{automation_id}"))


def _fire(path: RunPath, ports: AutomationPorts) -> None:
    found, source = ports.documents.get(str(path), submission_path(path.submission_id))
    if found is None or not (run := Run.from_document(found)).awaits_automations:
        return
    warnings: list[Mapping[str, Any]] = []
    if source is not None:
        published = _published(run, found.fields["completedAt"])
        firing = [one for one in list_automations(run.uid, documents=ports.documents) if one.concerns(published)]
        [user] = ports.documents.get(user_path(run.uid)) if firing else [None]
        owner = User.from_document(run.uid, user)
        for automation in firing:
            if (refusal := _refusal(automation, published, run, source, owner, ports)) is not None:
                warnings.append(_warning(automation, run, refusal, ports.clock.now()))
    writes: list[Write] = [Update(found.path, {"firesAutomations": REMOVE, "sweepAt": REMOVE}, if_version=found.version)]
    if source is not None and warnings:
        kept = [*source.fields.get("warnings", ()), *warnings][-MAX_WARNINGS:]
        writes.append(Update(source.path, {"warnings": kept}, if_version=source.version))
        writes += warned(Submission.from_document(source), kept, state_of_submission(source.fields), ports.clock.now())
    ports.documents.commit(*writes)
    announce(writes, ports.tasks)


def _published(run: Run, ended_at: datetime) -> Published:
    """With the text that was sent to that platform alone, if there was one."""
    content = replace(run.content, text=run.options.get("text") or run.content.text)
    return Published(run.platform, run.account_id, content, run.platform_post_url, ended_at)


def _refusal(
    automation: Automation, published: Published, run: Run, source: Document, owner: User, ports: AutomationPorts
) -> ApiError | None:
    """Why it could not make its post. One that meets a fault of ours must not keep the others waiting."""
    try:
        return _post(automation, published, run, source, owner, ports)
    except (Conflict, Unavailable):
        raise
    except Exception:
        _log.exception("automation.unexpected_error", extra={"run": str(run.path), "automation": automation.id})
        return ApiError("a fault of Soku's")


def _post(
    automation: Automation, published: Published, run: Run, source: Document, owner: User, ports: AutomationPorts
) -> ApiError | None:
    """Make the new post, unless it is there; or why it cannot be made."""
    text = automation.text_for(published, PLATFORMS[run.platform])
    if text is None:
        return ValidationFailed(f"The text that its template makes has more than {MAX_TEXT:,} characters.")
    given = {**source.fields["post"]["content"], "text": text, "platform": [_as_written(target) for target in automation.targets]}
    as_given = {**source.fields["post"], "content": given}
    request = PostRequest(replace(published.content, text=text), automation.targets, None, False, as_given)
    try:
        content, targets = validated(request, owner, ports.documents, ports.clock, ports.here)
    except ApiError as refusal:
        return refusal
    submission_id, now = post_id(run.path, automation.id), ports.clock.now()
    due_at = max(now, published.ended_at + automation.delay)
    later = due_at if automation.delay else None
    accept = Accept(run.uid, request, content, targets, later, "automation", source.fields["requestId"], told=owner.webhook_types)
    made = {**submission_fields(accept, now), "automationId": automation.id, "sourceRun": str(run.path)}
    copies = _copies(content, targets, source.path, submission_path(submission_id), ports.documents) if accept.awaits_files else []
    if content_bytes(content) > max(MAX_CONTENT_BYTES, content_bytes(published.content)):
        return ValidationFailed(f"Its content has more than {MAX_CONTENT_BYTES:,} bytes.")
    # What the source has copied is there once, however many posts it serves.
    shared = sum(int(copy.fields["sizeBytes"]) for copy in copies)
    try:
        ports.documents.commit(
            Create(submission_path(submission_id), {**made, **({"sharedBytes": shared} if shared else {})}), *copies
        )
    except Conflict:
        return None
    _log.info("automation.fired", extra={"run": str(run.path), "automation": automation.id, "submission": submission_id})
    begin(submission_id, accept, ports.tasks)
    return None


def _copies(content: Content, targets: Sequence[Target], source_path: str, path: str, documents: Documents) -> Sequence[Create]:
    """The source's copies of files, for the new post, too: their addresses may be dead by then."""
    urls = [address.url for address in addresses_of(content, targets)]
    found = documents.get(*(copy_path(source_path, url) for url in urls)) if urls else []
    ready = [(url, copy) for url, copy in zip(urls, found, strict=True) if copy is not None and copy.fields["status"] == "ready"]
    return [Create(copy_path(path, url), dict(copy.fields)) for url, copy in ready]


def _as_written(target: WantedTarget) -> dict[str, Any]:
    """Without what its owner left out."""
    return {name: value for name, value in target.to_fields().items() if value}


def _warning(automation: Automation, run: Run, refusal: ApiError, now: datetime) -> Mapping[str, Any]:
    reasons = " ".join(dict.fromkeys(detail.message for detail in refusal.details)) or str(refusal)
    called = f"The automation {automation.name!r}" if automation.name else "An automation"
    message = f"{called} could not make its post: {reasons}"
    return {"code": WARNING, "automationId": automation.id, "target": run.path.run_id, "message": message, "at": now}
