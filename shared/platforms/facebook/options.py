"""What a Facebook target may say for itself."""

from typing import Annotated

from pydantic import Field

from shared.core.text import NonBlank
from shared.platforms.options import AltText, TargetOptions, Url


class Options(TargetOptions):
    """`reel`: whether a video becomes a reel; left out, an upright one of up to 90 s does. `story`: a story (24 h, no text).
    `link` is shown below a text; `title` heads a video; `altText` describes photos."""

    reel: bool | None = None
    story: bool = False
    link: Url | None = None
    title: Annotated[NonBlank, Field(max_length=255)] | None = None
    alt_text: AltText | None = None
