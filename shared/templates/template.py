"""The templates: each is one .typ file of its slug's name, and here the model of its config."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.core.text import NonBlank
from shared.platforms.options import Url

# Pixels: width, height.
RATIOS: Mapping[str, tuple[int, int]] = {"1:1": (1080, 1080), "4:5": (1080, 1350), "9:16": (1080, 1920)}
Ratio = Literal["1:1", "4:5", "9:16"]
# What is drawn has room for less; the rest is cut.
MAX_TEXT, MAX_LINE = 5000, 300

Line = Annotated[NonBlank, Field(max_length=MAX_LINE)]
Text = Annotated[NonBlank, Field(max_length=MAX_TEXT)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Config(BaseModel):
    """What every template takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    theme: Annotated[Literal["light", "dark"], Field(description="Light by default.")] = "light"
    accent: Annotated[Colour | None, Field(description="A colour, as #1d9bf0.")] = None


class TweetImage(Config):
    content: Annotated[Text, Field(description="What the post says.")]
    title: Annotated[Line | None, Field(description="Above the author, in bold: a name or a headline.")] = None
    author: Annotated[Line | None, Field(description="Whose post it is, as @name.")] = None
    avatarUrl: Annotated[Url | None, Field(description="A picture of them; their initial without one.")] = None


class VideoThumbnail(Config):
    title: Annotated[Text, Field(description="Few words, large.")]
    subtitle: Annotated[Text | None, Field(description="Smaller, below.")] = None
    imageUrl: Annotated[Url | None, Field(description="A picture to stand behind them.")] = None


class Quote(Config):
    quote: Annotated[Text, Field(description="The words.")]
    author: Annotated[Line | None, Field(description="Whose they are.")] = None
    role: Annotated[Line | None, Field(description="What that person is or does.")] = None
    avatarUrl: Annotated[Url | None, Field(description="A picture of them; their initial without one.")] = None


class Announcement(Config):
    title: Annotated[Text, Field(description="The headline.")]
    content: Annotated[Text | None, Field(description="What it is about.")] = None
    label: Annotated[
        Annotated[NonBlank, Field(max_length=40)] | None, Field(description="One or two words in a badge, as New.")
    ] = None
    imageUrl: Annotated[Url | None, Field(description="A picture above it.")] = None


@dataclass(frozen=True)
class Template:
    """`pictures` are the config's fields that name one; `accent` is its colour where the config has none."""

    description: str
    config: type[Config]
    accent: str
    pictures: tuple[str, ...]


TEMPLATES: Mapping[str, Template] = {
    "tweetImage": Template("A post as a card to share", TweetImage, "#1d9bf0", ("avatarUrl",)),
    "videoThumbnail": Template("A video's cover", VideoThumbnail, "#7c3aed", ("imageUrl",)),
    "quote": Template("Somebody's words", Quote, "#e11d48", ("avatarUrl",)),
    "announcement": Template("News with a headline", Announcement, "#0f766e", ("imageUrl",)),
}
