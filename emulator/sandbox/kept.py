"""What the sandboxes remember between runs, with --data: what they accepted, what they know of it, and which tokens are good.

A stack that kept its database and forgot its platforms would look for posts that were there, find none, and publish them again.
"""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.sandbox.oauth import AuthorizationServer
from emulator.sandbox.platform import World

NAME = "sandbox.pickle"
# Of the world, beside what each platform knows.
_OF_THE_WORLD = ("ledger", "generations", "used", "revoked")


def save(world: World, platforms: Mapping[str, Any], folder: Path) -> None:
    """Replaces what was kept before only once it is complete."""
    kept = {
        "world": {name: getattr(world, name) for name in _OF_THE_WORLD},
        "platforms": {name: vars(platform) for name, platform in platforms.items()},
    }
    written = io.BytesIO()
    _Pickler(written, world, platforms).dump(kept)
    beside = folder / f"{NAME}.part"
    beside.write_bytes(written.getvalue())
    beside.replace(folder / NAME)


def load(world: World, platforms: Mapping[str, Any], folder: Path) -> bool:
    """False where something was kept that this version cannot read; the file is one of our own making, on this machine."""
    if not (folder / NAME).exists():
        return True
    try:
        kept = _Unpickler(io.BytesIO((folder / NAME).read_bytes()), world, platforms).load()
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError, TypeError):
        return False
    for name, value in kept["world"].items():
        setattr(world, name, value)
    for name, fields in kept["platforms"].items():
        vars(platforms[name]).update(fields)
    return True


class _Pickler(pickle.Pickler):
    """What lives as long as the process is named, not kept."""

    def __init__(self, file: io.BytesIO, world: World, platforms: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._world = world
        self._servers = {id(platform.oauth): name for name, platform in platforms.items()}

    def persistent_id(self, obj: Any) -> str | None:
        if obj is self._world:
            return "world"
        return f"oauth {self._servers[id(obj)]}" if isinstance(obj, AuthorizationServer) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, world: World, platforms: Mapping[str, Any]) -> None:
        super().__init__(file)
        self._world, self._platforms = world, platforms

    def persistent_load(self, pid: str) -> Any:
        return self._world if pid == "world" else self._platforms[pid.partition(" ")[2]].oauth
