"""Files that operations make: kept in the storage under names that nobody can guess, for as long as their results.

A result holds a file's path; its address is made anew each time that the result is shown (`shown`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from shared.core.ids import random_base62
from shared.jobs.handler import Work
from shared.media.storage import Storage

FOLDER = "results"


def keep_file(
    work: Work, chunks: Iterator[bytes], content_type: str, ending: str, size_bytes: int, storage: Storage
) -> dict[str, Any]:
    """What stands in the result. What a worker that died has written lapses by itself, like everything here: thirty days after it
    was written (storage.lifecycle.json). Raises StorageUnavailable."""
    work.lease.hold_for(60)
    path = f"{FOLDER}/{work.job.id}-{random_base62(22)}.{ending}"
    storage.write(path, content_type, chunks, keep_until=work.lease.clock.now())
    return {"storagePath": path, "contentType": content_type, "sizeBytes": size_bytes}


def shown(result: Any, media_url: str) -> Any:
    """A result as it is answered: with addresses in the place of paths."""
    if isinstance(result, Mapping):
        named = cast("Mapping[str, Any]", result)
        inner = {name: shown(value, media_url) for name, value in named.items() if name != "storagePath"}
        return {"url": f"{media_url}/{named['storagePath']}", **inner} if "storagePath" in named else inner
    if isinstance(result, list):
        return [shown(one, media_url) for one in cast("list[Any]", result)]
    return result
