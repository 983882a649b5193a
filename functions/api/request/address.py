"""A route's address as the reference and the request log write it, with its parts named as the API's own fields are."""

import re
from functools import cache

_PART = re.compile(r"<(?:\w+:)?(\w+)>")


@cache
def address_of(rule: str) -> str:
    """/v1/media/{mediaId} of Flask's /v1/media/<media_id:media_id>."""
    return _PART.sub(lambda part: f"{{{_camel(part[1])}}}", rule)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
