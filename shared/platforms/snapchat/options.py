"""What a Snapchat target may say for itself."""

from typing import Annotated, Self

from pydantic import model_validator

from shared.core.wrong import shaped, wrong
from shared.platforms.options import TargetOptions


class Options(TargetOptions):
    """`story` or `spotlight`; left out, a video becomes a Spotlight and an image, which Spotlight does not take, a story (24 h, no
    text). `locale` is the Spotlight's language."""

    story: bool | None = None
    spotlight: bool = False
    locale: Annotated[str, *shaped(r"^[a-z]{2}_[A-Z]{2}$", "a language and a country, as en_US")] = "en_US"

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.story and self.spotlight:
            raise wrong("custom", "A post is a story or a Spotlight: leave one of the two out")
        return self
