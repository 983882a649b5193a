"""What a validator raises: a message of ours under a code of the specification's, in place of pydantic's own."""

import re

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError


def wrong(code: str, message: str) -> PydanticCustomError:
    """For `raise`; where the field stands is told by pydantic."""
    return PydanticCustomError("custom", "{message}", {"message": message, "code": code})


def shaped(pattern: str, words: str) -> tuple[AfterValidator, FieldInfo]:
    """For an annotation of text that has this shape, which people are told in words: "Expected …"."""
    shape = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if shape.search(value) is None or value.endswith("\n"):
            raise wrong("invalid_string", f"Expected {words}")
        return value

    return AfterValidator(check), Field(json_schema_extra={"pattern": pattern})
