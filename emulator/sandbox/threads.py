"""Threads' publishing as Meta describes it: text, images, videos and carousels of up to 20."""

import re
from datetime import timedelta
from typing import Any

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.containers import ContainerPlatform, Words, short_code
from emulator.sandbox.files import Takes
from emulator.sandbox.graph import JPEG, PNG, error, pulled
from emulator.sandbox.oauth import Dialect
from emulator.sandbox.platform import Answer, World

IMAGE_BYTES, VIDEO_BYTES = 8 << 20, 1 << 30
TAKES = Takes((23.0, 60.0), (0.0, 300.0))
_REPLY_CONTROLS = ("everyone", "accounts_you_follow", "mentioned_only", "parent_post_author_only", "followers_only")
_FIELDS = {
    "media_type", "text", "image_url", "video_url", "alt_text", "is_carousel_item", "children", "reply_control",
    "link_attachment", "topic_tag", "access_token",
}  # fmt: skip
_OAUTH = Dialect(
    "Threads",
    timedelta(days=60),
    refreshable=False,
    min_age=timedelta(hours=24),
    scope_separator=",",
    scopes=frozenset({"threads_basic", "threads_content_publish"}),
)


class Threads(ContainerPlatform):
    name = "threads"
    steps = (
        "publish", "create_container", "container_status", "permalink", "list_media", "publishing_limit", "token",
        "exchange", "refresh", "me", "authorize",
    )  # fmt: skip
    dialect = _OAUTH
    hosts = ("graph.threads.com", "www.threads.com")
    token_hosts = ("graph.threads.com",)
    words = Words(
        version=r"v1\.\d+",
        create="threads",
        publish="threads_publish",
        quota="threads_publishing_limit",
        edges=("threads",),
        text_field="text",
        status_field="status",
        detail_field="error_message",
        id_field="id",
        prefix="th",
        posts_a_day=250,
        max_items=20,
    )

    def __init__(self, world: World) -> None:
        super().__init__(world, _OAUTH)

    def container_of(self, given: dict[str, Any], account: SandboxAccount) -> tuple[str, tuple[str, ...]] | Answer:
        unknown = set(given) - _FIELDS
        if unknown:
            return error(100, 0, f"(#100) Invalid parameter {sorted(unknown)}")
        text, kind = str(given.get("text", "")), str(given.get("media_type", ""))
        # As its users found, whatever the message says.
        if len(text.encode()) > 500:
            return error(100, 0, "Param text must be at most 500 characters long.")
        if len(set(re.findall(r"https?://\S+", text))) > 5:
            return error("THREADS_API__LINK_LIMIT_EXCEEDED", 0, "A post takes at most 5 links")
        if given.get("reply_control") not in (None, *_REPLY_CONTROLS):
            return error(100, 0, f"Param reply_control must be one of {{{', '.join(_REPLY_CONTROLS)}}}")
        match kind:
            case "TEXT" if text:
                return kind, ()
            case "CAROUSEL":
                media = self.children_of(given, account)
                return error(100, 0, "A carousel takes 2 to 20 finished items") if media is None else (kind, media)
            case "IMAGE":
                digest = pulled(self.world, str(given.get("image_url", "")), (JPEG, PNG), IMAGE_BYTES)
            case "VIDEO":
                digest = pulled(self.world, str(given.get("video_url", "")), (), VIDEO_BYTES, TAKES)
            case _:
                return error(100, 0, "Param media_type must be one of {TEXT, IMAGE, VIDEO, CAROUSEL}, with what it needs")
        if digest is None:
            return error(100, 2207052, "The media could not be fetched from this URI, or is not what it should be")
        return kind, (digest,)

    def permalink_of(self, media_id: str, kind: str, account: SandboxAccount) -> str:
        return f"https://www.threads.com/@{account.username}/post/{short_code(media_id)}"

    def failed_detail(self) -> str:
        return "FAILED_PROCESSING_VIDEO"

    def not_ready(self, state: str) -> Answer:
        return error(24, 4279009, "The requested resource does not exist")


SANDBOX = Threads
