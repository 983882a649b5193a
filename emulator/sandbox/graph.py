"""What Meta's sandboxes share: Graph errors, and containers that are fetched, processed, and published at most once."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import ANY, Takes, unfit_video
from emulator.sandbox.platform import Answer, World
from shared.media.sniff import content_type_of

CONTAINER_LIVES = timedelta(hours=24)
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG"


def error(code: int | str, subcode: int, message: str, *, transient: bool = False, status: int = 400) -> Answer:
    shown: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": transient,
        "fbtrace_id": "sandbox",
    }
    return Answer(status, {"error": {**shown, **({"error_subcode": subcode} if subcode else {})}})


def failure(kind: str) -> Answer:
    match kind:
        case "unauthorized":
            return error(190, 463, "Error validating access token: Session has expired", status=401)
        case "rate_limit":
            limited = error(4, 0, "Application request limit reached", transient=True, status=403)
            return Answer(
                limited.status, limited.body, {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":1}]}'}
            )
        case "server_error":
            return error(2, 0, "An unexpected error has occurred. Please retry your request later.", transient=True, status=500)
        case "reject":
            return error(368, 0, "The action attempted has been deemed abusive or is otherwise disallowed")
        case "duplicate":
            return error(506, 0, "Duplicate status message: this was posted before")
        case _:
            return error(100, 33, "Unsupported request. Object does not exist", status=404)


@dataclass
class Container:
    id: str
    owner: str
    kind: str
    text: str
    media: tuple[str, ...]
    created_at: datetime
    ready_at: datetime
    carousel_item: bool = False
    error: str | None = None
    published_at: datetime | None = None
    # What else it was made with.
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Media:
    """Something that was published; `kind` is the container's."""

    id: str
    owner: str
    kind: str
    text: str
    permalink: str
    posted_at: datetime


def state_of(container: Container, now: datetime) -> str:
    if container.published_at is not None:
        return "PUBLISHED"
    if container.created_at + CONTAINER_LIVES <= now:
        return "EXPIRED"
    if container.ready_at > now:
        return "IN_PROGRESS"
    return "ERROR" if container.error else "FINISHED"


def processing_seconds(world: World, fault: Fault | None, *, is_video: bool) -> float:
    if strikes(fault, "slow_processing"):
        return world.slow_processing_seconds
    return world.processing_seconds if is_video else 0.0


def pulled(
    world: World,
    url: str,
    signatures: tuple[bytes, ...],
    limit: int,
    takes: Takes = ANY,
) -> str | None:
    """The digest of what Meta's servers fetched; None if it could not be had or is not what was asked for: without `signatures` a
    video that they take."""
    content = world.pull(url) if url.startswith(("http://", "https://")) else None
    if content is None or len(content) > limit:
        return None
    if signatures:
        right = any(content.startswith(s) for s in signatures)
    else:
        right = content_type_of(content) in ("video/mp4", "video/quicktime") and not unfit_video(world.measure, content, takes)
    return f"sha256:{hashlib.sha256(content).hexdigest()}" if right else None
