"""Faults of providers, as those of platforms: {"platform": "openai", "step": "write", "kind": "reset_after", …}."""

from collections.abc import Callable

from emulator.sandbox.faults import AFTER
from emulator.sandbox.platform import HANG, RESET, Answer, World

_STATUS = {"rate_limit": 429, "unauthorized": 401, "reject": 400, "server_error_before": 500}


def struck(world: World, name: str, step: str, work: Callable[[], Answer], refusal: Callable[[int], Answer]) -> Answer:
    """The work's answer, unless a fault is due at this step; `refusal` is what the provider says by a status."""
    with world.lock:
        world.asked[name, "", step] += 1
        fault = world.faults.take(name, None, step)
    if fault is None:
        return work()
    if fault.kind in _STATUS:
        return refusal(_STATUS[fault.kind])
    if fault.kind == "reset_before":
        return Answer(0, silence=RESET)
    answered = work()
    if fault.kind in AFTER and answered.status < 300:
        with world.lock:
            world.faults.strike(name, None, step, fault)
        return (
            refusal(500) if fault.kind == "server_error_after" else Answer(0, silence=HANG if fault.kind == "hang_after" else RESET)
        )
    return answered
