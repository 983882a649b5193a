"""Have the events of a commit told at once. Where a task cannot be made, the sweeper tells them."""

from collections.abc import Iterable

from shared.documents.document import Create, Write
from shared.tasks.hand_over import hand_over
from shared.tasks.task import Tasks, tell


def announce(writes: Iterable[Write], tasks: Tasks) -> None:
    """`writes` are those of a commit that was made; others than events are passed over."""
    for write in writes:
        if not isinstance(write, Create):
            continue
        match write.path.split("/"):
            case ["users", uid, "events", event_id]:
                hand_over(tell(uid, event_id), tasks)
            case _:
                pass
