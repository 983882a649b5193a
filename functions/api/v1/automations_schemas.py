"""What goes into and comes out of /v1/automations."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, PlainValidator, model_validator

from functions.api.request.validation import RequestBody
from functions.api.v1.targets_schema import NAMES, PLATFORM_SCHEMA, require_short_options, targets_at
from shared.automations.automation import MAX_DELAY_SECONDS, Action, Automation, MediaKind, unknown_placeholders
from shared.core.platforms import canonical
from shared.core.text import NonBlank
from shared.core.wrong import wrong
from shared.posts.targets import WantedTarget

TARGETS_FIELD = "body.targets"
_HASHTAG = re.compile(r"#?(\w{1,200})")

Platform = Annotated[str, Field(json_schema_extra={"enum": list(NAMES)})]


def _platform(value: str) -> str:
    if value not in NAMES:
        raise wrong("invalid_enum_value", f"Unknown platform {value[:40]!r}: expected one of {', '.join(NAMES)}")
    return canonical(value)


def _hashtag(value: str) -> str:
    found = _HASHTAG.fullmatch(value)
    if found is None:
        raise wrong("invalid_string", "A hashtag has letters, digits and underscores, with or without a # before them")
    return found[1]


def _template(value: str) -> str:
    if unknown := unknown_placeholders(value):
        names = ", ".join(f"{{{name}}}" for name in unknown)
        raise wrong("invalid_string", f"Nothing stands for {names}: a template may hold {{text}}, {{url}} and {{platform}}")
    return value


class Source(RequestBody):
    """Without `accountId`: every account there."""

    platform: Annotated[Platform, AfterValidator(_platform)]
    accountId: Annotated[str, Field(min_length=1, max_length=256)] | None = None


class Conditions(RequestBody):
    """All that are given have to hold."""

    mediaKind: MediaKind | None = None
    hashtag: Annotated[str, AfterValidator(_hashtag), Field(min_length=1, max_length=201)] | None = None


Targets = Annotated[tuple[WantedTarget, ...], PlainValidator(targets_at(TARGETS_FIELD)), PLATFORM_SCHEMA]
Name = Annotated[NonBlank, Field(max_length=100)]
Template = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_template)]
Delay = Annotated[int, Field(ge=0, le=MAX_DELAY_SECONDS)]


class NewAutomation(RequestBody):
    """`repost` sends the same content; `repurpose` needs a `template`, of {text}, {url} and {platform}."""

    source: Source
    action: Action
    targets: Targets
    name: Name | None = None
    enabled: bool = True
    template: Template | None = None
    delaySeconds: Delay = 0
    conditions: Conditions | None = None

    @model_validator(mode="after")
    def _template_fits(self) -> "NewAutomation":
        require_short_options(self.targets)
        if self.action == "repurpose" and self.template is None:
            raise wrong("custom", "repurpose needs a template: for example {text} {url}")
        if self.action == "repost" and self.template is not None:
            raise wrong("custom", "repost sends the same text: leave the template out, or choose repurpose")
        return self


class AutomationChanges(RequestBody):
    """Each member that is named is replaced whole."""

    source: Source | None = None
    action: Action | None = None
    targets: Targets | None = None
    name: Name | None = None
    enabled: bool | None = None
    template: Template | None = None
    delaySeconds: Delay | None = None
    conditions: Conditions | None = None


class ShownSource(BaseModel):
    platform: str
    accountId: str | None


class ShownTarget(BaseModel):
    platform: str
    accountId: str | None
    targetId: str | None
    options: dict[str, Any]


class ShownConditions(BaseModel):
    mediaKind: MediaKind | None
    hashtag: str | None


class ShownAutomation(BaseModel):
    id: str
    name: str | None
    enabled: bool
    source: ShownSource
    action: Action
    targets: list[ShownTarget]
    template: str | None
    delaySeconds: int
    conditions: ShownConditions
    createdAt: str
    updatedAt: str


class ShownAutomations(BaseModel):
    automations: list[ShownAutomation]


class DeletedAutomation(BaseModel):
    deleted: Literal[True]


def fields_of(given: NewAutomation) -> dict[str, Any]:
    """As it is stored."""
    conditions = given.conditions or Conditions()
    return {
        "name": given.name,
        "enabled": given.enabled,
        "source": {"platform": given.source.platform, "accountId": given.source.accountId},
        "action": given.action,
        "targets": [target.to_fields() for target in given.targets],
        "template": given.template,
        "delaySeconds": given.delaySeconds,
        "conditions": {"mediaKind": conditions.mediaKind, "hashtag": conditions.hashtag},
    }


def as_given(automation: Automation) -> dict[str, Any]:
    """As a request would say it, to be laid under a change."""
    return {
        "name": automation.name,
        "enabled": automation.is_enabled,
        "source": {"platform": automation.platform, "accountId": automation.account_id},
        "action": automation.action,
        "targets": [target.to_fields() for target in automation.targets],
        "template": automation.template,
        "delaySeconds": int(automation.delay.total_seconds()),
        "conditions": {"mediaKind": automation.media_kind, "hashtag": automation.hashtag},
    }
