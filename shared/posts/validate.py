"""Is this post one that could be published? What depends on the clock, the accounts, the platforms and stored files."""

import dataclasses
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.core.clock import Clock
from shared.core.errors import Detail, ValidationFailed
from shared.core.platforms import PLATFORMS, canonical
from shared.core.settings import TikTokPrivacy
from shared.documents.document import Document, Documents
from shared.http.address import AddressRefused, require_public_address
from shared.media.media import MEDIA_ID, MediaItem, hinted_kind, is_stored, kind_of, media_path, stored_of
from shared.platforms.content import Content
from shared.platforms.preflight import validate_content
from shared.platforms.registry import rules_of
from shared.posts.submission import CONTENT_FIELD, Target, field_of
from shared.posts.targets import WantedTarget, resolve_targets
from shared.users.user import User

# The shortest notice for a scheduled post (specification, "Scheduling").
MIN_NOTICE = timedelta(minutes=1)


@dataclass(frozen=True)
class Installation:
    """What this operator's Soku is like: where its own files are found, which addresses lead to servers on this machine (local
    only), which platforms are switched on, and whether posts to TikTok have to say who may see them."""

    storage: str
    rewritten: Sequence[str]
    platforms: Container[str]
    tiktok_privacy: TikTokPrivacy = "default"


@dataclass(frozen=True)
class PostRequest:
    """A well-formed POST /v1/posts; `as_given` is its `post`, for the submission's readers."""

    content: Content
    targets: Sequence[WantedTarget]
    scheduled_time: datetime | None
    enable_repurposing: bool
    as_given: Mapping[str, Any]
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: Sequence[str] = ()
    # Whether it goes out at the next free slot of the user's plan.
    wants_slot: bool = False
    publish_within_seconds: int | None = None


def validated(
    request: PostRequest, user: User, documents: Documents, clock: Clock, here: Installation
) -> tuple[Content, tuple[Target, ...]]:
    """The content with stored files as measured, and the accounts. Raises ValidationFailed and MissingIntegrations."""
    if request.scheduled_time is not None:
        require_notice(request.scheduled_time, clock)
    targets = resolve_targets(_switched_on(request.targets, here.platforms), user)
    content = _with_stored(request.content, user, documents, here.storage)
    problems = [
        *_hopeless(content, targets, here),
        *_impossible_type(content, targets),
        *(_undecided(targets) if here.tiktok_privacy == "required" else ()),
        *(_hidden_partnerships(targets) if here.tiktok_privacy == "self_only" else ()),
    ]
    problems += [
        Detail(field_of(problem.field, target), problem.message, "custom", rule=problem.rule, target=target.target_id)
        for target in targets
        for problem in validate_content(target.platform, content, target.options, target.facts)
    ]
    if problems:
        raise ValidationFailed(details=problems)
    return content, targets


def require_notice(scheduled_time: datetime, clock: Clock) -> None:
    """Raises ValidationFailed for a time that has passed, or all but."""
    if scheduled_time < clock.now() + MIN_NOTICE:
        message = "scheduledTime must be at least 1 minute in the future"
        raise ValidationFailed(message, details=[Detail("body.scheduledTime", message, "custom")])


def _hopeless(content: Content, targets: Sequence[Target], here: Installation) -> Iterator[Detail]:
    """Addresses whose text shows that nothing can be had there, now or later."""
    named = [(item.field, item.url) for item in content.media if item.url is not None]
    for target in targets:
        option = rules_of(target.platform).capability.cover_option
        if isinstance(url := target.options.get(option), str):
            named.append((f"{target.field}.options.{option}", url))
    for field, url in dict.fromkeys(named):
        if reason := _refusal(url, here):
            yield Detail(field, reason, "custom", url, rule="media.address")


def _refusal(url: str, here: Installation) -> str:
    if url.startswith(f"{here.storage}/"):
        return "This is an address of our own storage, but of no file of yours: name the original address, or a media id"
    if hinted_kind(url) == "audio":
        return "This is a sound file by its name: posts take images and videos"
    if any(url.startswith(prefix) for prefix in here.rewritten):
        return ""
    try:
        require_public_address(url)
    except AddressRefused as refused:
        return f"This file cannot be fetched: {refused}"
    return ""


def _undecided(targets: Sequence[Target]) -> Iterator[Detail]:
    """TikTok's guidelines want people to choose who may see a post, from what their account allows."""
    for target in targets:
        if target.platform == "tiktok" and target.options.get("privacyLevel") is None:
            choices = [str(level) for level in target.facts.get("privacyLevels") or ()]
            message = f"Say who may see the post on TikTok: {', '.join(choices) or 'see the account on TikTok'}."
            field = f"{target.field}.options.privacyLevel"
            yield Detail(field, message, "custom", choices=choices, rule="tiktok.privacy_required", target=target.target_id)


def _hidden_partnerships(targets: Sequence[Target]) -> Iterator[Detail]:
    """An app that TikTok has not audited shows posts to their creator alone, which no branded content may be."""
    for target in targets:
        if target.platform == "tiktok" and target.options.get("brandedContent"):
            message = "TikTok shows branded content to more people than oneself, and this Soku's app there is not audited."
            field = f"{target.field}.options.brandedContent"
            yield Detail(field, message, "custom", True, rule="tiktok.branded_content_private", target=target.target_id)


def _impossible_type(content: Content, targets: Sequence[Target]) -> Iterator[Detail]:
    """A `mediaType` that none of the files can have."""
    field, kinds = f"{CONTENT_FIELD}.mediaType", {item.kind for item in content.media}
    if content.media_type == "video" and kinds and kinds <= {"image"}:
        yield Detail(field, 'mediaType is "video", but every file is an image: leave it out, or give a video', "custom")
    mixes = any(rules_of(target.platform).capability.mixes for target in targets)
    if content.media_type == "image" and kinds and kinds <= {"video"} and not mixes:
        yield Detail(field, 'mediaType is "image", but every file is a video: leave it out, or give an image', "custom")


def _switched_on(wanted: Sequence[WantedTarget], platforms: Container[str]) -> Sequence[WantedTarget]:
    """Raises ValidationFailed for platforms that the operator has no app for."""
    named = [(want, canonical(want.platform)) for want in wanted]
    off = [
        Detail(
            want.field,
            f"{PLATFORMS[platform]} is switched off here: the operator of this Soku has no app there. Leave it out.",
            "custom",
            want.platform,
            rule=f"{platform}.switched_off",
        )
        for want, platform in named
        if platform not in platforms
    ]
    if off:
        raise ValidationFailed(details=off)
    return wanted


def _with_stored(content: Content, user: User, documents: Documents, media_url: str) -> Content:
    """The content with what is in our storage already named by id, and as measured. One RPC if anything may be.

    Another user's mediaId is as unknown as none.
    """
    ids = {item.field: item.media_id or _id_in(item.url or "", media_url) for item in content.media}
    wanted = list(dict.fromkeys(media_id for media_id in ids.values() if media_id))
    if not wanted:
        return content
    found = zip(wanted, documents.get(*(media_path(media_id) for media_id in wanted)), strict=True)
    own = {
        media_id: document
        for media_id, document in found
        if document and document.fields.get("uid") == user.uid and document.fields.get("deletedAt") is None and is_stored(document)
    }
    unknown = [
        Detail(item.field, "There is no media with this id: upload it with POST /v1/media first.", "custom", item.media_id)
        for item in content.media
        if item.media_id and item.media_id not in own
    ]
    if unknown:
        raise ValidationFailed(details=unknown)
    return replace(content, media=tuple(_as_stored(item, own.get(ids[item.field] or "")) for item in content.media))


def _as_stored(item: MediaItem, document: Document | None) -> MediaItem:
    if document is None:
        return item
    stored = stored_of(document)
    return replace(item, url=None, media_id=document.id, kind=kind_of(stored.content_type), stored=stored)


def _id_in(url: str, media_url: str) -> str | None:
    """The media id in an address of our own storage."""
    name = url.removeprefix(f"{media_url}/media/")
    media_id = name.partition(".")[0]
    return media_id if name != url and re.match(MEDIA_ID, media_id, re.ASCII) else None
