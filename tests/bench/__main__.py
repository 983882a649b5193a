"""python -m tests.bench [costs] [latency] [instant] [memory]: all of them, if none is named."""

import argparse

from tests.bench.costs import print_costs
from tests.bench.instant import print_lateness
from tests.bench.latency import print_latencies
from tests.bench.local import local_stack
from tests.bench.memory import print_memory

ON_A_STACK = {"latency": print_latencies, "instant": print_lateness, "memory": print_memory}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="*", help="which ones", metavar="|".join(["costs", *ON_A_STACK]))
    what = parser.parse_args().what or ["costs", *ON_A_STACK]
    unknown = set(what) - {"costs", *ON_A_STACK}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from costs, {', '.join(ON_A_STACK)}")
    if "costs" in what:
        print_costs()
    on_a_stack = [measure for name, measure in ON_A_STACK.items() if name in what]
    if on_a_stack:
        with local_stack() as local:
            for measure in on_a_stack:
                measure(local)


if __name__ == "__main__":
    main()
