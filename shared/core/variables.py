"""How values are written in environment variables: lists, pairs, keys, networks, JSON."""

import base64
import binascii
import ipaddress
import json
from typing import Annotated

from pydantic import BeforeValidator


def _comma_separated(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def pairs_of(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): rest.strip() for name, _, rest in pairs}


def _keys(value: object) -> object:
    """`id:base64,id:base64` → {id: 32 bytes}, in the given order; the first encrypts, all decrypt."""
    if not isinstance(value, str):
        return value
    keys: dict[str, bytes] = {}
    for part in value.split(","):
        key_id, _, encoded = part.strip().partition(":")
        if not key_id:
            raise ValueError("each key is id:base64, and one has no id")
        if key_id in keys:
            raise ValueError(f"the id {key_id!r} is there twice: give each key its own")
        try:
            keys[key_id] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"key {key_id!r} is not base64") from None
        if len(keys[key_id]) != 32:
            raise ValueError(f"key {key_id!r} must be 32 bytes (openssl rand -base64 32)")
        if not any(keys[key_id]):
            raise ValueError(f"key {key_id!r} is all zeros: make one with openssl rand -base64 32")
    return keys


def json_of(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("it is not JSON") from None


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"give addresses or networks like 203.0.113.7 or 2001:db8::/48: {error}") from None


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_comma_separated)]
Pairs = Annotated[dict[str, str], BeforeValidator(pairs_of)]
Keys = Annotated[dict[str, bytes], BeforeValidator(_keys)]
