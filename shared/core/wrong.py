"""What a validator raises: a message of ours under a code of the specification's, in place of pydantic's own."""

from pydantic_core import PydanticCustomError


def wrong(code: str, message: str) -> PydanticCustomError:
    """For `raise`; where the field stands is told by pydantic."""
    return PydanticCustomError("custom", "{message}", {"message": message, "code": code})
