"""Encrypts a file as Snapchat wants it (AES-256-CBC, PKCS7, a new key for each) and sends it in parts, never whole in memory.

Handle: `media` = its id, once all parts are there, and `expires`: a file may be used for a day.
"""

import base64
import secrets
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from shared.http.client import HttpRequest, Part
from shared.media.media import StoredMedia
from shared.media.storage import Storage
from shared.platforms.failure import PlatformFailure
from shared.platforms.hosts import Hosts
from shared.platforms.platform import Publication, Ready, bearer, stored_of
from shared.platforms.snapchat.errors import read
from shared.platforms.snapchat.hosts import API

# Snapchat takes 35 parts of up to 32 MB: small ones for small files, larger ones where 35 would not do.
PART_BYTES, MAX_PARTS = 8 << 20, 35
BLOCK_BYTES = 16
# What is read and encrypted at a time.
READ_BYTES = 2 << 20
EXPIRY_SECONDS = 23 * 3600


def upload(publication: Publication, hosts: Hosts) -> Ready:
    if "media" not in publication.handle or publication.handle["expires"] < publication.now().timestamp():
        media_id = _upload(publication, hosts, stored_of(publication.draft.media[0]))
        publication.save(media=media_id, expires=publication.now().timestamp() + EXPIRY_SECONDS)
    return Ready()


def _upload(publication: Publication, hosts: Hosts, stored: StoredMedia) -> str:
    """In one go: what a dead worker had sent was encrypted with a key that died with it."""
    base, profile = hosts.at(API), publication.account.platform_user_id
    key, iv = secrets.token_bytes(32), secrets.token_bytes(BLOCK_BYTES)
    body = {
        "type": "VIDEO" if stored.content_type.startswith("video/") else "IMAGE",
        "name": stored.media_id,
        "key": base64.b64encode(key).decode(),
        "iv": base64.b64encode(iv).decode(),
    }
    headers = bearer(publication)
    begun = read(
        publication.http.send(HttpRequest("POST", f"{base}/v1/public_profiles/{profile}/media", headers=headers, json=body))
    )
    add, finalize = _path(begun.get("add_path")), _path(begun.get("finalize_path"))
    for number, part in enumerate(encrypted_parts(publication.storage, stored, key, iv), start=1):
        form = {"action": "ADD", "part_number": str(number)}
        request = HttpRequest("POST", f"{base}{add}", headers=headers, form=form, parts={"file": Part(stored.media_id, part)})
        read(publication.http.send(request))
        publication.keep_alive()
    # Multipart too: the parts of the form itself, without a file.
    request = HttpRequest("POST", f"{base}{finalize}", headers=headers, form={"action": "FINALIZE"}, parts={})
    read(publication.http.send(request))
    return str(begun["media_id"])


def encrypted_parts(storage: Storage, stored: StoredMedia, key: bytes, iv: bytes) -> Iterator[bytes]:
    """The ciphertext in at most 35 parts; whole blocks, of which the last is padded."""
    part_bytes = max(PART_BYTES, -(-stored.size_bytes // (MAX_PARTS - 1)))
    encryptor, padder = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor(), PKCS7(8 * BLOCK_BYTES).padder()
    part: list[bytes] = []
    for start in range(0, stored.size_bytes, READ_BYTES):
        clear = storage.read(stored.storage_path, start, min(READ_BYTES, stored.size_bytes - start))
        part.append(encryptor.update(padder.update(clear)))
        if sum(map(len, part)) >= part_bytes:
            whole, part = b"".join(part), []
            yield whole
    yield b"".join([*part, encryptor.update(padder.finalize()) + encryptor.finalize()])


def _path(value: object) -> str:
    """On Snapchat's own host, whether it is named with a slash, without one, or as an address there."""
    path = value.removeprefix(f"https://{API}/") if isinstance(value, str) else ""
    if not path or "://" in path or path.startswith("//"):
        raise PlatformFailure("transient", "Snapchat named no path for the upload", http_status=200)
    return f"/{path.removeprefix('/')}"
