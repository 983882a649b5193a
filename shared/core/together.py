"""What does not need each other's answers, done at one time: it takes as long as the slowest."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

# For the reads beside a request's own thread.
THREADS = 16

Together = Callable[..., Sequence[Any]]


def together_on(threads: int) -> Together:
    """Runs them on so many threads, which are made on first use: never before the web server forks."""

    @cache
    def pool() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(threads, thread_name_prefix="together")

    def run(*calls: Callable[[], Any]) -> Sequence[Any]:
        """The answers in this order. Raises what the first that failed has raised."""
        if not calls:
            return []
        first, *others = calls
        beside = [pool().submit(call) for call in others]
        return [first(), *(one.result() for one in beside)]

    return run


together = together_on(THREADS)


def one_by_one(*calls: Callable[[], Any]) -> Sequence[Any]:
    """The same without threads."""
    return [call() for call in calls]
