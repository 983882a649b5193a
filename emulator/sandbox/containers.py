"""Instagram and Threads, as far as they are alike: containers, quotas, listings, permalinks, and tokens that renew themselves."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from emulator.sandbox import graph
from emulator.sandbox.accounts import SandboxAccount, read_token
from emulator.sandbox.faults import Fault, strikes
from emulator.sandbox.graph import Container, Media, error, state_of
from emulator.sandbox.oauth import CLIENT_SECRET, AuthorizationServer, Dialect, WithOAuth
from emulator.sandbox.platform import Answer, Call, Entry, World


@dataclass(frozen=True)
class Words:
    """What the platform calls things. `edge` is where its things are listed and made (media, threads)."""

    version: str
    create: str
    publish: str
    quota: str
    edges: tuple[str, ...]
    text_field: str
    status_field: str
    detail_field: str
    id_field: str
    prefix: str
    posts_a_day: int
    max_items: int


class ContainerPlatform(WithOAuth):
    """`Instagram` and `Threads` say what a container may be made of, and what an address looks like."""

    words: Words
    hosts: tuple[str, ...]
    token_hosts: tuple[str, ...]
    open_steps = frozenset({"authorize", "token", "exchange", "refresh", "me"})
    affected: ClassVar = {
        "slow_processing": ("create_container",),
        "processing_failed": ("create_container",),
        "lapsed": ("container_status", "publish"),
    }

    def __init__(self, world: World, dialect: Dialect) -> None:
        self.world = world
        self.oauth = AuthorizationServer(world, self.name, dialect)
        self._containers: dict[str, Container] = {}
        self._media: dict[str, Media] = {}

    def container_of(self, given: dict[str, Any], account: SandboxAccount) -> tuple[str, tuple[str, ...]] | Answer:
        """Its kind and the digests of its files; or the refusal."""
        raise NotImplementedError

    def permalink_of(self, media_id: str, kind: str, account: SandboxAccount) -> str:
        raise NotImplementedError

    def failed_detail(self) -> str:
        raise NotImplementedError

    def not_ready(self, state: str) -> Answer:
        raise NotImplementedError

    def route(self, call: Call) -> str | None:
        if call.host not in self.token_hosts:
            return "authorize" if call.path == "/oauth/authorize" and call.method == "GET" else None
        match call.method, call.path:
            case "POST", "/oauth/access_token":
                return "token"
            case "GET", "/access_token":
                return "exchange"
            case "GET", "/refresh_access_token":
                return "refresh"
            case _:
                pass
        version, _, path = call.path.lstrip("/").partition("/")
        owner, _, edge = path.partition("/")
        if not re.fullmatch(self.words.version, version):
            return None
        if owner == "me" and not edge and call.method == "GET":
            return "me"
        return self._edge(call.method, owner, edge) if owner.isdecimal() else None

    def _edge(self, method: str, owner: str, edge: str) -> str | None:
        w = self.words
        match method, edge:
            case "POST", w.create:
                return "create_container"
            case "POST", w.publish:
                return "publish"
            case "POST", "comments" if owner in self._media:
                return "comment"
            case "GET", "comments" if owner in self._media:
                return "list_comments"
            case "GET", w.quota:
                return "publishing_limit"
            case "GET", edge if edge in w.edges:
                return "list_media"
            case "GET", "":
                return "permalink" if owner in self._media else "container_status"
            case _:
                return None

    def open_answer(self, step: str, call: Call, fault: Fault | None) -> Answer:
        match step:
            case "authorize":
                return self.oauth.authorize(call)
            case "token":
                return self._code(call)
            case "me":
                account = self.world.account_of(call.token, self.name)
                if account is None:
                    return graph.failure("unauthorized")
                return Answer(200, {self.words.id_field: account.user_id, "username": account.username, "id": account.user_id})
            case _:
                return self._renew(step, call)

    def _code(self, call: Call) -> Answer:
        if call.fields.get("client_secret") != CLIENT_SECRET or call.fields.get("grant_type") != "authorization_code":
            return error(101, 0, "Error validating client secret.")
        grant = self.oauth.use_code(call)
        if isinstance(grant, Answer):
            return error(100, 0, "This authorization code has been used, or was not found")
        # An hour's token, as a string that is none of ours to publish with for long.
        short = grant.account.access_token_of(0, self.world.now() + timedelta(hours=1))
        self.oauth.agreed(grant.account, grant.scope)
        # Instagram says what was granted; Threads does not.
        told = {"permissions": grant.scope} if self.words.prefix == "ig" else {}
        return Answer(200, {"access_token": short, "user_id": int(grant.account.number), **told})

    def _renew(self, step: str, call: Call) -> Answer:
        kind = "exchange" if step == "exchange" else "refresh"
        if call.query.get("grant_type") != f"{self.words.prefix}_{kind}_token":
            return error(100, 0, "Invalid grant_type")
        token = read_token(call.query.get("access_token", ""), self.name)
        account = self.world.account_of(call.query.get("access_token", ""), self.name)
        if token is None or account is None:
            return graph.failure("unauthorized")
        if step == "exchange" and call.query.get("client_secret") != CLIENT_SECRET:
            return error(101, 0, "Error validating client secret.")
        if step == "refresh" and self.oauth.is_too_young(token.until):
            return error(10, 0, "The access token is younger than 24 hours")
        return Answer(200, self.oauth.issue(account))

    def answer(self, step: str, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        node = call.path.lstrip("/").split("/")[1]
        match step:
            case "container_status":
                return self._status(node, account, fault)
            case "permalink":
                return self._permalink(node, account)
            case "comment":
                return self._comment(node, call, account)
            case "list_comments":
                return self._comments(node, account)
            case _ if node != account.user_id:
                return error(100, 33, f"Unsupported request. Object with ID '{node}' does not exist")
            case "create_container":
                return self._create(call, account, fault)
            case "publish":
                return self._publish(call, account, fault)
            case "list_media":
                return self._list(call, account)
            case _:
                config = {"quota_total": self.words.posts_a_day, "quota_duration": 86400}
                return Answer(200, {"data": [{"quota_usage": self._posts_today(account), "config": config}]})

    def failure(self, kind: str) -> Answer:
        return graph.failure(kind)

    def failure_at(self, step: str, kind: str) -> Answer:
        return graph.failure(kind)

    def _create(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        given = {**call.query, **call.fields}
        made = self.container_of(given, account)
        if isinstance(made, Answer):
            return made
        kind, media = made
        is_video = "video_url" in given
        container = Container(
            self.world.new_id(),
            account.account_id,
            kind,
            str(given.get(self.words.text_field, "")),
            media,
            self.world.now(),
            self.world.now() + timedelta(seconds=graph.processing_seconds(self.world, fault, is_video=is_video)),
            carousel_item=given.get("is_carousel_item") == "true",
            options={name: value for name, value in given.items() if name not in ("access_token", self.words.text_field)},
        )
        if strikes(fault, "processing_failed"):
            container.error = self.failed_detail()
        self._containers[container.id] = container
        return Answer(200, {"id": container.id})

    def children_of(self, given: dict[str, Any], account: SandboxAccount) -> tuple[str, ...] | None:
        """The digests of a carousel's finished items, or None where they are not."""
        children = [self._containers.get(child) for child in str(given.get("children", "")).split(",")]
        now = self.world.now()
        ready = [c for c in children if c and c.owner == account.account_id and c.carousel_item and state_of(c, now) == "FINISHED"]
        if len(ready) < len(children) or not 2 <= len(children) <= self.words.max_items:
            return None
        return tuple(digest for child in ready for digest in child.media)

    def _status(self, node: str, account: SandboxAccount, fault: Fault | None) -> Answer:
        container = self._containers.get(node)
        if container is None or container.owner != account.account_id:
            return error(100, 33, f"Unsupported get request. Object with ID '{node}' does not exist")
        if strikes(fault, "lapsed"):
            container.created_at -= graph.CONTAINER_LIVES
        state = self._shown_state(container)
        detail = container.error if state == "ERROR" else f"{state.capitalize()}: Media has been processed"
        shown = {self.words.status_field: state, "id": container.id}
        if self.words.detail_field == "status" or state == "ERROR":
            shown[self.words.detail_field] = detail or ""
        return Answer(200, shown)

    def _shown_state(self, container: Container) -> str:
        now, lag = self.world.now(), timedelta(seconds=self.world.status_lag_seconds)
        if container.published_at is not None and container.published_at > now - lag:
            return "FINISHED"
        return state_of(container, now)

    def _publish(self, call: Call, account: SandboxAccount, fault: Fault | None) -> Answer:
        container = self._containers.get(str({**call.query, **call.fields}.get("creation_id", "")))
        if container is None or container.owner != account.account_id or container.carousel_item:
            return self.not_ready("missing")
        if strikes(fault, "lapsed"):
            container.created_at -= graph.CONTAINER_LIVES
        state = state_of(container, self.world.now())
        if state != "FINISHED":
            return self.not_ready(state)
        if self._posts_today(account) >= self.words.posts_a_day:
            return error(9, 2207042, "You reached the maximum number of posts that may be published by API")
        container.published_at = self.world.now()
        media_id = self.world.new_id()
        url = self.permalink_of(media_id, container.kind, account)
        posted = Media(media_id, account.account_id, container.kind, container.text, url, self.world.now())
        self._media[media_id] = posted
        self.world.accept(
            Entry(self.name, account.account_id, media_id, url, container.text, container.media, posted.posted_at),
            container.options,
        )
        return Answer(200, {"id": media_id})

    def _comment(self, node: str, call: Call, account: SandboxAccount) -> Answer:
        media, message = self._media[node], str({**call.query, **call.fields}.get("message", ""))
        if media.owner != account.account_id or not message:
            return error(100, 33, "Unsupported post request, or the message is missing")
        comment_id, now = self.world.new_id(), self.world.now()
        self.world.accept(
            Entry(self.name, account.account_id, comment_id, media.permalink, message, (), now, "comment"), parent=node
        )
        return Answer(200, {"id": comment_id})

    def _comments(self, node: str, account: SandboxAccount) -> Answer:
        media = self._media[node]
        made = [e for e in self.world.ledger if e.kind == "comment" and e.platform == self.name and e.url == media.permalink]
        shown = [{"id": e.id, "text": e.text, "username": e.account_id, "timestamp": e.accepted_at.isoformat()} for e in made]
        return Answer(200, {"data": shown if media.owner == account.account_id else []})

    def _list(self, call: Call, account: SandboxAccount) -> Answer:
        stories = call.path.endswith("/stories")
        visible = self.world.now() - timedelta(seconds=self.world.listing_lag_seconds)
        own = [
            m
            for m in self._media.values()
            if m.owner == account.account_id and m.posted_at <= visible and (m.kind == "STORIES") == stories
        ]
        shown = [self._shown(media) for media in reversed(own)][: int(call.query.get("limit", "25"))]
        return Answer(200, {"data": shown})

    def _permalink(self, node: str, account: SandboxAccount) -> Answer:
        media = self._media[node]
        if media.owner != account.account_id:
            return error(100, 33, f"Unsupported get request. Object with ID '{node}' does not exist")
        return Answer(200, self._shown(media))

    def _shown(self, media: Media) -> dict[str, Any]:
        shown = {"id": media.id, "permalink": media.permalink, "timestamp": media.posted_at.strftime("%Y-%m-%dT%H:%M:%S+0000")}
        return {**shown, self.words.text_field: media.text} if media.text else shown

    def _posts_today(self, account: SandboxAccount) -> int:
        since: datetime = self.world.now() - timedelta(days=1)
        return sum(m.owner == account.account_id and m.posted_at > since for m in self._media.values())


def short_code(media_id: str) -> str:
    return hashlib.sha256(media_id.encode()).hexdigest()[:11]
