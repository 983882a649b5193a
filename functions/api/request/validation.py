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

    @classmethod
    def model_of(cls, body: Mapping[str, Any]) -> "type[RequestBody]":
        """The model that this very body is judged by: another one, where a member says what kind of thing it is."""
        return cls

    @classmethod
    def models(cls) -> "tuple[type[RequestBody], ...]":
        """All that there are."""
        return (cls,)


class Nothing(RequestBody):
    """An empty object, or no body at all."""


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
# In place of pydantic's own, which speak of Python.
_FACTS = ("pattern", "expected", "min_length", "max_length", "ge", "le", "gt", "lt")
_SENTENCES = {
    "extra_forbidden": "Unrecognized field: check its spelling and its place",
    "literal_error": "Expected one of {expected}",
    "enum": "Expected one of {expected}",
    "model_type": "Expected an object",
    "dict_type": "Expected an object",
    "list_type": "Expected an array",
    "string_type": "Expected text",
    "bool_type": "Expected true or false",
    "bool_parsing": "Expected true or false",
    "int_type": "Expected a whole number",
    "int_parsing": "Expected a whole number",
    "int_parsing_size": "Expected a smaller number",
    "int_from_float": "Expected a whole number",
    "float_type": "Expected a number",
    "float_parsing": "Expected a number",
    "finite_number": "Expected a number",
    "string_too_short": "At least {min_length} characters are needed; there are {length}",
    "string_too_long": "At most {max_length} characters are taken; there are {length}",
    "too_short": "At least {min_length} entries are needed; there are {length}",
    "too_long": "At most {max_length} entries are taken; there are {length}",
    "string_pattern_mismatch": "Expected text of the form {pattern}",
    "greater_than_equal": "Expected {ge} or more",
    "less_than_equal": "Expected {le} or less",
    "greater_than": "Expected more than {gt}",
    "less_than": "Expected less than {lt}",
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
    parts, message = list(found["loc"]), message_of(found)
    if parts and parts[-1] == "[key]":
        # Of an object's names, not of what is under one.
        message, parts = f"The key {str(parts[-2])[:50]!r}: {message}", parts[:-2]
    return Detail(field_name(parts, root), message, context.get("code") or code, found["input"])


def message_of(found: ErrorDetails) -> str:
    if message := (found.get("ctx") or {}).get("message"):
        return message
    given, kind = found["input"], found["type"]
    if isinstance(given, str) and kind in ("too_short", "too_long"):
        kind = f"string_{kind}"
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return found["msg"]
    length = len(given) if isinstance(given, str | list | dict) else 0
    return sentence.format(**{**dict.fromkeys(_FACTS, ""), **(found.get("ctx") or {}), "length": length})
