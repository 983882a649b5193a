"""python -m tests.faults.stack: every call of every function struck, for every kind of post, on a real stack of its own.

make faults-stack                                  all of it, about half an hour on two cores
make faults-stack ARGS="--sample 3"                three points of each kind
make faults-stack ARGS="--kinds x tiktok"          those kinds only
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from shared.platforms.names import PLATFORMS
from tests.conftest import LocalStack, start_stack, stop
from tests.faults.connections import STEPS, Connections
from tests.faults.kills import KINDS, Range, sampled

# The kinds of posts, and accounts that are connected and disconnected.
CHOICES = [*KINDS, "accounts"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stack", description="Kill everything at every call.")
    parser.add_argument("--sample", type=int, metavar="N", help="only N points of each kind, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--kinds", nargs="+", choices=CHOICES, default=CHOICES, metavar="KIND", help=", ".join(CHOICES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = folder / "plans"
        plans.mkdir()
        process, ready, offset = start_stack(folder, "--kill-plans", str(plans), "--sweep-every", "2")
        os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
        try:
            stack = LocalStack(**ready, offset=offset, kill_plans=plans, log=folder / "stack.log", pid=process.pid)
            kinds = [kind for kind in given.kinds if kind != "accounts"]
            failed = _strike_all(Range.on(stack), kinds, given.sample, given.seed) if kinds else 0
            if "accounts" in given.kinds:
                failed |= _strike_accounts(Connections.on(stack), given.sample, given.seed)
            return failed
        finally:
            stop(process)


def _strike_all(shooting: Range, kinds: list[str], sample: int | None, seed: int) -> int:
    started = time.monotonic()
    points = shooting.points(kinds)
    chosen = sampled(points, sample, seed, lambda point: point.group) if sample else points
    print(f"{len(points)} points found, {len(chosen)} to strike", flush=True)
    for number, point in enumerate(chosen, start=1):
        shooting.strike(point)
        if number % 50 == 0:
            print(f"  {number} struck, {time.monotonic() - started:.0f} s", flush=True)
    shooting.await_all()
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: list[str] = []
    for shot in shooting.shots:
        row = ends[f"{shot.point.function:<13} {shot.point.kind}"]
        row["points"] += 1
        row["not reached"] += not shot.struck
        try:
            row[shooting.verify(shot)] += 1
        except AssertionError as error:
            row["wrong"] += 1
            wrong.append(str(error))
    columns = ("points", "succeeded", "unknown", "needs_reauth", "not reached", "wrong")
    print(f"\n{'function and kind':<32}" + "".join(f"{column:>14}" for column in columns))
    for name, row in ends.items():
        print(f"{name:<32}" + "".join(f"{row[column]:>14}" for column in columns))
    print(f"{'in all':<32}" + "".join(f"{sum(row[column] for row in ends.values()):>14}" for column in columns))
    print(f"{time.monotonic() - started:.0f} s")
    for line in wrong:
        print(f"  ! {line}")
    struck = sum(shot.struck for shot in shooting.shots)
    if struck < 0.9 * len(shooting.shots):
        print(f"  ! only {struck} of {len(shooting.shots)} points were reached")
        return 1
    return 1 if wrong else 0


def _strike_accounts(connections: Connections, sample: int | None, seed: int) -> int:
    started = time.monotonic()
    points = connections.points(list(PLATFORMS))
    chosen = sampled(points, sample, seed, lambda point: point.group) if sample else points
    print(f"\n{len(points)} points found on the way of accounts, {len(chosen)} to strike", flush=True)
    for point in chosen:
        connections.strike(point)
    connections.publish()
    print(f"{'api':<14}{'points':>10}{'not reached':>14}")
    for step in STEPS:
        number = sum(point.step == step for point in chosen)
        print(f"{step:<14}{number:>10}{number - connections.struck[step]:>14}")
    print(f"{len(connections.wrong)} wrong; {time.monotonic() - started:.0f} s")
    for line in connections.wrong:
        print(f"  ! {line}")
    return 1 if connections.wrong or connections.struck.total() < 0.9 * len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
