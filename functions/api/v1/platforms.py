"""GET /v1/platforms and GET /v1/platforms/{platform}: what each platform takes, from the rules that judge posts."""

from functools import cache
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from shared.core.errors import NotFound
from shared.core.platforms import PLATFORMS, canonical
from shared.platforms.shown import shown_platform


class TextLimit(BaseModel):
    """`alone`: whether a post may consist of it."""

    most: int
    unit: str
    alone: bool


class FileLimits(BaseModel):
    """Of each file; `most` of them in a post. What is not limited is null."""

    most: int
    contentTypes: list[str]
    maxBytes: int
    maxBytesByType: dict[str, int]
    minSeconds: float | None
    maxSeconds: float | None
    minRatio: float | None
    maxRatio: float | None
    minSides: list[int] | None
    maxSides: list[int] | None
    maxSide: int | None
    maxWidth: int | None
    minFrameRate: float | None
    maxFrameRate: float | None
    codecs: list[str] | None
    chroma: str | None
    maxFrames: int | None
    maxPixels: int | None


class ShownPlatform(BaseModel):
    """`switchedOn`: whether the operator has an app there. `optionsSchema` is of a target's `options`."""

    platform: str
    name: str
    switchedOn: bool
    text: TextLimit
    images: FileLimits | None
    videos: FileLimits | None
    mixesImagesAndVideos: bool
    cover: FileLimits | None
    optionsSchema: dict[str, Any]


class ShownPlatforms(BaseModel):
    platforms: list[ShownPlatform]


_rules = cache(shown_platform)


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("platforms", __name__)

    def shown(platform: str) -> dict[str, Any]:
        return {**_rules(platform), "switchedOn": platform in ports.connecting.connectors}

    @blueprint.get("/v1/platforms")
    @endpoint(ports, credential="either", gives={200: ShownPlatforms}, scope="posts:read")
    def index(call: Call) -> Reply:
        return Reply(200, {"platforms": [shown(platform) for platform in PLATFORMS]})

    @blueprint.get("/v1/platforms/<platform>")
    @endpoint(ports, credential="either", gives={200: ShownPlatform}, errors=(NotFound,), scope="posts:read")
    def show(call: Call, platform: str) -> Reply:
        named = canonical(platform)
        if named not in PLATFORMS:
            raise NotFound(f"There is no platform of this name: give one of {', '.join(PLATFORMS)}")
        return Reply(200, shown(named))

    return blueprint
