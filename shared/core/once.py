"""Built once, however many threads ask for it at the same time: functools.cache builds it for each one that comes meanwhile."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")


def once(build: Callable[[], T]) -> Callable[[], T]:
    """The first caller builds, the others wait for it. If building fails, the next one tries again."""
    lock = threading.Lock()
    built: list[T] = []

    @wraps(build)
    def value() -> T:
        if not built:
            with lock:
                if not built:
                    built.append(build())
        return built[0]

    return value
