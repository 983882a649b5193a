"""The real stack, each step of each platform's sandbox failing once in each way that there is, also those that are asked only after
an answer was lost, and the public call that is made again: does each post get there once, or is it told truly that it was refused?
"""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.sandbox.faults import PARTICULAR
from emulator.sandbox.platforms import AFFECTED, STEPS
from tests.faults.kills import KINDS, PLATFORM, Point, Range, Shot
from tests.platforms import all_cases

WAYS = (
    "rate_limit", "unauthorized", "server_error_before", "server_error_after", "reset_before", "reset_after", "slow_processing",
    "processing_failed", "lapsed",
)  # fmt: skip
AT_PUBLISH = ("hang_after", "reject", "duplicate")
# Steps of which posts make no use.
CONNECTING = frozenset({"me", "revoke", "exchange", "accounts", "organisations", "organisation", "authorize"})
LOST: Mapping[str, Any] = {"step": "publish", "kind": "reset_after"}
NEVER_CAME: Mapping[str, Any] = {"step": "publish", "kind": "reset_before"}
DIRECT, LATER, AGAIN = "platform", "platform, later", "platform, again"
# Of the public call that is made again, as the first one never came.
AGAIN_WAYS = (
    "rate_limit", "unauthorized", "server_error_before", "server_error_after", "reset_before", "reset_after", "reject",
)  # fmt: skip


def disturbances(range_: Range, kinds: Sequence[str]) -> list[Point]:
    """All there are. Which steps a post asks for, its platform tells."""
    wanted = [kind for kind in kinds if not KINDS[kind].by_the_sweeper]
    probes = [
        (kind, function) for kind in wanted for function in (DIRECT, LATER) if function == DIRECT or not KINDS[kind].unknowable_from
    ]
    shots: list[Shot] = []
    for kind, function in probes:
        shots.append(range_.disturb(Point(kind, function, "every step", 1, "undisturbed"), _first(function)))
    range_.await_all()
    asked = dict[tuple[str, str], list[str]]()
    for (kind, function), shot in zip(probes, shots, strict=True):
        met = range_.asked(shot)
        asked[kind, function] = [step for step in _steps(kind) if step in met]
    points: list[Point] = []
    for kind, function in probes:
        known = asked[kind, DIRECT] if function == LATER else ()
        for step in asked[kind, function]:
            if step not in known:
                points += [Point(kind, function, step, 1, way, _honest(kind, step, way)) for way in _ways(kind, step)]
    for kind in wanted:
        ways = [way for way in AGAIN_WAYS if not KINDS[kind].unknowable_from and way not in KINDS[kind].not_again]
        points += [Point(kind, AGAIN, "publish", 1, way, _honest_again(kind, way)) for way in ways]
    return points


def disturb(range_: Range, points: Sequence[Point]) -> list[Shot]:
    """All of them, on their way; `ended` awaits them."""
    shots = [range_.disturb(point, [*_first(point.function), {"step": point.call, "kind": point.way}]) for point in points]
    for shot in shots:
        if shot.point.way == "unauthorized" and shot.point.function != AGAIN:
            range_.connect_again(shot)
    return shots


def ended(range_: Range, shots: Sequence[Shot]) -> Sequence[Shot]:
    """All have ended, or should have; `struck` False where the step was not asked for this time."""
    range_.await_all()
    left = range_.faults_left(shots)
    for shot in shots:
        shot.struck = not left[shot.account]
    return shots


def _first(function: str) -> list[Mapping[str, Any]]:
    return {DIRECT: [], LATER: [LOST], AGAIN: [NEVER_CAME]}[function]


def _steps(kind: str) -> list[str]:
    return [step for step in STEPS[PLATFORM[kind]] if step not in CONNECTING]


def _ways(kind: str, step: str) -> tuple[str, ...]:
    """Those that can strike there."""
    affected = AFFECTED[PLATFORM[kind]]
    ways = (*WAYS, *AT_PUBLISH) if step == "publish" else WAYS
    return tuple(way for way in ways if way not in PARTICULAR or step in affected.get(way, ()))


def _honest(kind: str, step: str, way: str) -> str:
    if way == "unauthorized" and step == "list_media":
        # It is published, by its container, and the account that could name it is dead.
        return "nameless"
    if way == "unauthorized":
        return "needs_reauth" if all_cases()[PLATFORM[kind]].renewed_by_itself or step == "token" else ""
    if way in ("reject", "duplicate", "processing_failed"):
        return "refused"
    lost = way in ("reset_before", "reset_after", "server_error_before", "server_error_after", "hang_after")
    return "unknown" if lost and step == "publish" and KINDS[kind].unknowable_from else ""


def _honest_again(kind: str, way: str) -> str:
    if way == "reject" and PLATFORM[kind] == "linkedin":
        # Of a member's post only the copy tells, and that was refused for another reason.
        return "unknown"
    return _honest(kind, "publish", way) if way in ("reject", "unauthorized") else ""
