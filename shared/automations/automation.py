"""An automation: when a post was published on its source, a new one goes to its targets.

`repost` sends the same content; `repurpose` the same files with a text made from its template.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from shared.documents.document import Document
from shared.platforms.content import Content
from shared.posts.targets import WantedTarget
from shared.users.user import user_path

Action = Literal["repost", "repurpose"]
MediaKind = Literal["text", "image", "video"]
# What a template may hold.
Placeholder = Literal["text", "url", "platform"]
MAX_AUTOMATIONS = 20
MAX_DELAY_SECONDS = 604_800
# More characters than any platform takes (Facebook: 63,206).
MAX_TEXT = 64_000
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,40})\}")
_HASHTAG = re.compile(r"[#＃](\w{1,200})")


@dataclass(frozen=True)
class Published:
    """What an automation looks at: one run that succeeded. `content` is what that platform showed; times are UTC."""

    platform: str
    account_id: str
    content: Content
    url: str | None
    ended_at: datetime


@dataclass(frozen=True)
class Automation:
    id: str
    name: str | None
    is_enabled: bool
    platform: str
    account_id: str | None
    action: Action
    targets: tuple[WantedTarget, ...]
    template: str | None
    delay: timedelta
    media_kind: MediaKind | None
    # Without its "#".
    hashtag: str | None
    created_at: datetime
    updated_at: datetime

    def concerns(self, post: Published) -> bool:
        """Whether it makes a new post of this one."""
        return (
            self.is_enabled
            and self.created_at <= post.ended_at
            and self.platform == post.platform
            and self.account_id in (None, post.account_id)
            and self.media_kind in (None, kind_of_post(post.content))
            and (self.hashtag is None or self.hashtag.casefold() in hashtags_of(post.content.text))
        )

    def text_for(self, post: Published, platform_label: str) -> str | None:
        """None if it would be longer than any platform takes: a template may name the text any number of times."""
        if self.template is None:
            return post.content.text
        values: Mapping[str, str] = {"text": post.content.text, "url": post.url or "", "platform": platform_label}
        named = sum(len(values.get(name, "")) for name in _PLACEHOLDER.findall(self.template))
        if len(self.template) + named > MAX_TEXT:
            return None
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), self.template).strip()

    @staticmethod
    def from_document(document: Document) -> "Automation":
        fields = document.fields
        conditions = fields.get("conditions") or {}
        return Automation(
            id=document.id,
            name=fields.get("name"),
            is_enabled=fields["enabled"],
            platform=fields["source"]["platform"],
            account_id=fields["source"].get("accountId"),
            action=fields["action"],
            targets=tuple(_target(position, target) for position, target in enumerate(fields["targets"])),
            template=fields.get("template"),
            delay=timedelta(seconds=fields.get("delaySeconds", 0)),
            media_kind=conditions.get("mediaKind"),
            hashtag=conditions.get("hashtag"),
            created_at=fields["createdAt"],
            updated_at=fields["updatedAt"],
        )


def automations_path(uid: str) -> str:
    return f"{user_path(uid)}/automations"


def unknown_placeholders(template: str) -> list[str]:
    """Those that nothing stands for, in their order."""
    return [name for name in dict.fromkeys(_PLACEHOLDER.findall(template)) if name not in get_args(Placeholder)]


def kind_of_post(content: Content) -> MediaKind:
    """As the customer named it; a post that mixes both is a video's."""
    kinds = {item.kind for item in content.media}
    if content.media_type is not None:
        return content.media_type
    if "video" in kinds:
        return "video"
    return "image" if content.media else "text"


def hashtags_of(text: str) -> frozenset[str]:
    return frozenset(found.casefold() for found in _HASHTAG.findall(text))


def _target(position: int, fields: Mapping[str, Any]) -> WantedTarget:
    where = f"targets.{position}"
    return WantedTarget(where, fields["platform"], fields.get("accountId"), fields.get("targetId"), fields.get("options") or {})
