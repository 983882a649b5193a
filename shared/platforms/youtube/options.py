"""What a YouTube target may say for itself."""

from typing import Annotated, Literal

from pydantic import Field

from shared.core.text import NonBlank
from shared.core.wrong import shaped
from shared.platforms.options import TargetOptions, Url


class Options(TargetOptions):
    """Without `title` the text's first line is it. `thumbnailUrl` needs a verified channel; where YouTube does not take it, the
    video is published without."""

    title: NonBlank | None = None
    privacy: Literal["public", "unlisted", "private"] = "public"
    tags: Annotated[list[NonBlank], Field(max_length=100, default_factory=list)]
    made_for_kids: bool = False
    thumbnail_url: Url | None = None
    # YouTube's number of a category; 22 is "People & Blogs".
    category_id: Annotated[str, *shaped(r"^[0-9]{1,3}$", "the number of a YouTube category, as 22")] = "22"
    notify_subscribers: bool = True
