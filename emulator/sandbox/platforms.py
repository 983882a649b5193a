"""Every sandbox platform by name."""

from collections.abc import Callable, Mapping

from emulator.sandbox.facebook import Facebook
from emulator.sandbox.instagram import Instagram
from emulator.sandbox.linkedin import LinkedIn
from emulator.sandbox.platform import Sandbox, World
from emulator.sandbox.snapchat import Snapchat
from emulator.sandbox.threads import Threads
from emulator.sandbox.tiktok import TikTok
from emulator.sandbox.x import X
from emulator.sandbox.youtube import YouTube

SANDBOXES: Mapping[str, Callable[[World], Sandbox]] = {
    "x": X,
    "instagram": Instagram,
    "facebook": Facebook,
    "threads": Threads,
    "tiktok": TikTok,
    "youtube": YouTube,
    "linkedin": LinkedIn,
    "snapchat": Snapchat,
}


def build(world: World) -> dict[str, Sandbox]:
    return {name: sandbox(world) for name, sandbox in SANDBOXES.items()}


def by_host(platforms: Mapping[str, Sandbox]) -> dict[str, Sandbox]:
    """Which platform answers under which name."""
    return {host: platform for platform in platforms.values() for host in platform.hosts}
