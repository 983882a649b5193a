"""What measuring a file costs: CPU of the process that does it, its start included."""

import resource
import time

from shared.media.measure import ProcessMeasurer
from shared.media.sniff import content_type_of
from tests.fakes.films import film, gif
from tests.fakes.world import MEDIA

TIMES = 10
BUDGET_SECONDS = 0.150


def print_measuring() -> None:
    files = {path.name: path.read_bytes() for path in sorted(MEDIA.iterdir())}
    files |= {"a GIF of 350 pictures": gif(350), "a film of ten minutes": film(seconds=600.0), "of an hour": film(seconds=3600.0)}
    print(
        f"Measuring a file, {TIMES} times each: seconds of CPU and of time, on average; the budget is {BUDGET_SECONDS:g} s of CPU"
    )
    for name, content in files.items():
        content_type = content_type_of(content) or ""
        before, started = _cpu_of_children(), time.monotonic()
        for _ in range(TIMES):
            ProcessMeasurer().measure(lambda offset, length, of=content: of[offset : offset + length], len(content), content_type)
        cpu, wall = (_cpu_of_children() - before) / TIMES, (time.monotonic() - started) / TIMES
        print(
            f"  {name:<24} {len(content):>10,} bytes   {cpu:6.3f}   {wall:6.3f}{'' if cpu <= BUDGET_SECONDS else '   OVER BUDGET'}"
        )


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
