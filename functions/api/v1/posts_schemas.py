"""What goes into POST /v1/posts: its shape, judged without the database, the clock or the platforms' rules."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from functions.api.request.moments import SCHEMA, parsed_moment
from functions.api.request.validation import RequestBody, field_name, message_of
from shared.core.errors import Detail
from shared.core.platforms import ALIASES, PLATFORMS
from shared.core.text import is_blank
from shared.media.media import MEDIA_ID, Kind, MediaItem, hinted_kind
from shared.platforms.content import Content
from shared.platforms.options import Url
from shared.platforms.registry import rules_of
from shared.posts.create import PostRequest
from shared.posts.submission import MAX_TARGETS
from shared.posts.targets import PLATFORM_FIELD, WantedTarget

# More than any platform takes in one post (TikTok: 35 photos).
MAX_FILES = 50
# Facebook's 63,206 characters in three bytes each. The content is kept in each of up to 50 runs, which are made in one
# commit of at most 10 MiB.
MAX_CONTENT_BYTES = 190_000
# Of all targets together, beside the content.
MAX_OPTIONS_BYTES = 300_000
MAX_OPTIONS = 100

# The specification's message of a refusal for this alone; the detail says more.
INVALID_TIME = "Invalid scheduledTime format"
_CONTENT = ("post", "content")
_NAMES = (*PLATFORMS, *ALIASES)


def _wrong(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("custom", "{message}", {"message": message, "code": code})


def _scheduled_time(value: object) -> datetime | None:
    return None if value is None else parsed_moment(value, "scheduledTime")


class _TargetObject(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    platform: str
    accountId: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    targetId: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    options: dict[str, Any] | None = None


def _platform(value: object) -> tuple[WantedTarget, ...]:
    """A name, an object, or an array of both; every problem in it is reported where it stands."""
    if isinstance(value, list) and len(value) > MAX_TARGETS:
        raise _wrong("too_big", f"A post goes to at most {MAX_TARGETS} targets.")
    if isinstance(value, list):
        entries = [((str(position),), entry) for position, entry in enumerate(cast("list[object]", value))]
    else:
        entries = [((), value)]
    if not entries:
        raise _wrong("too_small", "Name at least one platform")
    problems: list[InitErrorDetails] = []
    targets: list[WantedTarget] = []
    for where, entry in entries:
        try:
            targets.append(_target(where, entry))
        except PydanticCustomError as problem:
            problems.append(InitErrorDetails(type=problem, loc=where, input=entry))
        except ValidationError as error:
            problems += [_moved(found, where) for found in error.errors()]
    if problems:
        raise ValidationError.from_exception_data("platform", problems)
    return tuple(targets)


def _target(where: tuple[str, ...], entry: object) -> WantedTarget:
    field = ".".join([PLATFORM_FIELD, *where])
    if isinstance(entry, str):
        return WantedTarget(field, _known(entry))
    if not isinstance(entry, dict):
        raise _wrong("invalid_type", "Expected a platform's name or an object with platform and accountId")
    target = _TargetObject.model_validate(entry)
    platform = _known(target.platform)
    return WantedTarget(field, platform, target.accountId, target.targetId, _options(platform, target.options or {}))


def _options(platform: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, if the platform has such options; every problem is reported below `options`."""
    known = rules_of(ALIASES.get(platform, platform)).options
    if len(given) > MAX_OPTIONS:
        raise _wrong("too_big", f"{len(given)} options are given; no platform has as many")
    try:
        known.model_validate(given)
    except ValidationError as error:
        names = ", ".join(field.alias or name for name, field in known.model_fields.items())
        unknown = {"extra_forbidden": f"Unrecognized option: {platform} has {names}"}
        problems = [_moved(found, ("options",), unknown.get(found["type"])) for found in error.errors()]
        raise ValidationError.from_exception_data("options", problems) from None
    return {name: value for name, value in given.items() if value is not None}


def _moved(found: ErrorDetails, where: tuple[str, ...], message: str | None = None) -> InitErrorDetails:
    """The same problem, further inside; `message` says it better."""
    context = {**found.get("ctx", {}), "message": message or message_of(found)}
    problem = PydanticCustomError(cast("Any", found["type"]), "{message}", context)
    return InitErrorDetails(type=problem, loc=(*where, *found["loc"]), input=found["input"])


def _known(name: str) -> str:
    if name not in _NAMES:
        raise _wrong("invalid_enum_value", f"Unknown platform {name[:40]!r}: expected one of {', '.join(_NAMES)}")
    return name


Urls = Annotated[list[Url], Field(max_length=MAX_FILES)]


def _media_id(value: str) -> str:
    if re.match(MEDIA_ID, value, re.ASCII) is None:
        raise _wrong("invalid_string", "This is no media id: give one that POST /v1/media answered with")
    return value


MediaId = Annotated[str, AfterValidator(_media_id)]


_NAME_SCHEMA = {"type": "string", "enum": list(_NAMES)}
_TARGET_SCHEMA = {
    "type": "object",
    "required": ["platform"],
    "additionalProperties": False,
    "properties": {
        "platform": _NAME_SCHEMA,
        "accountId": {"type": ["string", "null"], "minLength": 1, "maxLength": 256},
        "targetId": {"type": ["string", "null"], "minLength": 1, "maxLength": 128},
        "options": {"type": ["object", "null"], "description": "The platform's own; docs/publishing.md lists them."},
    },
}
_ENTRIES_SCHEMA = {"type": "array", "minItems": 1, "maxItems": MAX_TARGETS, "items": {"anyOf": [_NAME_SCHEMA, _TARGET_SCHEMA]}}
PLATFORM_SCHEMA = WithJsonSchema({"anyOf": [_NAME_SCHEMA, _TARGET_SCHEMA, _ENTRIES_SCHEMA]})


class ContentIn(RequestBody):
    platform: Annotated[tuple[WantedTarget, ...], PlainValidator(_platform), PLATFORM_SCHEMA]
    text: str | None = None
    mediaType: Literal["video", "image", "text"] | None = None
    videoUrl: Url | None = None
    imageUrls: Urls | None = None
    mediaUrls: Urls | None = None
    mediaIds: Annotated[list[MediaId], Field(max_length=MAX_FILES)] | None = None
    originalImageUrl: Url | None = None
    originalVideoUrl: Url | None = None
    originalImageUrls: Urls | None = None
    originalMediaUrls: Urls | None = None

    @model_validator(mode="after")
    def _has_something(self) -> "ContentIn":
        files = self.files()
        if not files and is_blank(self.text or ""):
            raise _wrong("custom", "A post needs text or media")
        options = sum(len(json.dumps(dict(target.options)).encode()) for target in self.platform)
        if options > MAX_OPTIONS_BYTES:
            raise _wrong("too_big", f"The targets' options are {options} bytes long; at most {MAX_OPTIONS_BYTES} are taken")
        size = len(self.model_dump_json(exclude={"platform"}).encode())
        if size > MAX_CONTENT_BYTES:
            raise _wrong("too_big", f"The content is {size} bytes long; {MAX_CONTENT_BYTES} are the most that any platform needs")
        if self.mediaType == "text" and files:
            raise _wrong("custom", 'mediaType is "text", but media is given: leave one of the two out')
        if self.mediaType in ("video", "image") and not files:
            raise _wrong("custom", f'mediaType is "{self.mediaType}", but no media is given')
        return self

    def files(self) -> tuple[MediaItem, ...]:
        """In the order videoUrl, imageUrls, mediaUrls, mediaIds."""
        video = [_file("videoUrl", url=self.videoUrl, kind="video")] if self.videoUrl else []
        images = [_file("imageUrls", n, url=url, kind="image") for n, url in enumerate(self.imageUrls or ())]
        others = [_file("mediaUrls", n, url=url) for n, url in enumerate(self.mediaUrls or ())]
        stored = [_file("mediaIds", n, media_id=media_id) for n, media_id in enumerate(self.mediaIds or ())]
        return (*video, *images, *others, *stored)


def _file(
    name: str, position: int | None = None, *, url: str | None = None, media_id: str | None = None, kind: Kind | None = None
) -> MediaItem:
    parts = (*_CONTENT, name) if position is None else (*_CONTENT, name, position)
    hint = hinted_kind(url) if url else "unknown"
    return MediaItem(field_name(parts), kind or ("unknown" if hint == "audio" else hint), url, media_id)


class PostIn(RequestBody):
    content: ContentIn


class PostsRequest(RequestBody):
    post: PostIn
    scheduledTime: Annotated[datetime | None, PlainValidator(_scheduled_time), SCHEMA] = None
    enableRepurposing: bool | None = None

    @classmethod
    def refusal(cls, details: Sequence[Detail]) -> str | None:
        about = [(detail.field, detail.code) for detail in details]
        return INVALID_TIME if about == [("body.scheduledTime", "invalid_string")] else None

    def to_request(self, body: Mapping[str, Any]) -> PostRequest:
        """As the verb takes it; `body` is what this was validated from."""
        content = self.post.content
        return PostRequest(
            content=Content(content.text or "", content.files(), content.mediaType),
            targets=content.platform,
            scheduled_time=self.scheduledTime,
            enable_repurposing=self.enableRepurposing or False,
            as_given=body["post"],
        )
