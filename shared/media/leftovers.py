"""What a job's workers wrote to the storage and did not live to name: `state.objects`, saved before each is written."""

from collections.abc import Mapping
from typing import Any

from shared.media.storage import Storage, StorageUnavailable


def delete_leftovers(state: Mapping[str, Any], storage: Storage) -> list[str]:
    """Those that could not be deleted: to be saved again, with whatever is written next."""
    return [path for path in state.get("objects") or () if not delete_quietly(path, storage)]


def delete_quietly(path: str, storage: Storage) -> bool:
    """Whether it is gone."""
    try:
        storage.delete(path)
    except StorageUnavailable:
        return False
    return True
