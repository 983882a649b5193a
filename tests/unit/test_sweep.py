"""The sweeper moves whatever can be moved, whatever cannot."""

from datetime import timedelta

import pytest

from shared.documents.document import Create, Update
from shared.tasks.sweep import BATCH
from tests.fakes.world import World

STUCK = 2 * BATCH + 7


def waiting(world: World, number: int, platform: str) -> list[str]:
    """Paths of runs of that platform whose time has come."""
    content = {"text": "t", "mediaType": None, "media": []}
    due = world.clock.now() - timedelta(minutes=5)
    runs = {
        f"postSubmissions/{platform}-{n}/runs/{platform}": {
            "uid": "ada", "platform": platform, "accountId": "a", "status": "queued", "phase": "queued", "attempt": 0,
            "content": content, "dueAt": due, "sweepAt": due,
        }
        for n in range(number)
    }  # fmt: skip
    for path, fields in runs.items():
        world.documents.commit(Create(path, fields))
    return list(runs)


def test_a_queue_that_takes_nothing_is_asked_once_a_tick_and_starves_nobody(world: World) -> None:
    stuck = waiting(world, STUCK, "facebook")
    [fine] = waiting(world, 1, "x")
    world.tasks.refusing["publish-facebook"] = 0
    world.sweep()
    assert world.tasks.refusing["publish-facebook"] == 1
    assert [task.payload["runId"] for task in world.tasks.waiting] == ["x"]
    pushed = {world.document(path).fields["sweepAt"] - world.clock.now() for path in (*stuck, fine)}
    assert pushed == {timedelta(seconds=60)}


def test_documents_that_cannot_be_read_are_put_off_twice_as_long_each_time_and_starve_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    due = world.clock.now() - timedelta(days=1)
    for number in range(STUCK):
        world.documents.commit(Create(f"postSubmissions/{number:04}/runs/broken", {"sweepAt": due}))
    waiting(world, 1, "x")
    world.sweep()
    assert len(world.tasks.waiting) == 1
    assert [record.message for record in caplog.records].count("sweep.unreadable") == STUCK
    world.tasks.clear()
    pauses: list[float] = []
    for _ in range(8):
        pause = world.document("postSubmissions/0000/runs/broken").fields["sweepAt"] - world.clock.now()
        pauses.append(pause.total_seconds() / 60)
        world.clock.advance(pause.total_seconds())
        world.sweep()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_cannot_even_be_put_off_is_not_met_twice_in_a_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes to these documents all the time."""
    stuck = waiting(world, STUCK, "facebook")
    waiting(world, 1, "x")
    commit = world.memory.commit

    def contended(*writes: Update) -> object:
        first = writes[0]
        if first.path in stuck:
            fields, version = world.memory.contents[first.path]
            world.memory.contents[first.path] = fields, version + timedelta(microseconds=1)
        return commit(*writes)

    monkeypatch.setattr(world.memory, "commit", contended)
    world.sweep()
    assert sum(task.payload["runId"] == "x" for task in world.tasks.waiting) == 1
    assert len(world.tasks) == STUCK + 1, "each once"
