"""What a Threads target may say for itself."""

from typing import Literal

from shared.platforms.options import AltText, TargetOptions


class Options(TargetOptions):
    """`replyControl` says who may reply; `altText` describes images and videos."""

    reply_control: (
        Literal["everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only"] | None
    ) = None
    alt_text: AltText | None = None
