"""python -m tests.bench [costs] [endpoints] [texts] [measuring] [latency] [instant] [memory]: all of them, if none is named."""

import argparse

from tests.bench.costs import print_costs
from tests.bench.endpoints import print_endpoints
from tests.bench.instant import print_lateness
from tests.bench.latency import print_latencies
from tests.bench.local import local_stack
from tests.bench.measuring import print_measuring
from tests.bench.memory import print_memory
from tests.bench.texts import print_growth

IN_PROCESS = {"costs": print_costs, "endpoints": print_endpoints, "texts": print_growth, "measuring": print_measuring}
ON_A_STACK = {"latency": print_latencies, "instant": print_lateness, "memory": print_memory}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="*", help="which ones", metavar="|".join([*IN_PROCESS, *ON_A_STACK]))
    what = parser.parse_args().what or [*IN_PROCESS, *ON_A_STACK]
    unknown = set(what) - {*IN_PROCESS, *ON_A_STACK}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join([*IN_PROCESS, *ON_A_STACK])}")
    for name, count in IN_PROCESS.items():
        if name in what:
            count()
    on_a_stack = [measure for name, measure in ON_A_STACK.items() if name in what]
    if on_a_stack:
        with local_stack() as local:
            for measure in on_a_stack:
                measure(local)


if __name__ == "__main__":
    main()
