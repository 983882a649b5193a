"""What is asked for with each operation (shared/operations): a model of its input each."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from functions.api.request.validation import RequestBody
from shared.core.text import NonBlank
from shared.core.wrong import shaped, wrong
from shared.operations.addresses import MAX_HOLDERS, SOLANA
from shared.operations.limits import Preset
from shared.operations.registry import GENERATIONS
from shared.platforms.options import Url

Prompt = Annotated[NonBlank, Field(min_length=1, max_length=4000)]
Language = Annotated[str, *shaped(r"^[a-z]{2}$", "a language by ISO 639-1, two letters, as en")]
MediaId = Annotated[str, Field(min_length=1, max_length=128)]
Voice = Literal["alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"]
AspectRatio = Literal["16:9", "9:16", "1:1"]
Base58 = Annotated[str, *shaped(SOLANA, "a Solana address: 32 to 44 characters of base58")]


class BackgroundInput(RequestBody):
    prompt: Prompt
    size: Literal["1024x1024", "1536x1024", "1024x1536"] = "1536x1024"


class TrendsInput(RequestBody):
    """`category` is one of YouTube's by its number."""

    platform: Literal["youtube"] = "youtube"
    region: Annotated[str, *shaped(r"^[A-Z]{2}$", "a country by ISO 3166-1, two capital letters, as US")] = "US"
    category: Annotated[str, *shaped(r"^\d{1,3}$", "the number of one of YouTube's categories, as 28")] | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 25


class CompetitorInput(RequestBody):
    channelUrl: Annotated[str, Field(min_length=1, max_length=500)]
    platform: Literal["youtube"] = "youtube"


class FilmInput(RequestBody):
    """An upload of the caller's, or an address; one of the two."""

    videoUrl: Url | None = None
    mediaId: MediaId | None = None

    @model_validator(mode="after")
    def _one(self) -> "FilmInput":
        if self.needs_film and (self.videoUrl is None) == (self.mediaId is None):
            raise wrong("custom", "Give videoUrl or mediaId, one of the two")
        return self

    @property
    def needs_film(self) -> bool:
        return True


class AnalysisInput(FilmInput):
    """`spoken` is the language that is spoken in it."""

    spoken: Language | None = None


class ExportInput(FilmInput):
    preset: Preset = "16:9 1080p"
    startSeconds: Annotated[float, Field(ge=0, le=14_400)] | None = None
    endSeconds: Annotated[float, Field(gt=0, le=14_400)] | None = None

    @model_validator(mode="after")
    def _forward(self) -> "ExportInput":
        if self.endSeconds is not None and self.endSeconds <= (self.startSeconds or 0):
            raise wrong("custom", "endSeconds must be after startSeconds")
        return self


class _TextOrFilm(FilmInput):
    text: Annotated[NonBlank, Field(min_length=1, max_length=60_000)] | None = None

    @property
    def needs_film(self) -> bool:
        return self.text is None


class TranslationInput(_TextOrFilm):
    """Of a text or subtitles, or of what is said in a film."""

    language: Language


class VoiceoverInput(_TextOrFilm):
    """Of a text, or of what is said in a film, in another voice."""

    text: Annotated[NonBlank, Field(min_length=1, max_length=4096)] | None = None
    voice: Voice = "alloy"


class ProcessInput(FilmInput):
    """Several of them in one: the transcript always, and what is wanted."""

    wants: Annotated[list[Literal["script", "voiceover", "translation", "export"]], Field(min_length=1, max_length=4)]
    spoken: Language | None = None
    language: Language | None = None
    voice: Voice = "alloy"
    preset: Preset = "16:9 1080p"

    @model_validator(mode="after")
    def _language(self) -> "ProcessInput":
        if "translation" in self.wants and self.language is None:
            raise wrong("custom", "A translation needs language")
        return self


class VideoInput(RequestBody):
    prompt: Prompt
    duration_seconds: Annotated[int, Field(ge=1, le=30)] = 5
    aspect_ratio: AspectRatio = "16:9"


class MusicInput(RequestBody):
    prompt: Prompt
    duration_seconds: Annotated[int, Field(ge=1, le=120)] = 8


class ImageInput(RequestBody):
    prompt: Prompt
    aspect_ratio: AspectRatio = "1:1"


class BatchInput(RequestBody):
    """`requests` are each a body of that kind's generation."""

    type: Literal["video", "music", "image"]
    requests: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=20)]


class HoldersInput(RequestBody):
    mint: Base58
    topN: Annotated[int, Field(ge=1, le=MAX_HOLDERS)] = MAX_HOLDERS


class WalletInput(RequestBody):
    address: Base58
    view: Literal["full", "hud"] = "full"


GENERATED: Mapping[str, type[RequestBody]] = {"video": VideoInput, "music": MusicInput, "image": ImageInput}
INPUTS: Mapping[str, type[RequestBody]] = {
    "thumbnail_background": BackgroundInput,
    "trends": TrendsInput,
    "competitor": CompetitorInput,
    "analysis": AnalysisInput,
    "export": ExportInput,
    "translation": TranslationInput,
    "voiceover": VoiceoverInput,
    "process": ProcessInput,
    **{kind: GENERATED[name] for name, kind in GENERATIONS.items()},
    "batch": BatchInput,
    "token_holders": HoldersInput,
    "token_similarity": HoldersInput,
    "wallet": WalletInput,
}
