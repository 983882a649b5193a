"""From pydantic's findings to the specification's: every invalid field at once, in its vocabulary."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from shared.core.errors import Detail, ValidationFailed


class RequestBody(BaseModel):
    """What a request's models have in common: a misspelt name is refused, and a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @classmethod
    def refusal(cls, details: Sequence[Detail]) -> str | None:
        """The message of a refusal with these details, where the specification has one of its own."""
        return None


class RequestQuery(BaseModel):
    """What follows the question mark: everything is text there, and a misspelt name is refused."""

    model_config = ConfigDict(extra="forbid")


M = TypeVar("M", bound=BaseModel)

# Nobody reads more, and a body of a megabyte can hold hundreds of thousands of faults.
MAX_DETAILS = 100
# pydantic's type of error → ours; everything else that is about a type is invalid_type, and the rest custom.
_CODES = {
    "missing": "invalid_type",
    "extra_forbidden": "unrecognized_keys",
    "string_too_short": "too_small",
    "too_short": "too_small",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_big",
    "string_too_long": "too_big",
    "too_long": "too_big",
    "literal_error": "invalid_enum_value",
    "enum": "invalid_enum_value",
    "string_pattern_mismatch": "invalid_string",
    "url": "invalid_string",
}


def validated(model: type[M], given: Mapping[str, Any], root: str = "body") -> M:
    """Raises ValidationFailed; its fields start at `root`."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False)[:MAX_DETAILS]
        details = [_detail(one, root) for one in found]
        message = model.refusal(details) if issubclass(model, RequestBody) else None
        raise ValidationFailed(message, details=details) from None


def field_name(parts: Sequence[str | int], root: str = "body") -> str:
    return ".".join([root, *(str(part) for part in parts)])


def _detail(found: ErrorDetails, root: str) -> Detail:
    kind = found["type"]
    code = _CODES.get(kind) or ("invalid_type" if kind.endswith(("_type", "_parsing")) else "custom")
    context = found.get("ctx") or {}
    if kind == "missing":
        return Detail(field_name(found["loc"], root), "Required", code)
    return Detail(field_name(found["loc"], root), message_of(found), context.get("code") or code, found["input"])


def message_of(found: ErrorDetails) -> str:
    if message := (found.get("ctx") or {}).get("message"):
        return message
    match found["type"]:
        case "extra_forbidden":
            return "Unrecognized field: check its spelling and its place"
        case "literal_error":
            return f"Expected one of {found['ctx']['expected']}" if "ctx" in found else found["msg"]
        case _:
            return found["msg"]
