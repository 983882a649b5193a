"""/v1/templates: images made of words. The drawing is done by a function of its own; what is here waits for it.

GET  /v1/templates                     what there is, with the schema of each config
GET  /v1/templates/{slug}/preview      how it looks                                               anybody
POST /v1/templates                     draw one                                                   waits until it is there
POST /v1/media/render-og               the same
"""

from pathlib import Path
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call
from functions.api.request.endpoint import Reply, endpoint
from functions.api.request.jobs import AsyncQuery, Beginning, outcome_of
from functions.api.request.validation import RequestBody, validated
from functions.api.v1.jobs_schemas import ShownJob
from shared.core.errors import IdempotencyConflict, NotFound, StorageQuotaExceeded, UploadFailed, ValidationFailed
from shared.jobs.errors import JobCancelled
from shared.jobs.start import Wanted
from shared.media.uploads import require_room
from shared.templates.template import RATIOS, TEMPLATES, Ratio
from shared.templates.wanted import wanted_image

# Both addresses are one endpoint to idempotency.
ENDPOINT = "POST /v1/templates"
PREVIEWS = Path(__file__).parents[3] / "shared" / "templates" / "previews"


class Drawing(RequestBody):
    """`config` is the template's own; what it takes is listed by GET /v1/templates."""

    templateSlug: str
    config: dict[str, Any] | None = None
    aspectRatio: Ratio | None = None


class DrawnImage(BaseModel):
    url: str
    id: str


class ListedTemplate(BaseModel):
    """`configSchema` is the JSON Schema of its config."""

    slug: str
    description: str
    aspectRatios: list[Ratio]
    configSchema: dict[str, Any]
    previewUrl: str


class ListedTemplates(BaseModel):
    templates: list[ListedTemplate]


def routes(ports: Ports) -> Blueprint:
    blueprint = Blueprint("templates", __name__)
    settings = ports.settings

    def draw(call: Call) -> Reply:
        return outcome_of(call, ENDPOINT, beginning_of(call, call.given, ports), ports, status=200)

    for rule, name in (("/v1/templates", "create"), ("/v1/media/render-og", "create_alias")):
        guarded = endpoint(
            ports,
            credential="api_key",
            asks=AsyncQuery,
            takes=Drawing,
            gives={200: DrawnImage, 202: ShownJob},
            errors=(NotFound, ValidationFailed, UploadFailed, StorageQuotaExceeded, IdempotencyConflict, JobCancelled),
            limit=20,
            scope="ai",
        )(draw)
        blueprint.add_url_rule(rule, name, guarded, methods=["POST"])

    @blueprint.get("/v1/templates")
    @endpoint(ports, credential="either", gives={200: ListedTemplates}, scope="ai")
    def index(call: Call) -> Reply:
        shown = [
            {
                "slug": slug,
                "description": template.description,
                "aspectRatios": list(RATIOS),
                "configSchema": template.config.model_json_schema(),
                "previewUrl": f"{settings.base_url}/v1/templates/{slug}/preview",
            }
            for slug, template in TEMPLATES.items()
        ]
        return Reply(200, {"templates": shown})

    @blueprint.get("/v1/templates/<slug>/preview")
    @endpoint(ports, credential="anybody", gives={200: None}, errors=(NotFound,))
    def preview(call: Call, slug: str) -> Reply:
        if slug not in TEMPLATES:
            raise NotFound(f"There is no template of this name: choose one of {', '.join(TEMPLATES)}")
        headers = {"Content-Type": "image/png", "Cache-Control": "public, max-age=86400"}
        return Reply(200, (PREVIEWS / f"{slug}.png").read_bytes(), headers)

    return blueprint


def beginning_of(call: Call, given: Drawing, ports: Ports, root: str = "body") -> Beginning:
    """Raises NotFound, ValidationFailed."""
    template = TEMPLATES.get(given.templateSlug)
    if template is None:
        raise NotFound(f"There is no template of this name: choose one of {', '.join(TEMPLATES)}")
    config = validated(template.config, given.config or {}, f"{root}.config").model_dump(exclude_none=True)

    def prepare() -> Wanted:
        require_room(call.user, ports.settings.storage_quota_bytes)
        return wanted_image(call.user.uid, given.templateSlug, config, given.aspectRatio or "1:1")

    return Beginning(prepare)
