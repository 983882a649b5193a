"""What goes into POST /v1/posts: its shape, judged without the database, the clock or the platforms' rules."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from functions.api.request.moments import EXAMPLE_TIME, parsed_moment
from functions.api.request.validation import RequestBody, field_name
from functions.api.v1.targets_schema import PLATFORM_SCHEMA, require_short_options, targets_at
from shared.core.errors import Detail
from shared.core.text import is_blank
from shared.core.wrong import wrong
from shared.media.media import MEDIA_ID, Kind, MediaItem, hinted_kind
from shared.platforms.content import Content
from shared.platforms.options import Url
from shared.posts.run import PUBLISH_WITHIN_SECONDS
from shared.posts.submission import MAX_CONTENT_BYTES
from shared.posts.targets import PLATFORM_FIELD, WantedTarget
from shared.posts.validate import PostRequest
from shared.posts.view import NEXT_FREE_SLOT

# More than any platform takes in one post (TikTok: 35 photos).
MAX_FILES = 50

# The specification's message of a refusal for this alone; the detail says more.
INVALID_TIME = "Invalid scheduledTime format"
_CONTENT = ("post", "content")


_WHEN_SCHEMA = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "format": "date-time", "examples": [EXAMPLE_TIME]},
            {"const": NEXT_FREE_SLOT, "description": "Of the weekly plan at /v1/queue."},
            {"type": "null"},
        ]
    }
)


def _when(value: object) -> datetime | str | None:
    if value is None or value == NEXT_FREE_SLOT:
        return NEXT_FREE_SLOT if value else None
    return parsed_moment(value, "scheduledTime")


Urls = Annotated[list[Url], Field(max_length=MAX_FILES)]


def _media_id(value: str) -> str:
    if re.match(MEDIA_ID, value, re.ASCII) is None:
        raise wrong("invalid_string", "This is no media id: give one that POST /v1/media answered with")
    return value


MediaId = Annotated[str, AfterValidator(_media_id)]


class _ContentMembers(RequestBody):
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

    def files(self) -> tuple[MediaItem, ...]:
        """In the order videoUrl, imageUrls, mediaUrls, mediaIds."""
        video = [_file("videoUrl", url=self.videoUrl, kind="video")] if self.videoUrl else []
        images = [_file("imageUrls", n, url=url, kind="image") for n, url in enumerate(self.imageUrls or ())]
        others = [_file("mediaUrls", n, url=url) for n, url in enumerate(self.mediaUrls or ())]
        stored = [_file("mediaIds", n, media_id=media_id) for n, media_id in enumerate(self.mediaIds or ())]
        return (*video, *images, *others, *stored)

    def require_bounded(self, targets: Sequence[WantedTarget]) -> None:
        require_short_options(targets)
        size = len(self.model_dump_json(exclude={"platform"}).encode())
        if size > MAX_CONTENT_BYTES:
            raise wrong("too_big", f"The content is {size} bytes long; {MAX_CONTENT_BYTES} are the most that any platform needs")


class DraftContentIn(_ContentMembers):
    """Everything may be missing yet."""

    platform: Annotated[tuple[WantedTarget, ...] | None, PlainValidator(targets_at(PLATFORM_FIELD)), PLATFORM_SCHEMA] = None

    @model_validator(mode="after")
    def _is_bounded(self) -> "DraftContentIn":
        self.require_bounded(self.platform or ())
        return self


class ContentIn(_ContentMembers):
    platform: Annotated[tuple[WantedTarget, ...], PlainValidator(targets_at(PLATFORM_FIELD)), PLATFORM_SCHEMA]

    @model_validator(mode="after")
    def _has_something(self) -> "ContentIn":
        files = self.files()
        if not files and is_blank(self.text or ""):
            raise wrong("custom", "A post needs text or media")
        self.require_bounded(self.platform)
        if self.mediaType == "text" and files:
            raise wrong("custom", 'mediaType is "text", but media is given: leave one of the two out')
        if self.mediaType in ("video", "image") and not files:
            raise wrong("custom", f'mediaType is "{self.mediaType}", but no media is given')
        return self


def _file(
    name: str, position: int | None = None, *, url: str | None = None, media_id: str | None = None, kind: Kind | None = None
) -> MediaItem:
    parts = (*_CONTENT, name) if position is None else (*_CONTENT, name, position)
    hint = hinted_kind(url) if url else "unknown"
    return MediaItem(field_name(parts), kind or ("unknown" if hint == "audio" else hint), url, media_id)


class PostIn(RequestBody):
    content: ContentIn


class DraftPostIn(RequestBody):
    content: DraftContentIn | None = None


def _storable(metadata: dict[str, str]) -> dict[str, str]:
    """Firestore keeps names of this form for itself."""
    reserved = [name for name in metadata if len(name) > 4 and name.startswith("__") and name.endswith("__")]
    if reserved:
        raise wrong("custom", f"The key {reserved[0]!r} cannot be stored: names that begin and end with __ are reserved")
    return metadata


# Of the caller's own, shown wherever the post is.
Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=40)], Annotated[str, Field(max_length=500)]],
    Field(max_length=20),
    AfterValidator(_storable),
]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=50)]], Field(max_length=10)]
When = Annotated[datetime | Literal["next-free-slot"] | None, PlainValidator(_when), _WHEN_SCHEMA]
PublishWithin = Annotated[int, Field(ge=300, le=PUBLISH_WITHIN_SECONDS)]


class _PostMembers(RequestBody):
    """What a post and a draft have in common."""

    scheduledTime: When = None
    enableRepurposing: bool | None = None
    metadata: Metadata | None = None
    tags: Tags | None = None
    publishWithinSeconds: PublishWithin | None = None

    @classmethod
    def refusal(cls, details: Sequence[Detail]) -> str | None:
        about = [(detail.field, detail.code) for detail in details]
        return INVALID_TIME if about == [("body.scheduledTime", "invalid_string")] else None

    def _request(self, content: DraftContentIn | ContentIn, as_given: Mapping[str, Any]) -> PostRequest:
        return PostRequest(
            content=Content(content.text or "", content.files(), content.mediaType),
            targets=content.platform or (),
            scheduled_time=self.scheduledTime if isinstance(self.scheduledTime, datetime) else None,
            enable_repurposing=self.enableRepurposing or False,
            as_given=as_given,
            metadata=self.metadata or {},
            tags=list(dict.fromkeys(self.tags or ())),
            wants_slot=self.scheduledTime == NEXT_FREE_SLOT,
            publish_within_seconds=self.publishWithinSeconds,
        )


class DraftRequest(_PostMembers):
    """With `draft: true` only the form is judged; the rest when it is published."""

    post: DraftPostIn | None = None
    draft: Literal[True]

    def to_request(self, body: Mapping[str, Any]) -> PostRequest:
        """As the verb takes it; `body` is what this was validated from."""
        content = self.post.content if self.post is not None else None
        given = {name: value for name, value in (body.get("post") or {}).items() if value is not None}
        return self._request(content or DraftContentIn(), {"content": {}, **given})


class PostsRequest(_PostMembers):
    post: PostIn
    draft: Annotated[bool | None, Field(json_schema_extra={"const": False})] = None

    @classmethod
    def model_of(cls, body: Mapping[str, Any]) -> type[RequestBody]:
        return DraftRequest if body.get("draft") is True else cls

    @classmethod
    def models(cls) -> tuple[type[RequestBody], ...]:
        return (cls, DraftRequest)

    def to_request(self, body: Mapping[str, Any]) -> PostRequest:
        """As the verb takes it; `body` is what this was validated from."""
        return self._request(self.post.content, body["post"])
