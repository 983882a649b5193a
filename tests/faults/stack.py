"""python -m tests.faults.stack: on a real stack of its own, every call of every function struck for every kind of post, every step
of every platform failing in every way, the API struck while accounts are connected and disconnected, and every call of every
function struck for every kind of job, the API struck while posts are changed.

make faults-stack                                  all of it, about an hour on two cores
make faults-stack ARGS="--sample 3"                three points of each kind
make faults-stack ARGS="--kinds x tiktok"          those kinds only
make faults-stack ARGS="--what accounts"           accounts only
make faults-stack ARGS="--what jobs --sample 3"    three points of each kind of job
make faults-stack ARGS="--what changes"            drafts published, posts edited, cancelled, retried, resolved
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from shared.core.platforms import PLATFORMS
from tests.conftest import LocalStack, start_stack, stop
from tests.faults.change_kills import Changes
from tests.faults.connections import STEPS, Connections
from tests.faults.disturbances import disturb, disturbances, ended
from tests.faults.job_kills import JobRange, wrong_with
from tests.faults.kills import KINDS, Range, Shot, Struck, sampled

WHAT = ("calls", "faults", "accounts", "jobs", "changes")
# A process may make a call less this time than it did when its calls were counted.
REACHED = 0.98


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stack", description="Kill everything at every call.")
    parser.add_argument("--sample", type=int, metavar="N", help="only N points of each kind, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    what = "calls of posts' workers, faults of platforms, accounts, calls of jobs' workers, changes of posts"
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT, help=what)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = folder / "plans"
        plans.mkdir()
        process, ready, offset = start_stack(folder, "--kill-plans", str(plans), "--sweep-every", "2")
        os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
        try:
            stack = LocalStack(**ready, offset=offset, kill_plans=plans, log=folder / "stack.log", pid=process.pid)
            strikes = {"calls": lambda: _strike(stack, given), "faults": lambda: _disturb(stack, given)}
            strikes["accounts"] = lambda: _strike_accounts(stack, given)
            strikes["jobs"] = lambda: _strike_jobs(stack, given)
            strikes["changes"] = lambda: _strike_changes(stack, given)
            return max(strikes[what]() for what in given.what)
        finally:
            stop(process)


def _strike(stack: LocalStack, given: argparse.Namespace) -> int:
    started, shooting = time.monotonic(), Range.on(stack)
    points = _chosen(shooting.points(given.kinds), given, "calls")
    for number, point in enumerate(points, start=1):
        shooting.strike(point)
        if number % 50 == 0:
            print(f"  {number} struck, {time.monotonic() - started:.0f} s", flush=True)
    shooting.await_all()
    return _judged(shooting, shooting.shots, started)


def _disturb(stack: LocalStack, given: argparse.Namespace) -> int:
    started, shooting = time.monotonic(), Range.on(stack)
    points = _chosen(disturbances(shooting, given.kinds), given, "faults of platforms")
    return _judged(shooting, ended(shooting, disturb(shooting, points)), started)


def _judged(shooting: Range, shots: Sequence[Shot], started: float) -> int:
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    for shot in shots:
        row = ends[f"{shot.point.function:<16} {shot.point.kind}"]
        row["points"] += 1
        row["not reached"] += not shot.struck
        try:
            row[shooting.verify(shot)] += 1
        except AssertionError as error:
            row["wrong"] += 1
            wrong.append(str(error))
    columns = ("points", "succeeded", "refused", "unknown", "needs_reauth", "not reached", "wrong")
    print(f"\n{'where and what':<34}" + "".join(f"{column:>14}" for column in columns))
    for name, row in ends.items():
        print(f"{name:<34}" + "".join(f"{row[column]:>14}" for column in columns))
    print(f"{'in all':<34}" + "".join(f"{sum(row[column] for row in ends.values()):>14}" for column in columns))
    print(f"{time.monotonic() - started:.0f} s")
    return _told(wrong, sum(shot.struck for shot in shots), len(shots))


def _strike_accounts(stack: LocalStack, given: argparse.Namespace) -> int:
    started, connections = time.monotonic(), Connections.on(stack)
    points = _chosen(connections.points(list(PLATFORMS)), given, "calls on the way of accounts")
    for point in points:
        connections.strike(point)
    connections.publish()
    print(f"\n{'accounts':<14}{'points':>10}{'not reached':>14}")
    for step in STEPS:
        number = sum(point.step == step for point in points)
        print(f"{step:<14}{number:>10}{number - connections.struck[step]:>14}")
    print(f"{time.monotonic() - started:.0f} s")
    return _told(connections.wrong, connections.struck.total(), len(points))


def _strike_jobs(stack: LocalStack, given: argparse.Namespace) -> int:
    started, shooting = time.monotonic(), JobRange(stack)
    points = _chosen(shooting.points(), given, "calls of jobs' workers")
    for point in points:
        shooting.strike(point)
    shooting.await_all()
    print(f"\n{'jobs':<24}{'points':>10}{'not reached':>14}")
    for group in dict.fromkeys(shot.point.group for shot in shooting.shots):
        shots = [shot for shot in shooting.shots if shot.point.group == group]
        print(f"{' '.join(group):<24}{len(shots):>10}{sum(not shot.struck for shot in shots):>14}")
    print(f"{time.monotonic() - started:.0f} s")
    wrong = [one for shot in shooting.shots for one in wrong_with(stack, shot)]
    # A request that finds units of its windows in hand makes a call less.
    return _told(wrong, sum(shot.struck for shot in shooting.shots), len(points), reached=0.9)


def _strike_changes(stack: LocalStack, given: argparse.Namespace) -> int:
    started, changes = time.monotonic(), Changes(stack)
    points = _chosen(changes.points(), given, "calls on the way of changes")
    for point in points:
        changes.strike(point)
    wrong = [one for change in changes.made for one in changes.wrong_with(change)]
    struck = [change for change in changes.made if change.point is not None]
    print(f"\n{'changes':<24}{'points':>10}{'not reached':>14}")
    for group in dict.fromkeys(point.group for point in points):
        of_it = [change for change in struck if change.point is not None and change.point.group == group]
        print(f"{' '.join(group):<24}{len(of_it):>10}{sum(not change.struck for change in of_it):>14}")
    print(f"{time.monotonic() - started:.0f} s")
    # A request that finds units of its windows in hand makes a call less.
    return _told(wrong, sum(change.struck for change in struck), len(struck), reached=0.8)


def _chosen(points: Sequence[Struck], given: argparse.Namespace, what: str) -> Sequence[Struck]:
    chosen = sampled(points, given.sample, given.seed) if given.sample else points
    print(f"{len(points)} {what} found, {len(chosen)} to strike", flush=True)
    return chosen


def _told(wrong: Sequence[str], struck: int, points: int, *, reached: float = REACHED) -> int:
    for line in wrong:
        print(f"  ! {line}")
    if struck < reached * points:
        print(f"  ! only {struck} of {points} points were reached")
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
