"""Snapchat's Public Profile API: encrypted parts, Spotlights that are listed and stories that are not."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import unfit_video
from emulator.sandbox.oauth import AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World

PART_BYTES, MAX_PARTS = 32_000_000, 35
MEDIA_LIVES = timedelta(hours=24)
_ROUTES = (
    ("POST", r"/v1/public_profiles/\d+/media", "create_media"),
    ("POST", r"/us/v1/public_profiles/\d+/media/\d+/multipart-upload", "upload"),
    ("POST", r"/v1/public_profiles/\d+/(spotlights|stories)", "publish"),
    ("GET", r"/v1/public_profiles/\d+/spotlights", "list_spotlights"),
    ("GET", r"/v1/public_profiles/my_profile", "me"),
)
_OAUTH = Dialect("Snapchat", timedelta(hours=1), refreshable=True, rotates=True, scopes=frozenset({"snapchat-profile-api"}))


@dataclass
class _Media:
    id: str
    owner: str
    kind: str
    key: bytes
    iv: bytes
    begun_at: datetime
    parts: list[bytes] = field(default_factory=list)
    digest: str = ""
    ready_at: datetime | None = None
    failed: bool = False
    used: bool = False


@dataclass(frozen=True)
class _Spotlight:
    id: str
    owner: str
    caption: str
    at: datetime


class Snapchat(WithOAuth):
    name = "snapchat"
    steps = ("publish", "create_media", "upload", "finalize", "list_spotlights", "me", "token", "authorize")
    affected: ClassVar = {"slow_processing": ("finalize",), "processing_failed": ("create_media",), "lapsed": ("publish",)}
    dialect = _OAUTH
    hosts = ("businessapi.snapchat.com", "accounts.snapchat.com")

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._media: dict[str, _Media] = {}
        self._spotlights: list[_Spotlight] = []

    def route(self, call: Call) -> str | None:
        if call.host == "accounts.snapchat.com":
            return {"/login/oauth2/authorize": "authorize", "/login/oauth2/access_token": "token"}.get(call.path)
        for method, pattern, step in _ROUTES:
            if call.method == method and re.fullmatch(pattern, call.path):
                return "finalize" if step == "upload" and call.fields.get("action") == "FINALIZE" else step
        return None

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        if step == "me":
            profile = {"id": account.number, "display_name": account.username, "snap_user_name": account.username}
            return _ok({"public_profile": profile})
        if f"/public_profiles/{account.number}/" not in call.path:
            return _error(403, "AUTHORIZATION_PERMISSION_DENIED", "The profile is not yours")
        match step:
            case "create_media":
                return self._create(call, account, fault)
            case "upload":
                return self._add(call)
            case "finalize":
                return self._finalize(call, fault)
            case "list_spotlights":
                return self._list(call, account)
            case _:
                return self._publish(call, account, fault)

    def _create(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        try:
            key, iv = (base64.b64decode(str(call.fields.get(name, "")), validate=True) for name in ("key", "iv"))
        except binascii.Error:
            key, iv = b"", b""
        kind = call.fields.get("type")
        if kind not in ("VIDEO", "IMAGE") or not call.fields.get("name") or len(key) != 32 or len(iv) != 16:
            return _error(400, "INVALID_REQUEST", "type, name, a key of 32 and an iv of 16 bytes are required")
        media = _Media(self.world.new_id(), account.account_id, str(kind), key, iv, self.world.now())
        media.failed = strikes(fault, "processing_failed")
        self._media[media.id] = media
        path = f"/us/v1/public_profiles/{account.number}/media/{media.id}/multipart-upload"
        return _ok({"media_id": media.id, "add_path": path, "finalize_path": path})

    def _of(self, call: Call) -> _Media | None:
        return self._media.get(call.path.split("/")[-2])

    def _add(self, call: Call) -> Answer:
        media, part, number = self._of(call), call.files.get("file"), str(call.fields.get("part_number", ""))
        if media is None or part is None or call.fields.get("action") != "ADD" or not number.isdecimal():
            return _error(400, "INVALID_REQUEST", "action=ADD, part_number and file are required")
        if int(number) != len(media.parts) + 1 or int(number) > MAX_PARTS or len(part) > PART_BYTES:
            return _error(400, "INVALID_PART", f"Part {len(media.parts) + 1} was expected, of at most 32 MB")
        media.parts.append(part)
        return _ok({})

    def _finalize(self, call: Call, fault: Fault | None) -> Answer:
        media = self._of(call)
        if media is None or not media.parts:
            return _error(400, "INVALID_REQUEST", "There is nothing to finalize")
        if not call.headers.get("content-type", "").startswith("multipart/form-data"):
            return _error(400, "INVALID_REQUEST", "Content-Type must be multipart/form-data")
        decryptor, unpadder = Cipher(algorithms.AES(media.key), modes.CBC(media.iv)).decryptor(), PKCS7(128).unpadder()
        try:
            clear = unpadder.update(decryptor.update(b"".join(media.parts)) + decryptor.finalize()) + unpadder.finalize()
        except ValueError:
            return _error(400, "DECRYPTION_FAILED", "The media cannot be decrypted with its key")
        right = clear[4:8] == b"ftyp" if media.kind == "VIDEO" else clear.startswith((b"\xff\xd8\xff", b"\x89PNG"))
        wrong = media.kind == "VIDEO" and bool(unfit_video(self.world.measure, clear))
        media.failed = media.failed or wrong or not right
        media.digest, media.parts = f"sha256:{hashlib.sha256(clear).hexdigest()}", []
        slow = strikes(fault, "slow_processing")
        seconds = self.world.slow_processing_seconds if slow else self.world.processing_seconds
        media.ready_at = self.world.now() + timedelta(seconds=seconds)
        return _ok({"media_id": media.id})

    def _publish(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        media = self._media.get(str(call.fields.get("media_id", "")))
        now, is_story = self.world.now(), call.path.endswith("/stories")
        if media is None or media.owner != account.account_id or media.ready_at is None:
            return _error(400, "MEDIA_NOT_FOUND", "media_id is unknown")
        if strikes(fault, "lapsed"):
            media.begun_at -= MEDIA_LIVES
        if media.begun_at + MEDIA_LIVES <= now:
            return _error(400, "MEDIA_EXPIRED", "The media has expired")
        if media.ready_at > now:
            return _error(400, "MEDIA_PROCESSING", "The media is being processed")
        if media.failed:
            return _error(400, "MEDIA_INVALID", "The media could not be processed")
        description = str(call.fields.get("description", ""))
        if not is_story and (media.kind != "VIDEO" or not call.fields.get("locale") or len(description) > 160):
            return _error(400, "INVALID_REQUEST", "A Spotlight is a video with a locale and a description of up to 160 characters")
        if media.used:
            return _error(400, "MEDIA_POSTING_ALREADY_IN_PROGRESS", "The media is being posted")
        media.used = True
        made = _Spotlight(self.world.new_id(), account.account_id, description, now)
        url = f"https://www.snapchat.com/@{account.username}" if is_story else f"https://www.snapchat.com/spotlight/{made.id}"
        if not is_story:
            self._spotlights.append(made)
        self.world.accept(
            Entry(self.name, account.account_id, made.id, url, "" if is_story else description, (media.digest,), now),
            {"locale": call.fields.get("locale"), "edge": "stories" if is_story else "spotlights"},
        )
        return _ok({}, request_id=made.id) if is_story else _ok({"spotlight_id": made.id})

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        own = [s for s in self._spotlights if s.owner == account.account_id and s.at <= visible]
        shown = [
            {
                "spotlight": {
                    "id": s.id,
                    "profile_id": account.number,
                    "status": "LIVE",
                    "created_at": s.at.isoformat().replace("+00:00", "Z"),
                    "caption": s.caption,
                }
            }
            for s in reversed(own)
        ]
        return _ok({"spotlights": shown[: int(call.query.get("limit", "20"))]})

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _error(401, "UNAUTHORIZED", "The access token is invalid")
            case "rate_limit":
                return Answer(429, _error(429, "RATE_LIMITED", "Too many requests").body, {"Retry-After": "3"})
            case "server_error":
                return _error(500, "INTERNAL", "Internal error")
            case "reject" | "duplicate":
                return _error(400, "CONTENT_REJECTED", "The content was rejected")
            case _:
                return _error(404, "NOT_FOUND", "Not found")


def _ok(body: dict[str, Any], *, request_id: str = "sandbox") -> Answer:
    return Answer(200, {"request_id": request_id, "request_status": "SUCCESS", **body})


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(
        status,
        {
            "request_id": "sandbox",
            "request_status": "ERROR",
            "error_code": code,
            "display_message": message,
            "debug_message": message,
        },
    )


SANDBOX = Snapchat
