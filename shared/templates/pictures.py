"""The first step of drawing a template whose config names pictures: they are copied into our storage, by `ingest`."""

from dataclasses import dataclass
from datetime import timedelta

from shared.core.clock import Clock
from shared.jobs.handler import Moved, Outcome, Work
from shared.media.fetch import FetchFailed, FetchRefused
from shared.media.intake import Bounds, Intake
from shared.media.media import StoredMedia
from shared.media.storage import StorageUnavailable
from shared.media.tries import after_failure
from shared.tasks.queues import TEMPLATES_QUEUE
from shared.templates.template import TEMPLATES

# Far more than a picture of this size needs.
MAX_BYTES = 8 << 20
# A few bytes may unpack into any number of pixels, each of which takes four bytes while it is drawn.
MAX_PIXELS = 16_000_000
# What can be drawn, and by which ending the engine knows it.
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
FOLDER, KEEP = "copies", timedelta(days=1)


@dataclass(frozen=True)
class PicturePorts:
    intake: Intake
    clock: Clock


def fetch_pictures(work: Work, ports: PicturePorts) -> Outcome:
    """Raises JobFailed, Fenced."""
    job, pictures = work.job, dict(work.job.state.get("pictures") or {})
    config = job.input["config"]
    for field in TEMPLATES[job.input["templateSlug"]].pictures:
        if not config.get(field) or field in pictures:
            continue
        bounds = Bounds({"image": MAX_BYTES}, "a template", "a template draws")
        keep_until = ports.clock.now() + KEEP
        try:
            with ports.intake.taken(config[field], bounds, FOLDER, work.lease, keep_until=keep_until) as stored:
                if stored.content_type not in ENDINGS:
                    raise FetchRefused(f"the file is {stored.content_type}, and PNG, JPEG, GIF and WebP can be drawn")
                _require_drawable(stored)
                pictures[field] = {"path": stored.storage_path, "ending": ENDINGS[stored.content_type]}
                work.save(pictures=pictures)
        except (StorageUnavailable, FetchRefused, FetchFailed) as error:
            return after_failure(work, error, f"config.{field} could not be had")
    return Moved(TEMPLATES_QUEUE.name, {"pictures": pictures})


def _require_drawable(stored: StoredMedia) -> None:
    """Raises FetchRefused."""
    if not stored.width or not stored.height:
        raise FetchRefused("the picture's width and height cannot be read")
    if stored.width * stored.height > MAX_PIXELS:
        raise FetchRefused(f"the picture has {stored.width} × {stored.height} pixels, and at most {MAX_PIXELS:,} are drawn")
