"""What TikTok is told of a post before its files: who may see it, what may be done with it, what it advertises."""

from typing import Any

from shared.platforms.platform import Publication, stored_of
from shared.platforms.tiktok.options import Options
from shared.platforms.tiktok.upload import Chunks


def uploaded_body(publication: Publication) -> dict[str, Any]:
    chunks = Chunks.of(stored_of(publication.draft.media[0]).size_bytes)
    return _video(publication) | {
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": chunks.size,
            "chunk_size": chunks.chunk_bytes,
            "total_chunk_count": chunks.count,
        }
    }


def pulled_body(publication: Publication) -> dict[str, Any]:
    address = stored_of(publication.draft.media[0]).url
    return _video(publication) | {"source_info": {"source": "PULL_FROM_URL", "video_url": address}}


def _video(publication: Publication) -> dict[str, Any]:
    options, closed = Options.read(publication.draft.options), publication.handle["closed"]
    return {
        "post_info": {
            "title": publication.draft.text,
            "privacy_level": publication.handle["privacy"],
            "disable_comment": options.disable_comment or "comment" in closed,
            "disable_duet": options.disable_duet or "duet" in closed,
            "disable_stitch": options.disable_stitch or "stitch" in closed,
            **_disclosed(options),
            "is_aigc": options.ai_generated,
            **({"video_cover_timestamp_ms": options.cover_at_ms} if options.cover_at_ms is not None else {}),
        }
    }


def photos_body(publication: Publication) -> dict[str, Any]:
    options = Options.read(publication.draft.options)
    return {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {
            **({"title": options.title} if options.title else {}),
            "description": publication.draft.text,
            "privacy_level": publication.handle["privacy"],
            "disable_comment": options.disable_comment or "comment" in publication.handle["closed"],
            "auto_add_music": options.auto_add_music,
            **_disclosed(options),
        },
        "is_aigc": options.ai_generated,
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [stored_of(item).url for item in publication.draft.media],
            "photo_cover_index": 0,
        },
    }


def _disclosed(options: Options) -> dict[str, bool]:
    """Whether anything is advertised has to be said of every post."""
    return {"brand_content_toggle": options.branded_content, "brand_organic_toggle": options.your_brand}
