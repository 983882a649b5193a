"""A scheduled post waits in Firestore, for any length of time; what is due is found by the sweeper."""

from datetime import UTC, datetime, timedelta

from emulator.environment import function_variables
from emulator.ports import Ports
from functions.sweeper.main import OUTBOXES
from shared.core.settings import CloudTasks
from shared.gcp.cloud_tasks import CloudTasksQueue
from shared.posts.orchestrate import orchestrate_submission
from shared.tasks.sweep import SweepPorts, sweep
from tests.fakes.clock import StandingClock
from tests.fakes.tasks import MemoryTasks
from tests.flow.conftest import Customer


def test_a_post_a_minute_ahead_is_published_by_itself_and_its_request_again_is_a_replay(customer: Customer) -> None:
    due = datetime.now(UTC) + timedelta(seconds=65)
    first = customer.post({"text": "in a minute"}, scheduledTime=due.isoformat())
    submission_id = first.json()["postSubmissionId"]
    assert customer.submission(submission_id)["status"] == "queued"
    customer.completed(submission_id)
    [entry] = customer.ledger()
    assert datetime.fromisoformat(entry["acceptedAt"].replace("Z", "+00:00")) >= due
    again = customer.post({"text": "in a minute"}, scheduledTime=due.isoformat())
    assert (again.status_code, again.json()) == (201, first.json())


def test_a_post_forty_days_ahead_with_the_clock_moved(customer: Customer) -> None:
    due = datetime.now(UTC) + timedelta(days=40)
    submission_id = customer.accepted({"text": "in forty days"}, scheduledTime=due.isoformat())
    clock = StandingClock(due - timedelta(minutes=6))
    scheduled = MemoryTasks(clock)
    sweep(OUTBOXES, SweepPorts(customer.documents, scheduled, clock))
    assert customer.submission(submission_id)["sweepAt"] == due - timedelta(minutes=5), "too early: nothing happened"
    clock.at = due - timedelta(minutes=4)
    sweep(OUTBOXES, SweepPorts(customer.documents, scheduled, clock))
    wanted = {"postSubmissionId": submission_id, "uid": customer.uid}
    [task] = [task for task in scheduled.waiting if task.payload == wanted]
    assert task.not_before == due
    # From here on with the real queues: the clock of Cloud Tasks cannot be moved, ours can.
    tasks = CloudTasksQueue(CloudTasks.model_validate(function_variables(Ports(customer.stack.offset))))
    orchestrate_submission(submission_id, customer.uid, documents=customer.documents, tasks=tasks, clock=clock)
    assert customer.submission(submission_id)["status"] == "queued"
    clock.at = due
    orchestrate_submission(submission_id, customer.uid, documents=customer.documents, tasks=tasks, clock=clock)
    assert customer.submission(submission_id)["status"] == "dispatched"
    customer.completed(submission_id)
    assert [entry["text"] for entry in customer.ledger()] == ["in forty days"]
