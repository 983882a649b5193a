"""Secrets at rest: AES-256-GCM bound to the document that holds them, so that a ciphertext copied elsewhere does not open."""

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.core.errors import SokuError

_NONCE_BYTES = 12


class CannotDecrypt(SokuError):
    """The secret was encrypted with a key that this deployment does not have, or belongs to another document."""


class Cipher:
    """`keys` maps key ids to 32 bytes, the current key first; older ones still decrypt, so that keys rotate without downtime."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = next(iter(keys))

    @property
    def older_keys(self) -> tuple[str, ...]:
        return tuple(key_id for key_id in self._keys if key_id != self._current)

    def seal(self, secret: Mapping[str, Any], *, path: str) -> dict[str, str]:
        """What to store at the document `path`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._current].encrypt(nonce, json.dumps(secret).encode(), path.encode())
        return {"keyId": self._current, "ciphertext": base64.b64encode(nonce + sealed).decode()}

    def open(self, sealed: Mapping[str, Any], *, path: str) -> dict[str, Any]:
        """The secret that was sealed for `path`; raises CannotDecrypt."""
        key = self._keys.get(sealed["keyId"])
        if key is None:
            raise CannotDecrypt(f"no key {sealed['keyId']!r} among this deployment's SOKU_TOKEN_KEYS")
        raw = base64.b64decode(sealed["ciphertext"])
        try:
            return json.loads(key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], path.encode()))
        except InvalidTag as error:
            raise CannotDecrypt("the ciphertext was changed or belongs to another document") from error
