"""What the caller has already, by If-None-Match."""

from flask import request

from functions.api.request.endpoint import Reply


def is_known(reply: Reply) -> bool:
    """Whether the caller has this very answer."""
    known = request.headers.get("If-None-Match")
    told = [one.strip().removeprefix("W/") for one in (known or "").split(",")]
    return known is not None and ("*" in told or reply.headers["ETag"] in told)


def unless_known(reply: Reply) -> Reply:
    """304, which the request log leaves out, for who has it."""
    return Reply(304, b"", reply.headers, logged=True) if is_known(reply) else reply
