"""The rules of every platform that Soku publishes to; what the API needs of a platform, without its publisher."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.platforms.content import Content
from shared.platforms.instagram import rules as instagram
from shared.platforms.names import PLATFORMS
from shared.platforms.rules import Capability, Draft, Judge, Problem, compose
from shared.platforms.x import rules as x


@dataclass(frozen=True)
class Rules:
    capability: Capability
    judge: Judge


RULES: Mapping[str, Rules] = {
    "x": Rules(x.CAPABILITY, x.judge),
    "instagram": Rules(instagram.CAPABILITY, instagram.judge),
}


def judge_content(platform: str, content: Content) -> list[Problem]:
    """Everything that `platform` will not take of this post, as far as it can be known."""
    rules = RULES.get(platform)
    if rules is None:
        return [Problem(f"{platform}.unavailable", f"Soku does not publish to {PLATFORMS[platform]} yet.", "platform")]
    draft: Draft = compose(content, rules.capability)
    return rules.judge(draft)
