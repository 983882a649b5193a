"""Reads that do not need each other's answers, made at one time: they take as long as the slowest."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

# For the reads beside a request's own thread.
THREADS = 16

Together = Callable[..., Sequence[Any]]


def together(*reads: Callable[[], Any]) -> Sequence[Any]:
    """The answers in this order. Raises what the first that failed has raised."""
    if not reads:
        return []
    first, *others = reads
    beside = [_pool().submit(read) for read in others]
    return [first(), *(one.result() for one in beside)]


def one_by_one(*reads: Callable[[], Any]) -> Sequence[Any]:
    """The same without threads."""
    return [read() for read in reads]


@cache
def _pool() -> ThreadPoolExecutor:
    """Made on first use: never before the web server forks."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="together")
