"""Draws a template and keeps the image: the job behind POST /v1/templates."""

import hashlib
import logging
from dataclasses import dataclass

from shared.core.ids import random_base62
from shared.core.wait import Wait
from shared.jobs.handler import JobFailed, Outcome, Work
from shared.media.keep import Keeping
from shared.media.leftovers import delete_leftovers, delete_quietly
from shared.media.measure import VERSION
from shared.media.media import StoredMedia
from shared.media.storage import StorageUnavailable
from shared.media.uploads import FOLDER
from shared.templates.render import Picture, Undrawable, render
from shared.templates.template import RATIOS

_log = logging.getLogger(__name__)

OUTAGE_SECONDS = 5.0


@dataclass(frozen=True)
class DrawPorts:
    keeping: Keeping


def draw(work: Work, ports: DrawPorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    wanted, storage = work.job.input, ports.keeping.storage
    try:
        left = delete_leftovers(work.job.state, storage)
        pictures = {
            field: Picture(storage.read(one["path"]), one["ending"])
            for field, one in (work.job.state.get("pictures") or {}).items()
        }
        content = render(wanted["templateSlug"], wanted["config"], wanted["aspectRatio"], pictures)
        media_id = f"rendered_{random_base62(22)}"
        path = f"{FOLDER}/{media_id}.png"
        work.save(objects=[*left, path])
        work.if_lost.append(lambda: delete_quietly(path, storage))
        storage.write(path, "image/png", iter([content]), keep_until=None)
    except Undrawable as error:
        raise JobFailed("upload_failed", f"The image could not be drawn: {error}.") from error
    except StorageUnavailable as error:
        return Wait(OUTAGE_SECONDS, str(error))
    except RuntimeError as error:
        # It would go wrong each time.
        _log.exception("template.not_drawn", extra={"job": work.job.id, "slug": wanted["templateSlug"]})
        raise JobFailed("internal_error", "The image could not be drawn, by a fault of Soku's.") from error
    width, height = RATIOS[wanted["aspectRatio"]]
    stored = StoredMedia(
        media_id=media_id,
        url=storage.url(path),
        storage_path=path,
        content_type="image/png",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        measured_by=VERSION,
        width=width,
        height=height,
    )
    return ports.keeping.keep(work, stored)
