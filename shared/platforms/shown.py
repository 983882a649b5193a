"""What a platform takes, as data for callers: from the very rules that judge posts."""

from collections.abc import Mapping
from typing import Any

from shared.platforms.compose import NOTHING_KNOWN
from shared.platforms.media_limits import MediaLimits
from shared.platforms.registry import rules_of


def shown_platform(platform: str, facts: Mapping[str, Any] = NOTHING_KNOWN) -> dict[str, Any]:
    """Sizes in bytes, lengths in pixels and seconds, rates in pictures a second; what is not limited is null. `facts`: of
    an account."""
    rules = rules_of(platform)
    capability = rules.of_account(facts)
    return {
        "platform": platform,
        "name": capability.label,
        "text": {"most": capability.max_text, "unit": capability.text_unit, "alone": capability.text_only},
        "images": _shown(capability.images, capability.max_images),
        "videos": _shown(capability.videos, capability.max_videos),
        "mixesImagesAndVideos": capability.mixes,
        "cover": _shown(capability.cover, 1) if capability.cover is not None else None,
        "optionsSchema": rules.options.model_json_schema(by_alias=True),
    }


def _shown(limits: MediaLimits, number: int) -> Mapping[str, Any] | None:
    if not number:
        return None
    return {
        "most": number,
        "contentTypes": sorted(limits.content_types),
        "maxBytes": limits.max_bytes,
        "maxBytesByType": dict(limits.max_bytes_by_type),
        "minSeconds": limits.min_seconds,
        "maxSeconds": limits.max_seconds,
        "minRatio": limits.min_ratio,
        "maxRatio": limits.max_ratio,
        "minSides": list(limits.min_sides) if limits.min_sides else None,
        "maxSides": list(limits.max_sides) if limits.max_sides else None,
        "maxSide": limits.max_side,
        "maxWidth": limits.max_width,
        "minFrameRate": limits.min_rate,
        "maxFrameRate": limits.max_rate,
        "codecs": sorted(limits.codecs) or None,
        "chroma": limits.chroma,
        "maxFrames": limits.max_frames,
        "maxPixels": limits.max_pixels,
    }
