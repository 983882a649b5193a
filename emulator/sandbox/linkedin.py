"""LinkedIn's versioned REST interface: images, videos in parts with ETags, posts whose id is a header, and no copies."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import unquote

from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.files import unfit_video
from emulator.sandbox.oauth import AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World

PART_BYTES = 4 << 20
DUPLICATES_WITHIN = timedelta(hours=24)
# What "little text" takes for markup; a hashtag is one that is meant.
_UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[|{}@\[\]()<>*_~]")
_ROUTES = (
    ("POST", r"/rest/posts", "publish"),
    ("GET", r"/rest/posts", "list_posts"),
    ("POST", r"/rest/images", "initialize"),
    ("POST", r"/rest/videos", "video"),
    ("GET", r"/rest/(images|videos)/[^/]+", "status"),
    ("POST", r"/rest/socialActions/[^/]+/comments", "comment"),
    ("GET", r"/rest/socialActions/[^/]+/comments", "list_comments"),
    ("GET", r"/rest/organizationAcls", "organisations"),
    ("GET", r"/rest/organizations/\d+", "organisation"),
    ("GET", r"/v2/userinfo", "me"),
)
# With the product for organisations.
ORGANISATIONS = ("w_organization_social", "r_organization_social", "r_organization_admin")
_OAUTH = Dialect(
    "LinkedIn",
    timedelta(days=60),
    refreshable=True,
    scopes=frozenset({"openid", "profile", "w_member_social", *ORGANISATIONS}),
    extra=lambda _: {"refresh_token_expires_in": 31536000},
)


@dataclass
class _Media:
    urn: str
    owner: str
    what: str
    size: int = 0
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    digest: str = ""
    ready_at: datetime | None = None
    failed: bool = False
    slow: bool = False


@dataclass(frozen=True)
class _Post:
    urn: str
    owner: str
    body: dict[str, Any]
    at: datetime


class LinkedIn(WithOAuth):
    name = "linkedin"
    steps = (
        "publish", "initialize", "image_bytes", "part", "finalize", "status", "list_posts", "comment", "list_comments", "me",
        "organisations", "organisation", "token", "revoke", "authorize",
    )  # fmt: skip
    affected: ClassVar = {"slow_processing": ("initialize", "finalize"), "processing_failed": ("initialize", "finalize")}
    dialect = _OAUTH
    app_scopes = ("openid", "profile", "w_member_social", *ORGANISATIONS)
    hosts = ("api.linkedin.com", "www.linkedin.com")
    open_steps = frozenset({"authorize", "token", "revoke", "part"})

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._media: dict[str, _Media] = {}
        self._posts: list[_Post] = []

    def route(self, call: Call) -> str | None:
        if call.host == "www.linkedin.com":
            if call.method == "PUT" and call.path.startswith("/dms-uploads/"):
                return "image_bytes" if "/image/" in call.path else "part"
            paths = {"/oauth/v2/authorization": "authorize", "/oauth/v2/accessToken": "token", "/oauth/v2/revoke": "revoke"}
            return paths.get(call.path)
        for method, pattern, step in _ROUTES:
            if call.method == method and re.fullmatch(pattern, call.path):
                if step == "video":
                    return {"initializeUpload": "initialize", "finalizeUpload": "finalize"}.get(call.query.get("action", ""))
                return step
        return None

    def account_in(self, step: str, call: Call) -> SandboxAccount | None:
        media = self._media.get(call.query.get("urn", ""))
        return SandboxAccount(self.name, media.owner) if media else super().account_in(step, call)

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        return self._part(call) if step == "part" else super().open_answer(step, call, fault)

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        if call.path.startswith("/rest/"):
            version = call.headers.get("linkedin-version", "")
            if not version:
                return _error(400, "VERSION_MISSING", "A version must be present. Please specify a version.")
            if not self._serves(version):
                return _error(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")
            if call.headers.get("x-restli-protocol-version") != "2.0.0":
                return _error(400, "INVALID_PROTOCOL", "X-Restli-Protocol-Version must be 2.0.0")
        match step:
            case "initialize":
                return self._initialize(call, account, fault)
            case "image_bytes":
                return self._image(call, account)
            case "finalize":
                return self._finalize(call, account, fault)
            case "status":
                return self._status(call, account)
            case "publish":
                return self._publish(call, account)
            case "list_posts":
                return self._list(call, account)
            case "comment" | "list_comments":
                return self._comment(call, account) if call.method == "POST" else self._comments(call, account)
            case _:
                return self._who(step, call, account)

    def _who(self, step: str, call: Call, account: SandboxAccount) -> Answer:
        """A person who typed `ada, org_acme` on the consent page administers the organisation."""
        organisations = _organisations_of(account)
        match step:
            case "me":
                return Answer(200, {"sub": account.number, "name": account.username})
            case "organisations":
                if self.oauth.scopes_of(account).isdisjoint({"r_organization_admin", "rw_organization_admin"}):
                    return _error(403, "ACCESS_DENIED", "Not enough permissions to access: organizationAcls.FINDER-roleAssignee")
                shown = [{"organization": o.user_id, "role": "ADMINISTRATOR", "state": "APPROVED"} for o in organisations]
                start, count = int(call.query.get("start", "0")), int(call.query.get("count", "10"))
                return Answer(200, {"elements": shown[start : start + count]})
            case _:
                number = call.path.rpartition("/")[2]
                found = next((o for o in organisations if o.number == number), None)
                return Answer(200, {"localizedName": found.account_id}) if found else self.failure("not_found")

    def _initialize(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        what = "image" if call.path.endswith("images") else "video"
        wanted = call.fields.get("initializeUploadRequest") or {}
        owner = _speaker(wanted.get("owner"), account)
        if call.query.get("action") != "initializeUpload" or owner is None:
            return _error(403, "ACCESS_DENIED", "The owner is not the authenticated member or an organisation of theirs")
        media = _Media(f"urn:li:{what}:C4{self.world.new_id()}", owner.account_id, what)
        media.slow = strikes(fault, "slow_processing")
        media.failed = strikes(fault, "processing_failed")
        self._media[media.urn] = media
        base = f"{self.world.base_url}/www.linkedin.com/dms-uploads/{what}/{media.urn.rpartition(':')[2]}"
        if what == "image":
            return Answer(200, {"value": {"uploadUrl": f"{base}?urn={media.urn}", "image": media.urn}})
        size = wanted.get("fileSizeBytes")
        if not isinstance(size, int) or not 75_000 <= size <= 500 << 20:
            return _error(400, "INVALID_FILE_SIZE", "fileSizeBytes must be between 75 kB and 500 MB")
        media.size = size
        parts = [
            {"uploadUrl": f"{base}?urn={media.urn}&part={n}", "firstByte": first, "lastByte": min(first + PART_BYTES, size) - 1}
            for n, first in enumerate(range(0, size, PART_BYTES))
        ]
        return Answer(200, {"value": {"video": media.urn, "uploadToken": "", "uploadInstructions": parts}})

    def _image(self, call: Call, account: SandboxAccount) -> Answer:
        media = self._media.get(call.query.get("urn", ""))
        if media is None or not _speaks_for(media.owner, account):
            return _error(404, "NOT_FOUND", "The upload is unknown")
        right = call.body.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8"))
        media.failed = media.failed or not right
        self._process(media, call.body)
        return Answer(201)

    def _part(self, call: Call) -> Answer:
        media = self._media.get(call.query.get("urn", ""))
        number = call.query.get("part", "")
        if media is None or not number.isdecimal():
            return _error(404, "NOT_FOUND", "The upload is unknown")
        first = int(number) * PART_BYTES
        if len(call.body) != min(first + PART_BYTES, media.size) - first:
            return _error(400, "INVALID_PART", "The part has not the size that was asked for")
        etag = hashlib.md5(call.body).hexdigest()
        media.parts[int(number)] = (etag, call.body)
        return Answer(200, headers={"ETag": f'"{etag}"'})

    def _finalize(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        wanted = call.fields.get("finalizeUploadRequest") or {}
        media = self._media.get(str(wanted.get("video", "")))
        if media is None or not _speaks_for(media.owner, account) or "uploadToken" not in wanted:
            return _error(400, "INVALID_VIDEO_ID", "video and uploadToken are required")
        if wanted.get("uploadedPartIds") != [media.parts[n][0] for n in sorted(media.parts)] or not media.parts:
            return _error(400, "INVALID_PART_IDS", "uploadedPartIds are not the ETags of the parts, in order")
        content = b"".join(media.parts[n][1] for n in sorted(media.parts))
        if len(content) != media.size:
            return _error(400, "INCOMPLETE", "Parts are missing")
        wrong = content[4:8] != b"ftyp" or bool(unfit_video(self.world.measure, content))
        media.failed = media.failed or wrong or strikes(fault, "processing_failed")
        media.slow = media.slow or strikes(fault, "slow_processing")
        self._process(media, content)
        media.parts.clear()
        return Answer(200)

    def _process(self, media: _Media, content: bytes) -> None:
        media.digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        seconds = self.world.slow_processing_seconds if media.slow else self.world.processing_seconds
        media.ready_at = self.world.now() + timedelta(seconds=seconds)

    def _serves(self, version: str) -> bool:
        """Versions are months, and live for a year; of virtual clocks, some stand before the newest one."""
        if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version):
            return False
        now = self.world.now()
        return abs(int(version[:4]) * 12 + int(version[4:]) - now.year * 12 - now.month) <= 12

    def _status(self, call: Call, account: SandboxAccount) -> Answer:
        media = self._media.get(unquote(call.path.rpartition("/")[2]))
        if media is None or not _speaks_for(media.owner, account):
            return _error(404, "NOT_FOUND", "The media is unknown")
        if media.what == "image" and not SandboxAccount(self.name, media.owner).is_organisation:
            return _error(403, "ACCESS_DENIED", "Not enough permissions to access: images.GET")
        if media.ready_at is None:
            return Answer(200, {"status": "WAITING_UPLOAD", "id": media.urn})
        if media.ready_at > self.world.now():
            return Answer(200, {"status": "PROCESSING", "id": media.urn})
        if media.failed:
            return Answer(200, {"status": "PROCESSING_FAILED", "processingFailureReason": "UNSUPPORTED_FORMAT", "id": media.urn})
        return Answer(200, {"status": "AVAILABLE", "id": media.urn})

    def _publish(self, call: Call, account: SandboxAccount) -> Answer:
        body = dict(call.fields)
        required = {"author", "commentary", "visibility", "distribution", "lifecycleState", "isReshareDisabledByAuthor"}
        if missing := required - set(body):
            return _error(422, "MISSING_REQUIRED_FIELD_FOR_DSC", f"missing: {sorted(missing)}")
        author = _speaker(body["author"], account)
        if author is None:
            return _error(403, "ACCESS_DENIED", "Field Value validation failed in REQUEST_BODY: author")
        if len(_plain(str(body["commentary"]))) > 3000:
            return _error(422, "FIELD_LENGTH_TOO_LONG", "commentary: length exceeds 3000 characters")
        if body["visibility"] not in ("PUBLIC", "CONNECTIONS") or body["lifecycleState"] != "PUBLISHED":
            return _error(422, "INVALID_VALUE_FOR_FIELD", "visibility or lifecycleState is invalid")
        media = self._attached(body, author)
        if isinstance(media, Answer):
            return media
        if not media and not body["commentary"]:
            return _error(422, "MISSING_FIELD", "commentary is empty, and there is no content")
        now = self.world.now()
        known = now - timedelta(seconds=self.world.copy_lag_seconds)
        alike = (p for p in self._posts if p.owner == author.account_id and p.body == body)
        twin = next((p for p in alike if now - DUPLICATES_WITHIN < p.at <= known), None)
        if twin is not None:
            return _duplicate(twin.urn)
        # As LinkedIn's own: milliseconds, then bits that tell posts apart.
        number = (int(now.timestamp() * 1000) << 22) + int(self.world.new_id()) % (1 << 22)
        post = _Post(f"urn:li:share:{number}", author.account_id, body, now)
        self._posts.append(post)
        url = f"https://www.linkedin.com/feed/update/{post.urn}/"
        digests = tuple(m.digest for m in media)
        text = _plain(str(body["commentary"]))
        self.world.accept(
            Entry(self.name, author.account_id, post.urn, url, text, digests, now),
            {"visibility": body["visibility"], "content": body.get("content")},
        )
        return Answer(201, headers={"x-restli-id": post.urn})

    def _attached(self, body: dict[str, Any], author: SandboxAccount) -> list[_Media] | Answer:
        content: dict[str, Any] = body.get("content") or {}
        several = "multiImage" in content
        named = content["multiImage"].get("images", []) if several else [content["media"]] if "media" in content else []
        media = [self._media.get(str(one.get("id"))) for one in named]
        if any(m is None or m.owner != author.account_id or m.ready_at is None for m in media):
            return _error(400, "INVALID_URN_ID", "A media URN is unknown or was not uploaded")
        if several and not 2 <= len(media) <= 20:
            return _error(422, "INVALID_COUNT", "multiImage takes 2 to 20 images")
        return [m for m in media if m is not None]

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        author = _speaker(call.query.get("author"), account)
        if author is None or not author.is_organisation:
            return _error(403, "ACCESS_DENIED", "Not enough permissions to access: posts.FINDER-author")
        if call.query.get("q") != "author":
            return _error(400, "ILLEGAL_ARGUMENT", "q=author and author are required")
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        own = [post for post in self._posts if post.owner == author.account_id and post.at <= visible]
        shown = [{**post.body, "id": post.urn, "createdAt": int(post.at.timestamp() * 1000)} for post in reversed(own)]
        return Answer(200, {"elements": shown[: int(call.query.get("count", "10"))]})

    def _comment(self, call: Call, account: SandboxAccount) -> Answer:
        urn = unquote(call.path.split("/")[3])
        text = (call.fields.get("message") or {}).get("text")
        post = next((p for p in self._posts if p.urn == urn), None)
        actor = _speaker(call.fields.get("actor"), account)
        if post is None or not text or actor is None or call.fields.get("object") != urn:
            return _error(400, "INVALID_COMMENT", "actor, object and message.text are required")
        comment = f"urn:li:comment:({urn},{self.world.new_id()})"
        url = f"https://www.linkedin.com/feed/update/{urn}/"
        self.world.accept(Entry(self.name, actor.account_id, comment, url, str(text), (), self.world.now(), "comment"), parent=urn)
        return Answer(201, {"id": comment}, headers={"x-restli-id": comment})

    def _comments(self, call: Call, account: SandboxAccount) -> Answer:
        urn = unquote(call.path.split("/")[3])
        post = next((p for p in self._posts if p.urn == urn), None)
        if post is None or not SandboxAccount(self.name, post.owner).is_organisation or not _speaks_for(post.owner, account):
            return _error(403, "ACCESS_DENIED", "Not enough permissions to access: socialActions.comments.GET_ALL")
        url = f"https://www.linkedin.com/feed/update/{urn}/"
        made = [e for e in self.world.ledger if e.kind == "comment" and e.platform == self.name and e.url == url]
        elements = [
            {"commentUrn": e.id, "actor": SandboxAccount(self.name, e.account_id).user_id, "message": {"text": e.text}}
            for e in made
        ]
        start, count = int(call.query.get("start", "0")), int(call.query.get("count", "10"))
        return Answer(200, {"elements": elements[start : start + count], "paging": {"start": start, "count": count}})

    def failure(self, kind: str) -> Answer:
        match kind:
            case "unauthorized":
                return _error(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", service=65601)
            case "rate_limit":
                return Answer(
                    429, {"status": 429, "message": "Resource level throttle limit for calls is reached"}, {"Retry-After": "3"}
                )
            case "server_error":
                return _error(500, "INTERNAL", "Internal Server Error")
            case "duplicate":
                return _duplicate("urn:li:share:7141138937766391808")
            case "reject":
                return _error(422, "CONTENT_REJECTED", "The content does not comply with the policies")
            case _:
                return _error(404, "RESOURCE_NOT_FOUND", "No virtual resource found")


def _organisations_of(account: SandboxAccount) -> list[SandboxAccount]:
    names = [name.strip() for name in account.account_id.split(",")]
    return [SandboxAccount(account.platform, name) for name in names if name.startswith("org")]


def _speaker(urn: object, account: SandboxAccount) -> SandboxAccount | None:
    """Whom the URN names, if the token's owner may speak for them: the person, or an organisation that the person administers."""
    return next((one for one in (account, *_organisations_of(account)) if one.user_id == urn), None)


def _speaks_for(name: str, account: SandboxAccount) -> bool:
    return _speaker(SandboxAccount(account.platform, name).user_id, account) is not None


def _plain(commentary: str) -> str:
    """As it is shown: from the first sign of markup on that is not escaped, LinkedIn drops the rest without a word."""
    shown = _UNESCAPED.split(commentary, maxsplit=1)[0] if _UNESCAPED.search(commentary) else commentary
    return re.sub(r"\\(.)", r"\1", shown)


def _error(status: int, code: str, message: str, *, service: int = 100) -> Answer:
    return Answer(status, {"status": status, "serviceErrorCode": service, "code": code, "message": message})


def _duplicate(urn: str) -> Answer:
    inner = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    return Answer(
        422,
        {
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": f"Content is a duplicate of {urn}",
            "errorDetails": {"inputErrors": [inner]},
            "status": 422,
        },
    )


SANDBOX = LinkedIn
