"""What a job's workers wrote to the storage and did not live to name: `state.objects`, saved before each is written."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from shared.media.storage import Storage, StorageUnavailable


def delete_leftovers(state: Mapping[str, Any], storage: Storage) -> None:
    for path in state.get("objects") or ():
        delete_quietly(path, storage)


def delete_quietly(path: str, storage: Storage) -> None:
    with suppress(StorageUnavailable):
        storage.delete(path)
