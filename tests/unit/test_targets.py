"""From what stands under `platform` to accounts."""

from typing import Any

import pytest

from shared.core.errors import ApiError, ValidationFailed
from shared.posts.errors import MissingIntegrations
from shared.posts.targets import WantedTarget, resolve_targets
from shared.users.user import User

USER = User(
    "ada",
    accounts={
        "x": {"x_main": "connected"},
        "instagram": {"ig_a": "connected", "ig_b": "connected", "ig_old": "needs_reauth"},
        "facebook": {"fb_page": "connected"},
        "tiktok": {"tt_old": "disabled"},
    },
)


def resolved(*wanted: tuple[Any, ...]) -> list[tuple[str, str, str, str]]:
    targets = resolve_targets([WantedTarget(f"f{n}", *want) for n, want in enumerate(wanted)], USER)
    return [(t.platform, t.account_id, t.target_id, t.run_id) for t in targets]


@pytest.mark.parametrize(
    ("wanted", "expected", "why"),
    [
        ([("x",)], [("x", "x_main", "x:x_main", "x")], "the only account; the run is called by its platform"),
        ([("instagram", "ig_b")], [("instagram", "ig_b", "instagram:ig_b", "instagram")], "named among several"),
        (
            [("instagram", "ig_a"), ("instagram", "ig_b")],
            [("instagram", "ig_a", "instagram:ig_a", "instagram:ig_a"), ("instagram", "ig_b", "instagram:ig_b", "instagram:ig_b")],
            "two on one platform: runs are called by their targets",
        ),
        ([("facebook_pages",)], [("facebook", "fb_page", "facebook:fb_page", "facebook")], "an alias"),
        (
            [("facebook",), ("facebook_pages", "fb_page")],
            [("facebook", "fb_page", "facebook:fb_page", "facebook")],
            "once is enough",
        ),
        ([("x",), ("x",)], [("x", "x_main", "x:x_main", "x")], "the same twice"),
        ([("x",), ("x", "x_main", "mine")], [("x", "x_main", "mine", "x")], "the same twice, named once"),
        ([("x", None, "mine"), ("x",)], [("x", "x_main", "mine", "x")], "in either order"),
        ([("x", "x_main", "mine")], [("x", "x_main", "mine", "x")], "the customer's own targetId"),
    ],
)
def test_targets_that_resolve(wanted: list[tuple[Any, ...]], expected: list[tuple[str, ...]], why: str) -> None:
    assert resolved(*wanted) == expected, why


@pytest.mark.parametrize(
    ("wanted", "error", "field", "choices"),
    [
        ([("threads",)], MissingIntegrations, "f0", []),
        ([("instagram",)], MissingIntegrations, "f0", ["ig_a", "ig_b"]),
        ([("x", "someone_else")], MissingIntegrations, "f0.accountId", ["x_main"]),
        ([("instagram", "ig_old")], MissingIntegrations, "f0.accountId", ["ig_a", "ig_b"]),
        ([("tiktok",)], MissingIntegrations, "f0", []),
        ([("x",), ("threads",)], MissingIntegrations, "f1", []),
        ([("x", "x_main", "x")], ValidationFailed, "f0.targetId", None),
        ([("x", "x_main", "..")], ValidationFailed, "f0.targetId", None),
        ([("x", "x_main", "__reserved__")], ValidationFailed, "f0.targetId", None),
        ([("x", "x_main", "a/b")], ValidationFailed, "f0.targetId", None),
        ([("x", "x_main", "t"), ("facebook", "fb_page", "t")], ValidationFailed, "f1.targetId", None),
        ([("x", "x_main", "a"), ("x", "x_main", "b")], ValidationFailed, "f1.targetId", None),
    ],
)
def test_targets_that_do_not(wanted: list[tuple[Any, ...]], error: type[ApiError], field: str, choices: list[str] | None) -> None:
    with pytest.raises(error) as refused:
        resolved(*wanted)
    [detail] = refused.value.details
    assert detail.field == field
    assert detail.choices == choices
