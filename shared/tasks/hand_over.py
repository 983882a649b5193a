"""Enqueue a task, or leave it to the sweeper: the document that the task is about says by its `sweepAt` that it is not done yet."""

import logging

from shared.tasks.task import NotEnqueued, QueueSkipped, Task, Tasks

_log = logging.getLogger(__name__)


def hand_over(task: Task, tasks: Tasks) -> bool:
    """Whether the task was created. If it was not, nothing is lost: the sweeper finds the document in its outbox."""
    try:
        tasks.enqueue(task)
    except QueueSkipped:
        return False
    except NotEnqueued as error:
        extra = {"queue": task.queue.name, "payload": dict(task.payload), "reason": str(error)}
        _log.warning("task.not_enqueued", extra=extra)
        return False
    return True
