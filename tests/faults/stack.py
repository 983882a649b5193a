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

from tests.conftest import LocalStack, start_stack, stop
from tests.faults.kills import KINDS, Range, sampled


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stack", description="Kill everything at every call.")
    parser.add_argument("--sample", type=int, metavar="N", help="only N points of each kind, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = folder / "plans"
        plans.mkdir()
        process, ready, offset = start_stack(folder, "--kill-plans", str(plans), "--sweep-every", "2")
        os.environ["FIRESTORE_EMULATOR_HOST"] = ready["firestoreHost"]
        try:
            stack = LocalStack(**ready, offset=offset, kill_plans=plans, log=folder / "stack.log", pid=process.pid)
            return _strike_all(Range.on(stack), given.kinds, given.sample, given.seed)
        finally:
            stop(process)


def _strike_all(shooting: Range, kinds: list[str], sample: int | None, seed: int) -> int:
    started = time.monotonic()
    points = shooting.points(kinds)
    chosen = sampled(points, sample, seed) if sample else points
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


if __name__ == "__main__":
    sys.exit(main())
