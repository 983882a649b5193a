"""Facebook Pages: posts, photos, videos, reels and stories, as the Graph API takes them. Any account name is a page."""

import re
from datetime import timedelta
from typing import Any, ClassVar

from emulator.sandbox import graph
from emulator.sandbox.accounts import SandboxAccount
from emulator.sandbox.facebook_media import Photo, Story, Videos
from emulator.sandbox.faults import Fault
from emulator.sandbox.graph import JPEG, PNG, error, pulled
from emulator.sandbox.oauth import CLIENT_SECRET, AuthorizationServer, Dialect, WithOAuth, client_id_of
from emulator.sandbox.platform import Answer, Call, Entry, World

PHOTO_BYTES = 10 << 20
_OAUTH = Dialect(
    "Facebook",
    timedelta(days=60),
    refreshable=False,
    scope_separator=",",
    scopes=frozenset({"pages_show_list", "pages_manage_posts", "pages_read_engagement", "business_management"}),
)
_EDGES = {
    ("POST", "feed"): "publish",
    ("POST", "photos"): "photos",
    ("POST", "videos"): "publish",
    ("POST", "photo_stories"): "publish",
    ("GET", "published_posts"): "list_posts",
    ("GET", "videos"): "list_videos",
    ("GET", "stories"): "list_stories",
    ("GET", ""): "video_status",
}
_PERSONS = {"oauth/access_token": "token", "me/accounts": "accounts", "me/permissions": "permissions"}


class Facebook(WithOAuth):
    name = "facebook"
    steps = (
        "publish", "photos", "start_upload", "upload", "video_status", "list_posts", "list_videos", "list_stories",
        "token", "accounts", "permissions", "authorize",
    )  # fmt: skip
    affected: ClassVar = {"slow_processing": ("start_upload", "publish"), "processing_failed": ("start_upload", "publish")}
    dialect = _OAUTH
    hosts = ("graph.facebook.com", "rupload.facebook.com", "www.facebook.com")
    open_steps = frozenset({"authorize", "token", "accounts", "permissions"})

    def __init__(self, world: World) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, _OAUTH)
        self._posts: list[dict[str, Any]] = []
        self._photos: dict[str, Photo] = {}
        self._stories: list[Story] = []
        self._videos = Videos(world)

    def route(self, call: Call) -> str | None:
        version, _, path = call.path.lstrip("/").partition("/")
        if call.host == "rupload.facebook.com":
            return "upload" if call.method == "POST" and re.fullmatch(r"/video-upload/v\d+\.\d+/\d+", call.path) else None
        if not re.fullmatch(r"v\d+\.\d+", version):
            return None
        if call.host == "www.facebook.com":
            return "authorize" if path == "dialog/oauth" else None
        if path in _PERSONS:
            return _PERSONS[path]
        node, _, edge = path.partition("/")
        if edge in ("video_reels", "video_stories") and call.method == "POST":
            phase = {**call.query, **call.fields}.get("upload_phase")
            return {"start": "start_upload", "finish": "publish"}.get(str(phase))
        return _EDGES.get((call.method, edge)) if re.fullmatch(r"\d+(_\d+)?", node) else None

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        match step:
            case "authorize":
                return self.oauth.authorize(call)
            case "token":
                return self._token(call)
            case "permissions":
                return self._permissions(call)
            case _:
                return self._pages(call)

    def _token(self, call: Call) -> Answer:
        if call.query.get("client_id") != client_id_of(self.name) or call.query.get("client_secret") != CLIENT_SECRET:
            return error(1, 0, "Error validating client secret.")
        if call.query.get("grant_type") == "fb_exchange_token":
            account = self.world.account_of(call.query.get("fb_exchange_token", ""), self.name)
        else:
            grant = self.oauth.use_code(call)
            account = None if isinstance(grant, Answer) else grant.account
            if not isinstance(grant, Answer):
                self.oauth.agreed(grant.account, grant.scope)
        if account is None:
            return error(100, 36009, "This authorization code has been used, or the token is no good")
        return Answer(200, self.oauth.issue(account))

    def _permissions(self, call: Call) -> Answer:
        account = self.world.account_of(call.token, self.name)
        if account is None:
            return graph.failure("unauthorized")
        agreed = self.oauth.scopes_of(account)
        asked = sorted(_OAUTH.scopes)
        shown = [{"permission": scope, "status": "granted" if scope in agreed else "declined"} for scope in asked]
        return Answer(200, {"data": shown})

    def _pages(self, call: Call) -> Answer:
        """A person who typed `a, b` on the consent page administers two pages."""
        account = self.world.account_of(call.token, self.name)
        if account is None:
            return graph.failure("unauthorized")
        names = [name.strip() for name in account.account_id.split(",") if name.strip()]
        pages = [SandboxAccount(self.name, name) for name in names]
        shown = [{"id": page.user_id, "name": page.account_id, "access_token": page.access_token} for page in pages]
        return Answer(200, {"data": shown, "paging": {"cursors": {"before": "0", "after": "0"}}})

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        if call.host == "rupload.facebook.com":
            return self._videos.upload(call, account)
        node, _, edge = call.path.lstrip("/").partition("/")[2].partition("/")
        given = {**call.query, **call.fields}
        if step == "video_status":
            return self._node(node, account)
        if node != account.user_id:
            return error(100, 33, f"Unsupported request. Object with ID '{node}' does not exist")
        match edge, step:
            case "feed", _:
                return self._feed(given, account)
            case "photos", _:
                return self._photo(given, account)
            case "videos", "publish":
                return self._videos.pull(given, account, fault)
            case (("video_reels" | "video_stories"), "start_upload"):
                return self._videos.start(edge, account, fault)
            case "video_reels", _:
                return self._videos.finish(given, account, fault)
            case "photo_stories", _:
                photo = self._photos.get(str(given.get("photo_id", "")))
                if photo is None or photo.owner != account.account_id or photo.used:
                    return error(100, 0, "Param photo_id must be of an unpublished photo of the page")
                photo.used = True
                return self._story(photo.id, photo.digest, account)
            case "video_stories", _:
                ready = self._videos.story(given, account)
                return ready if isinstance(ready, Answer) else self._story(ready.id, ready.digest, account)
            case _:
                return self._list(edge, call, account)

    def _feed(self, given: dict[str, Any], account: SandboxAccount) -> Answer:
        message, link = str(given.get("message", "")), str(given.get("link", ""))
        named = [str(given[name]) for name in sorted(given) if name.startswith("attached_media[")]
        ids = [found[1] for found in (re.search(r'"media_fbid":\s*"(\d+)"', text) for text in named) if found]
        photos = [self._photos.get(photo_id) for photo_id in ids]
        if len(ids) < len(named) or any(p is None or p.owner != account.account_id or p.used for p in photos):
            return error(100, 1366051, "These photos were already posted, or do not exist")
        if not (message or link or photos):
            return error(100, 0, "(#100) The post is empty. Please enter a message to share.")
        if len(message) > 63206 or (link and photos):
            return error(100, 0, "(#100) The message is too long, or a link stands beside photos")
        own = [post for post in self._posts if post["owner"] == account.account_id]
        if own and not photos and own[-1]["message"] == message and own[-1]["link"] == link:
            return graph.failure("duplicate")
        used = [photo for photo in photos if photo is not None]
        for photo in used:
            photo.used = True
        post_id = f"{account.user_id}_{self.world.new_id()}"
        url = f"https://www.facebook.com/{account.user_id}/posts/{post_id.partition('_')[2]}"
        now = self.world.now()
        self._posts.append(
            {"id": post_id, "owner": account.account_id, "message": message, "link": link, "photos": ids, "url": url, "at": now}
        )
        digests = tuple(photo.digest for photo in used)
        self.world.accept(Entry(self.name, account.account_id, post_id, url, message, digests, now), {"link": link})
        return Answer(200, {"id": post_id, "permalink_url": url} if "fields" in given else {"id": post_id})

    def _photo(self, given: dict[str, Any], account: SandboxAccount) -> Answer:
        digest = pulled(self.world, str(given.get("url", "")), (JPEG, PNG), PHOTO_BYTES)
        if digest is None:
            return error(324, 1366046, "Your photos couldn't be uploaded. Photos should be less than 4 MB and saved as JPG or PNG.")
        if given.get("published") != "false":
            return error(100, 0, "This sandbox takes photos only to attach them later")
        photo = Photo(self.world.new_id(), account.account_id, digest)
        self._photos[photo.id] = photo
        return Answer(200, {"id": photo.id})

    def _story(self, media_id: str, digest: str, account: SandboxAccount) -> Answer:
        story = Story(self.world.new_id(), media_id, account.account_id, self.world.now())
        self._stories.append(story)
        url = f"https://www.facebook.com/{story.id}"
        self.world.accept(Entry(self.name, account.account_id, story.id, url, "", (digest,), story.at), {"edge": "stories"})
        return Answer(200, {"success": True, "post_id": story.id})

    def _node(self, node: str, account: SandboxAccount) -> Answer:
        post = next((post for post in self._posts if post["id"] == node), None)
        if post is not None:
            return Answer(200, {"id": node, "permalink_url": post["url"]})
        return Answer(200, {"id": node}) if node == account.user_id else self._videos.status(node, account)

    def _list(self, edge: str, call: Call, account: SandboxAccount) -> Answer:
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        match edge:
            case "published_posts":
                shown = [_shown(p) for p in self._posts if p["owner"] == account.account_id and p["at"] <= visible]
            case "videos":
                shown = self._videos.listed(account, visible)
            case _:
                shown = [
                    {"post_id": s.id, "media_id": s.media_id, "creation_time": int(s.at.timestamp()), "status": "published"}
                    for s in self._stories
                    if s.owner == account.account_id and s.at <= visible
                ]
        first, number = int(call.query.get("after") or 0), int(call.query.get("limit", "25"))
        page = shown[::-1][first : first + number]
        paging: dict[str, Any] = {"cursors": {"after": str(first + number)}}
        if len(shown) > first + number:
            paging["next"] = "https://graph.facebook.com/next"
        return Answer(200, {"data": page, "paging": paging})

    def failure(self, kind: str) -> Answer:
        return graph.failure(kind)

    def failure_at(self, step: str, kind: str) -> Answer:
        return graph.failure(kind)


def _shown(post: dict[str, Any]) -> dict[str, Any]:
    shown = {"id": post["id"], "permalink_url": post["url"], "created_time": post["at"].strftime("%Y-%m-%dT%H:%M:%S+0000")}
    if post["message"]:
        shown["message"] = post["message"]
    targets = [{"target": {"id": photo}} for photo in post["photos"]]
    if len(targets) == 1:
        shown["attachments"] = {"data": targets}
    elif targets:
        shown["attachments"] = {"data": [{"target": {"id": post["id"]}, "subattachments": {"data": targets}}]}
    return shown


SANDBOX = Facebook
