"""Random names: for submissions, requests, workers and stored files."""

import secrets
import uuid

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# What a document of ours is called, as far as callers name it.
DOCUMENT_ID = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$"


def new_uuid() -> str:
    return str(uuid.uuid4())


def random_base62(length: int) -> str:
    """`length` characters of 5.95 random bits each."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def base62(number: int, *, width: int) -> str:
    """`number` in base 62, padded with zeros on the left to `width` characters."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(width, "0")
