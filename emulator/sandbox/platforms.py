"""Every sandbox platform by name."""

from emulator.sandbox.instagram import Instagram
from emulator.sandbox.platform import Sandbox, World
from emulator.sandbox.x import X

SANDBOXES = {"x": X, "instagram": Instagram}


def build(world: World) -> dict[str, Sandbox]:
    return {name: sandbox(world) for name, sandbox in SANDBOXES.items()}
