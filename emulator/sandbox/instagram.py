"""Instagram's content publishing as Meta describes it: images, reels, stories and carousels; JPEG only; no text without a file."""

import re
from datetime import timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.containers import ContainerPlatform, Words, short_code
from emulator.sandbox.files import Takes
from emulator.sandbox.graph import JPEG, error, pulled
from emulator.sandbox.oauth import Dialect
from emulator.sandbox.platform import Answer, World

IMAGE_BYTES, VIDEO_BYTES = 8 << 20, 300 << 20
RATES = (23.0, 60.0)
REELS, STORIES = Takes(RATES, (3.0, 900.0)), Takes(RATES, (3.0, 60.0))
_FIELDS = {
    "image_url", "video_url", "caption", "alt_text", "media_type", "is_carousel_item", "children",
    "share_to_feed", "cover_url", "thumb_offset", "access_token",
}  # fmt: skip
_OAUTH = Dialect(
    "Instagram",
    timedelta(days=60),
    refreshable=False,
    min_age=timedelta(hours=24),
    scope_separator=",",
    scopes=frozenset({"instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments"}),
)


class Instagram(ContainerPlatform):
    name = "instagram"
    steps = (
        "publish", "create_container", "container_status", "permalink", "list_media", "comment", "list_comments",
        "publishing_limit", "token", "exchange", "refresh", "me", "authorize",
    )  # fmt: skip
    dialect = _OAUTH
    hosts = ("graph.instagram.com", "api.instagram.com", "www.instagram.com")
    token_hosts = ("graph.instagram.com", "api.instagram.com")
    words = Words(
        version=r"v\d+\.\d+",
        create="media",
        publish="media_publish",
        quota="content_publishing_limit",
        edges=("media", "stories"),
        text_field="caption",
        status_field="status_code",
        detail_field="status",
        id_field="user_id",
        prefix="ig",
        posts_a_day=100,
        max_items=10,
    )

    def __init__(self, world: World) -> None:
        super().__init__(world, _OAUTH)

    def container_of(self, given: dict[str, Any], account: SandboxAccount) -> tuple[str, tuple[str, ...]] | Answer:
        unknown = set(given) - _FIELDS
        if unknown:
            return error(100, 0, f"(#100) Invalid parameter {sorted(unknown)}")
        caption, kind = str(given.get("caption", "")), str(given.get("media_type", "IMAGE"))
        if len(caption) > 2200 or len(re.findall(r"#\w", caption)) > 30 or len(re.findall(r"@\w", caption)) > 20:
            return error(36004, 2207010, "The caption was too long, or has too many tags")
        if caption and (kind == "STORIES" or given.get("is_carousel_item") == "true"):
            return error(100, 0, "A caption is not supported for stories and carousel items")
        if "cover_url" in given and pulled(self.world, str(given["cover_url"]), (JPEG,), IMAGE_BYTES) is None:
            return error(9004, 2207052, "The cover could not be fetched from this URI, or is no JPEG")
        match kind:
            case "CAROUSEL":
                media = self.children_of(given, account)
                return error(100, 2207028, "A carousel takes 2 to 10 finished carousel items") if media is None else (kind, media)
            case "IMAGE" | "STORIES" if "image_url" in given:
                return self._file(kind, str(given["image_url"]), (JPEG,), IMAGE_BYTES, (36001, 2207005))
            case "VIDEO" if given.get("is_carousel_item") != "true":
                return error(100, 2207023, "The media type VIDEO is only for carousel items: use REELS")
            case "REELS" if given.get("is_carousel_item") == "true":
                return error(100, 2207023, "Reels cannot be carousel items")
            case "REELS" | "VIDEO" | "STORIES" if "video_url" in given:
                return self._file(kind, str(given["video_url"]), (), VIDEO_BYTES, (352, 2207026))
            case _:
                return error(100, 2207023, f"The media type {kind} is unknown, or its file is missing")

    def _file(
        self, kind: str, url: str, signatures: tuple[bytes, ...], limit: int, wrong: tuple[int, int]
    ) -> tuple[str, tuple[str, ...]] | Answer:
        if self.world.pull(url) is None:
            return error(9004, 2207052, "The media could not be fetched from this URI")
        digest = pulled(self.world, url, signatures, limit, STORIES if kind == "STORIES" else REELS)
        return error(*wrong, "The media format or size is not supported") if digest is None else (kind, (digest,))

    def permalink_of(self, media_id: str, kind: str, account: SandboxAccount) -> str:
        if kind == "STORIES":
            return f"https://www.instagram.com/stories/{account.username}/{media_id}/"
        return f"https://www.instagram.com/{'reel' if kind == 'REELS' else 'p'}/{short_code(media_id)}/"

    def failed_detail(self) -> str:
        return "Error: Media upload has failed with error code 2207026"

    def not_ready(self, state: str) -> Answer:
        match state:
            case "missing":
                return error(24, 2207006, "The media with this container could not be found")
            case "PUBLISHED" | "EXPIRED":
                return error(24, 2207008, "The media container does not exist any more")
            case _:
                return error(9007, 2207027, "The media is not ready for publishing, please wait for a moment")

    def failure_at(self, step: str, kind: str) -> Answer:
        if kind in ("reject", "duplicate"):
            return error(4, 2207051, "Application request limit reached: we restrict certain activity to protect our community")
        return super().failure_at(step, kind)


SANDBOX = Instagram
