"""Several generations as one job: each is a child, a job of its own; the batch is done when all of them are.

It is charged whole at its start; what its failed children would have cost is given back in the commit of its end.
"""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from shared.credits.credits import refund
from shared.documents.change import read_modify_write
from shared.documents.document import Conflict, Create
from shared.jobs.cancel import cancellation
from shared.jobs.handler import Outcome, Succeeded, Work
from shared.jobs.job import Job, job_path
from shared.jobs.progress import Progress
from shared.jobs.provider import polled
from shared.jobs.start import job_fields
from shared.operations.operation import Operation, wanted
from shared.operations.ports import ProviderPorts
from shared.tasks.hand_over import hand_over
from shared.tasks.queues import BY_NAME
from shared.tasks.task import work_on_job

# Its children's time ends so long before its own, if it has that much: one that hangs does not take the others along.
LOOKED_AT_LAST = timedelta(minutes=2)


def child_id(batch_id: str, number: int) -> str:
    return f"{batch_id}-{number:02}"


def batch(work: Work, ports: ProviderPorts, operation: Operation) -> Outcome:
    """`operation` is its children's."""
    job, requests = work.job, work.job.input["requests"]
    paths = [job_path(child_id(job.id, number)) for number in range(len(requests))]
    found = ports.documents.get(*paths)
    if any(child is None for child in found):
        # Whoever tidies up after a batch that is cancelled now has to know of what is made here.
        work.save(**_children(job))
        for number, child in enumerate(found):
            if child is None:
                _begin(job, number, requests[number], operation, work, ports)
        return polled(work, Progress(0, "generating", f"0 of {len(requests)} are made"), **_children(job))
    children = [Job.from_document(child) for child in found if child is not None]
    over = [child for child in children if child.is_final]
    if len(over) < len(children):
        percentage = sum(100 if child.is_final else int(child.progress.get("percentage", 0)) for child in children) // len(children)
        return polled(work, Progress(percentage, "generating", f"{len(over)} of {len(children)} are made"), **_children(job))
    failed = sum(child.status != "succeeded" for child in children)
    given_back = job.credits_debited * failed // len(children)
    writes = refund(job.uid, given_back, job.id, documents=ports.documents, now=work.lease.clock.now()) if given_back else ()
    shown = [{"id": child.id, "status": child.status, "result": child.result, "error": child.error} for child in children]
    changes = {"creditsRefunded": given_back} if given_back else {}
    return Succeeded({"children": shown}, writes, changes)


def cancel_children(batch_id: str, children: int, ports: ProviderPorts) -> None:
    """Of a batch that was cancelled, or took too long. One that has ended by then is left as it is."""
    for child in ports.documents.get(*(job_path(child_id(batch_id, number)) for number in range(children))):
        if child is not None:
            read_modify_write(partial(_cancel, child.path, ports))


def _cancel(path: str, ports: ProviderPorts) -> None:
    [child] = ports.documents.get(path)
    if child is not None and not (job := Job.from_document(child)).is_final:
        ports.documents.commit(*cancellation(job, ports.working.clock.now(), ports.documents))


def _children(batch: Job) -> dict[str, Any]:
    """What whoever tidies up after it has to know."""
    return {"batch": batch.id, "children": len(batch.input["requests"])}


def _begin(batch: Job, number: int, given: Any, operation: Operation, work: Work, ports: ProviderPorts) -> None:
    now, made = work.lease.clock.now(), wanted(operation, batch.uid, given, 0)
    left = batch.deadline_at - now
    lasts = min(made.lasts, left - min(LOOKED_AT_LAST, left / 2))
    fields = {
        **job_fields(replace(made, lasts=lasts), batch.uid, batch.request_id, now),
        "dialect": batch.dialect,
        "parent": batch.id,
    }
    try:
        ports.documents.commit(Create(job_path(child_id(batch.id, number)), fields))
    except Conflict:
        return
    hand_over(work_on_job(child_id(batch.id, number), BY_NAME[made.queue.name]), ports.working.tasks)
