"""What an Instagram target may say for itself."""

from typing import Annotated

from pydantic import Field

from shared.core.text import NonBlank
from shared.platforms.options import AltText, TargetOptions, Url


class Options(TargetOptions):
    """`story` publishes a story (no text, 24 h); a reel shows in the feed too unless `shareToFeed` is false; `coverUrl` is a reel's
    cover; `firstComment` is written below the post once it is public; `altText` describes images."""

    story: bool = False
    share_to_feed: bool = True
    cover_url: Url | None = None
    first_comment: Annotated[NonBlank, Field(max_length=2200)] | None = None
    alt_text: AltText | None = None
