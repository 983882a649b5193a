"""Which addresses a post names, and the most that any of its platforms takes of each: what `ingest` copies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.media.copied import Limits
from shared.media.measure import VERSION
from shared.media.media import Kind, MediaItem
from shared.platforms.compose import compose
from shared.platforms.content import Content
from shared.platforms.media_limits import MediaLimits
from shared.platforms.registry import rules_of
from shared.platforms.rules import Capability, Draft
from shared.posts.submission import Target, field_of


@dataclass(frozen=True)
class Address:
    """`field` is where the customer named it first."""

    url: str
    field: str
    limits: Limits


def draft_of(content: Content, target: Target) -> tuple[Draft, Capability]:
    """The post as that target will show it."""
    capability = rules_of(target.platform).capability
    return compose(content, capability, target.options, target.facts), capability


def addresses_of(content: Content, targets: Sequence[Target]) -> list[Address]:
    """Each address once, in the order in which they are named."""
    found: dict[str, Address] = {}
    for target in targets:
        draft, capability = draft_of(content, target)
        for item, limits in _limited(draft, capability):
            if item.url is not None:
                known = found.get(item.url, Address(item.url, field_of(item.field, target), {}))
                found[item.url] = Address(known.url, known.field, _larger(known.limits, limits))
    return list(found.values())


def needs_ingest(content: Content, targets: Sequence[Target]) -> bool:
    """Whether there is anything to copy, or to measure again."""
    is_outdated = any(item.stored is not None and item.stored.measured_by < VERSION for item in content.media)
    return is_outdated or bool(addresses_of(content, targets))


def _limited(draft: Draft, capability: Capability) -> Iterator[tuple[MediaItem, Limits]]:
    """What a name's ending says of a file is a hint: so the limits are those of every kind that the platform takes."""
    taken: dict[Kind, int] = {}
    if capability.max_images:
        taken["image"] = _most(capability.images)
    if capability.max_videos:
        taken["video"] = _most(capability.videos)
    for item in draft.media:
        yield item, taken
    if draft.cover is not None and capability.cover is not None:
        yield draft.cover, {"image": _most(capability.cover)}


def _most(limits: MediaLimits) -> int:
    return max(limits.max_bytes, *limits.max_bytes_by_type.values(), 0)


def _larger(some: Limits, others: Limits) -> Limits:
    kinds: list[Kind] = ["image", "video"]
    return {kind: max(some.get(kind, 0), others.get(kind, 0)) for kind in kinds if kind in some or kind in others}
