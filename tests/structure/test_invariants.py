"""Relations between numbers, and rules of one place each, that comments alone would not keep."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.api.request import reading
from functions.api.v1 import health
from functions.sweeper.main import OUTBOXES
from functions.targets import TARGETS
from shared.accounts import tokens
from shared.core import errors
from shared.gcp.connections import CONNECTIONS as GOOGLES_CONNECTIONS
from shared.http.client import CONNECT_TIMEOUT_SECONDS, CONNECTIONS, READ_TIMEOUT_SECONDS, TOTAL_TIMEOUT_SECONDS
from shared.media import copy, measure, measuring
from shared.platforms.x import rules, weighted_length
from shared.publishing import run_lease
from shared.tasks.queues import QUEUES, Queue
from shared.tasks.sweep import PORTION_SECONDS
from tests.conftest import ROOT

SOURCES = {path.relative_to(ROOT).as_posix(): path for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")}
TREES = {name: ast.parse(path.read_text()) for name, path in SOURCES.items()}
TARGET = {target.name: target for target in TARGETS}
LEASES = {
    "run": run_lease.TERM.length.total_seconds(),
    "copy": copy.TERM.length.total_seconds(),
    "tokens": tokens.TERM.length.total_seconds(),
}


# Times


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_a_task_is_given_up_later_than_its_function_and_that_later_than_its_lease(queue: Queue) -> None:
    timeout, deadline = TARGET[queue.target].timeout_seconds, queue.dispatch_deadline_seconds
    # No task of Cloud Tasks lasts longer than half an hour.
    assert timeout < deadline or timeout == deadline == 1800
    assert all(seconds < timeout for seconds in LEASES.values())


def test_a_call_to_a_platform_ends_within_the_lease_under_which_it_is_made() -> None:
    longest = CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS
    assert longest < run_lease.CALL_BUDGET.total_seconds() < LEASES["run"]
    assert longest < LEASES["tokens"]


def test_a_tick_of_the_sweeper_ends_before_its_function_does() -> None:
    assert len(OUTBOXES) * PORTION_SECONDS < TARGET["sweeper"].timeout_seconds


def test_as_many_connections_are_kept_as_requests_are_handled_at_once() -> None:
    most = max(target.concurrency for target in TARGETS)
    assert most <= min(CONNECTIONS, GOOGLES_CONNECTIONS)


def test_xs_lengths_are_those_of_its_published_configuration() -> None:
    published = json.loads((ROOT / "tests" / "vectors" / "twitter-text-v3.json").read_text())
    spans = [(span["start"], span["end"]) for span in published["ranges"]]
    assert published["transformedURLLength"] == weighted_length.LINK_WEIGHT
    assert published["maxWeightedTweetLength"] == rules.MAX_WEIGHTED_LENGTH
    assert [weighted_length.weighted_length(chr(end)) for _, end in spans[1:]] == [1] * len(spans[1:])
    assert [weighted_length.weighted_length(chr(end + 1)) for _, end in spans] == [2] * len(spans)


# One place each


def constants_as_keys(tree: ast.AST, key: str) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == key for k in node.keys):
            yield node


def writers_of(field: str) -> set[str]:
    return {name for name, tree in TREES.items() if any(constants_as_keys(tree, field))}


def test_a_runs_phase_is_written_beside_the_drawing_of_its_states() -> None:
    assert writers_of("phase") == {"shared/posts/run.py"}


def test_waiting_has_one_recorder() -> None:
    shown_by = {"shared/posts/view.py", "functions/api/openapi/examples.py", "functions/api/openapi/operations_webhooks.py"}
    # Deliveries of webhooks wait by themselves.
    shown_by |= {"shared/webhooks/delivery.py"}
    assert writers_of("nextAttemptAt") - shown_by == {"shared/posts/run.py", "shared/publishing/outcome.py"}


def test_waiting_has_one_shape() -> None:
    """A class that holds `seconds` says when to come back."""
    shapes = {
        f"{name} {node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == "seconds"
    }
    assert shapes == {"shared/core/wait.py Wait"}


def handlers_of(exception: str, within: type[ast.AST] = ast.Module) -> set[str]:
    return {
        name
        for name, tree in TREES.items()
        for outer in ast.walk(tree)
        if isinstance(outer, within)
        for node in ast.walk(outer)
        if isinstance(node, ast.ExceptHandler) and node.type is not None and exception in ast.unparse(node.type)
    }


def test_a_task_that_cannot_be_created_is_left_to_the_sweeper_in_one_place() -> None:
    assert handlers_of("NotEnqueued") == {"shared/tasks/hand_over.py", "shared/tasks/sweep.py"}


def test_a_read_modify_write_is_bounded_in_one_place() -> None:
    assert handlers_of("Conflict", within=ast.For | ast.While) == {  # type: ignore[arg-type]
        "shared/documents/change.py",
    }


# Words


def test_the_drawn_tree_of_errors_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"(\w+)\s+(\d{3}) (\w+)", errors.__doc__ or "")
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.ApiError)]
    assert sorted(drawn) == sorted((c.__name__, str(c.status), c.code) for c in classes)


def log_calls() -> Iterator[tuple[str, str, str]]:
    """File, level and first argument of every line that is logged."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "_log":
                yield name, node.func.attr, ast.literal_eval(node.args[0])


EVENT = re.compile(r"[a-z]+\.[a-z_]+")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def test_log_lines_are_events_with_stable_names() -> None:
    assert [call for call in log_calls() if not EVENT.fullmatch(call[2])] == []


def test_every_event_that_an_operator_should_alert_on_is_documented_and_no_other() -> None:
    documented = {(level, event) for event, level in re.findall(r"^\| `([\w.]+)` \| (\w+) \|", OPERATIONS, re.MULTILINE)}
    severity = {"warning": "WARNING", "error": "ERROR", "exception": "ERROR"}
    assert documented == {(severity[level], event) for _, level, event in log_calls() if level in severity}


def test_the_ordinary_events_are_named_too() -> None:
    ordinary = OPERATIONS.rpartition("severity INFO")[2]
    assert {event for _, level, event in log_calls() if level == "info"} == set(re.findall(r"`([a-z]+\.[a-z_]+)`", ordinary))


@pytest.mark.parametrize("path", SOURCES.values(), ids=lambda path: Path(path).relative_to(ROOT).as_posix())
def test_no_sign_in_code_that_a_terminal_cannot_show(path: Path) -> None:
    assert "☎" not in path.read_text()


# Limits that were tried against attacks, each with its number: who changes one says so here.


def test_whoever_measures_a_file_has_so_much_memory_time_and_reading() -> None:
    assert measuring.ADDRESS_SPACE_BYTES == 256 << 20
    assert (measuring.CPU_SECONDS, measure.WALL_SECONDS, measure.MAX_BYTES, measure.TRIES) == (10, 20.0, 64 << 20, 2)
    # Each limit is really set.
    set_limits = re.findall(r"resource\.setrlimit\(resource\.(RLIMIT_\w+)", inspect.getsource(measuring))
    assert {"RLIMIT_AS", "RLIMIT_CPU"} <= set(set_limits)


def test_an_exchange_with_a_platform_ends_in_35_seconds_in_all() -> None:
    assert TOTAL_TIMEOUT_SECONDS <= 35
    assert TOTAL_TIMEOUT_SECONDS < run_lease.CALL_BUDGET.total_seconds() < LEASES["run"]


def test_half_of_an_instances_threads_read_bodies() -> None:
    assert TARGET["api"].concurrency // 2 == reading.READERS


def test_a_clock_that_was_set_by_more_than_five_seconds_refuses_the_public_call() -> None:
    assert run_lease.MAX_JUMP.total_seconds() == 5


def test_a_readiness_answer_is_kept_for_ten_seconds() -> None:
    assert health.KEPT_FOR.total_seconds() == 10
