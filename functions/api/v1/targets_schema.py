"""Where a post is to go, as requests write it: `post.content.platform`, and an automation's `targets`."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from functions.api.request.validation import message_of
from shared.core.platforms import ALIASES, PLATFORMS, canonical
from shared.core.wrong import wrong
from shared.platforms.registry import rules_of
from shared.posts.submission import MAX_OPTIONS_BYTES, MAX_TARGETS
from shared.posts.targets import WantedTarget

MAX_OPTIONS = 100
NAMES = (*PLATFORMS, *ALIASES)


class _TargetObject(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    platform: str
    accountId: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    targetId: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    options: dict[str, Any] | None = None


def require_short_options(targets: Sequence[WantedTarget]) -> None:
    """Raises PydanticCustomError."""
    options = sum(len(json.dumps(dict(target.options)).encode()) for target in targets)
    if options > MAX_OPTIONS_BYTES:
        raise wrong("too_big", f"The targets' options are {options} bytes long; at most {MAX_OPTIONS_BYTES} are taken")


def targets_at(field: str) -> Callable[[object], tuple[WantedTarget, ...]]:
    """A validator of what stands at `field`: a name, an object, or an array of both; every problem is reported where it is."""
    return lambda value: _targets(field, value)


def _targets(field: str, value: object) -> tuple[WantedTarget, ...]:
    if isinstance(value, list) and len(value) > MAX_TARGETS:
        raise wrong("too_big", f"A post goes to at most {MAX_TARGETS} targets.")
    if isinstance(value, list):
        entries = [((str(position),), entry) for position, entry in enumerate(cast("list[object]", value))]
    else:
        entries = [((), value)]
    if not entries:
        raise wrong("too_small", "Name at least one platform")
    problems: list[InitErrorDetails] = []
    targets: list[WantedTarget] = []
    for where, entry in entries:
        try:
            targets.append(_target(field, where, entry))
        except PydanticCustomError as problem:
            problems.append(InitErrorDetails(type=problem, loc=where, input=entry))
        except ValidationError as error:
            problems += [_moved(found, where) for found in error.errors()]
    if problems:
        raise ValidationError.from_exception_data("platform", problems)
    return tuple(targets)


def _target(root: str, where: tuple[str, ...], entry: object) -> WantedTarget:
    field = ".".join([root, *where])
    if isinstance(entry, str):
        return WantedTarget(field, _known(entry))
    if not isinstance(entry, dict):
        raise wrong("invalid_type", "Expected a platform's name or an object with platform and accountId")
    target = _TargetObject.model_validate(entry)
    platform = _known(target.platform)
    return WantedTarget(field, platform, target.accountId, target.targetId, _options(platform, target.options or {}))


def _options(platform: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, if the platform has such options; every problem is reported below `options`."""
    known = rules_of(canonical(platform)).options
    if len(given) > MAX_OPTIONS:
        raise wrong("too_big", f"{len(given)} options are given; no platform has as many")
    try:
        known.model_validate(given)
    except ValidationError as error:
        names = ", ".join(field.alias or name for name, field in known.model_fields.items())
        unknown = {"extra_forbidden": f"Unrecognized option: {platform} has {names}"}
        problems = [_moved(found, ("options",), unknown.get(found["type"])) for found in error.errors()]
        raise ValidationError.from_exception_data("options", problems) from None
    return {name: value for name, value in given.items() if value is not None}


def _moved(found: ErrorDetails, where: tuple[str, ...], message: str | None = None) -> InitErrorDetails:
    """The same problem, further inside; `message` says it better."""
    context = {**found.get("ctx", {}), "message": message or message_of(found)}
    problem = PydanticCustomError(cast("Any", found["type"]), "{message}", context)
    return InitErrorDetails(type=problem, loc=(*where, *found["loc"]), input=found["input"])


def _known(name: str) -> str:
    if name not in NAMES:
        raise wrong("invalid_enum_value", f"Unknown platform {name[:40]!r}: expected one of {', '.join(NAMES)}")
    return name


NAME_SCHEMA = {"type": "string", "enum": list(NAMES)}
_TARGET_SCHEMA = {
    "type": "object",
    "required": ["platform"],
    "additionalProperties": False,
    "properties": {
        "platform": NAME_SCHEMA,
        "accountId": {"type": ["string", "null"], "minLength": 1, "maxLength": 256},
        "targetId": {"type": ["string", "null"], "minLength": 1, "maxLength": 128},
        "options": {"type": ["object", "null"], "description": "The platform's own; docs/publishing.md lists them."},
    },
}
_ENTRIES_SCHEMA = {"type": "array", "minItems": 1, "maxItems": MAX_TARGETS, "items": {"anyOf": [NAME_SCHEMA, _TARGET_SCHEMA]}}
PLATFORM_SCHEMA = WithJsonSchema({"anyOf": [NAME_SCHEMA, _TARGET_SCHEMA, _ENTRIES_SCHEMA]})
