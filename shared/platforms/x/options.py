"""What an X target may say for itself."""

from typing import Annotated, Literal

from pydantic import Field

from shared.core.text import NonBlank
from shared.platforms.options import AltText, TargetOptions

MAX_THREAD_POSTS = 24


class Options(TargetOptions):
    """`thread` are further posts, each a reply to the one before; `replySettings` says who may reply to the first."""

    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = None
    thread: Annotated[list[NonBlank], Field(max_length=MAX_THREAD_POSTS, default_factory=list)]
    alt_text: AltText | None = None
