"""The job that draws a template: what it needs, and where it begins. render.py, which is heavy, is its worker's alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.jobs.start import Wanted
from shared.tasks.queues import TEMPLATES_QUEUE, ingest_queue
from shared.templates.template import TEMPLATES

JOB_TYPE = "template"
LASTS = timedelta(minutes=10)


def wanted_image(uid: str, slug: str, config: Mapping[str, Any], aspect_ratio: str) -> Wanted:
    """Pictures that it names by address are fetched first, by the one function that meets strangers' bytes."""
    named = any(config.get(field) for field in TEMPLATES[slug].pictures)
    queue = ingest_queue(uid) if named else TEMPLATES_QUEUE
    return Wanted(JOB_TYPE, {"templateSlug": slug, "config": dict(config), "aspectRatio": aspect_ratio}, queue, LASTS, {})
