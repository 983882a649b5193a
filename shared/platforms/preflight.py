"""What a platform will not take of a post, found before anything is queued: its rules, without its publisher."""

from collections.abc import Mapping
from typing import Any

from shared.platforms.compose import NOTHING_KNOWN, compose
from shared.platforms.content import Content
from shared.platforms.media_limits import Problem
from shared.platforms.registry import rules_of


def validate_content(
    platform: str, content: Content, options: Mapping[str, Any], facts: Mapping[str, Any] = NOTHING_KNOWN
) -> list[Problem]:
    """Everything that `platform` will not take of this post, as far as it can be known."""
    rules = rules_of(platform)
    return rules.validate(compose(content, rules.capability, options, facts))
