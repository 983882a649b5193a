"""The rules of every platform that Soku publishes to; what the API needs of a platform, without its publisher."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.platforms.compose import compose
from shared.platforms.content import Content
from shared.platforms.facebook import options as facebook_options
from shared.platforms.facebook import rules as facebook
from shared.platforms.instagram import options as instagram_options
from shared.platforms.instagram import rules as instagram
from shared.platforms.linkedin import options as linkedin_options
from shared.platforms.linkedin import rules as linkedin
from shared.platforms.options import TargetOptions
from shared.platforms.rules import Capability, Judge, Problem
from shared.platforms.snapchat import options as snapchat_options
from shared.platforms.snapchat import rules as snapchat
from shared.platforms.threads import options as threads_options
from shared.platforms.threads import rules as threads
from shared.platforms.tiktok import options as tiktok_options
from shared.platforms.tiktok import rules as tiktok
from shared.platforms.x import options as x_options
from shared.platforms.x import rules as x
from shared.platforms.youtube import options as youtube_options
from shared.platforms.youtube import rules as youtube


@dataclass(frozen=True)
class Rules:
    capability: Capability
    judge: Judge
    options: type[TargetOptions]


RULES: Mapping[str, Rules] = {
    "x": Rules(x.CAPABILITY, x.judge, x_options.Options),
    "instagram": Rules(instagram.CAPABILITY, instagram.judge, instagram_options.Options),
    "facebook": Rules(facebook.CAPABILITY, facebook.judge, facebook_options.Options),
    "threads": Rules(threads.CAPABILITY, threads.judge, threads_options.Options),
    "tiktok": Rules(tiktok.CAPABILITY, tiktok.judge, tiktok_options.Options),
    "youtube": Rules(youtube.CAPABILITY, youtube.judge, youtube_options.Options),
    "linkedin": Rules(linkedin.CAPABILITY, linkedin.judge, linkedin_options.Options),
    "snapchat": Rules(snapchat.CAPABILITY, snapchat.judge, snapchat_options.Options),
}


def judge_content(platform: str, content: Content, options: Mapping[str, Any]) -> list[Problem]:
    """Everything that `platform` will not take of this post, as far as it can be known."""
    rules = RULES[platform]
    return rules.judge(compose(content, rules.capability, options))
