"""Every sandbox platform by name, found by convention: the class that `emulator/sandbox/<name>.py` calls SANDBOX."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from emulator.sandbox.faults import Affected
from emulator.sandbox.platform import Sandbox, World
from shared.core.platforms import PLATFORMS

SANDBOXES: Mapping[str, Any] = {platform: import_module(f"emulator.sandbox.{platform}").SANDBOX for platform in PLATFORMS}
# The calls of each platform, by the names that faults strike them by.
STEPS: Mapping[str, tuple[str, ...]] = {name: sandbox.steps for name, sandbox in SANDBOXES.items()}
AFFECTED: Affected = {name: sandbox.affected for name, sandbox in SANDBOXES.items()}


def build(world: World) -> dict[str, Sandbox]:
    return {name: sandbox(world) for name, sandbox in SANDBOXES.items()}


def by_host(platforms: Mapping[str, Sandbox]) -> dict[str, Sandbox]:
    """Which platform answers under which name."""
    return {host: platform for platform in platforms.values() for host in platform.hosts}
