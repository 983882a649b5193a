"""What a target may say for itself beside the post's content: the fields that every platform's `options.py` shares."""

from collections.abc import Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shared.core.wrong import wrong

# What signs addresses adds tokens of 2 to 4 kB.
MAX_URL_LENGTH = 8192
# X's and Meta's limit; LinkedIn takes more.
MAX_ALT_TEXT_CHARACTERS = 1000


def validated_url(value: str) -> str:
    """The value, if it is an http or https URL."""
    malformed = wrong("invalid_string", "Invalid URL format")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise malformed from None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in value):
        raise malformed
    return value


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Url = Annotated[
    str,
    Field(max_length=MAX_URL_LENGTH, json_schema_extra={"format": "uri", "pattern": r"^https?://[^\s/?#]+\S*$"}),
    AfterValidator(validated_url),
]
# One text for a single image, or one per image in their order.
AltText = Annotated[list[Annotated[str, Field(max_length=MAX_ALT_TEXT_CHARACTERS)]], BeforeValidator(_one_or_several)]


class TargetOptions(BaseModel):
    """camelCase on the wire and in documents. `text`, where given, is published on this target instead of the post's."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    text: str | None = None

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> Self:
        """From what was validated before it was stored."""
        return cls.model_validate(options)


def alt_text(texts: list[str] | None, position: int) -> str | None:
    """The text of the image at `position`, if it has one."""
    return texts[position] or None if texts and position < len(texts) else None
