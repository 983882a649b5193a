"""Tokens: renewed in time, once at a time, an older one never over a newer one, and what happens to runs when they are dead."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emulator.sandbox.accounts import SandboxAccount
from shared.accounts.account import AccountKey
from shared.accounts.connect import connect_account
from shared.accounts.tokens import TokenKeeper, Unusable
from shared.core.encryption import Cipher
from shared.core.wait import Wait
from shared.documents.document import Conflict, Update
from shared.http.client import HttpAnswer, HttpRequest
from shared.platforms.credentials import Credentials
from shared.platforms.failure import PlatformFailure
from tests.fakes.world import World

REFRESHABLE = ("x", "tiktok", "youtube", "linkedin", "snapchat")
SECRET = "users/ada/credentials/{0}:acc"
TEXT = {"text": "t", "platform": ["x"]}


def key_of(platform: str) -> AccountKey:
    return AccountKey("ada", platform, "acc")


def connect(world: World, platform: str, *, left: timedelta, lifetime: timedelta = timedelta(hours=2)) -> Credentials:
    """An account whose access token is good for `left`."""
    account, now = SandboxAccount(platform, "acc"), world.clock.now()
    refresh_token = account.refresh_token if platform in REFRESHABLE else None
    expires = now + left
    credentials = Credentials(
        account.access_token_of(0, expires), account.user_id, "acc", refresh_token, expires - lifetime, expires
    )
    world.user("ada", connect=())
    connect_account("ada", platform, "acc", credentials, cipher=world.cipher, documents=world.documents, clock=world.clock)
    return credentials


def keeper(world: World) -> TokenKeeper:
    return world.publishing.tokens


def test_a_good_token_costs_one_read(world: World) -> None:
    held = connect(world, "x", left=timedelta(hours=1))
    before = world.memory.counts.rpcs
    assert keeper(world).usable(key_of("x")) == held
    assert world.memory.counts.rpcs == before + 1
    assert world.http.sent == []


@pytest.mark.parametrize("platform", REFRESHABLE)
def test_a_token_is_renewed_before_it_is_over(world: World, platform: str) -> None:
    held = connect(world, platform, left=timedelta(minutes=4))
    fresh = keeper(world).usable(key_of(platform))
    assert isinstance(fresh, Credentials)
    assert fresh.access_token != held.access_token
    assert fresh.expires_at is not None
    assert fresh.expires_at > world.clock.now() + timedelta(minutes=30)
    assert (fresh.platform_user_id, fresh.username) == (held.platform_user_id, held.username)
    assert keeper(world).usable(key_of(platform)) == fresh
    shown = world.document(f"users/ada/integrations/{platform}/accounts/acc").fields
    assert (shown["status"], shown["tokenExpiresAt"]) == ("connected", fresh.expires_at)


@pytest.mark.parametrize(("platform", "left", "renewed"), [("instagram", 6, True), ("threads", 5, True), ("instagram", 8, False)])
def test_tokens_of_sixty_days_renew_themselves_in_their_last_week(world: World, platform: str, left: int, renewed: bool) -> None:
    held = connect(world, platform, left=timedelta(days=left), lifetime=timedelta(days=60))
    world.sweep()
    world.deliver_due()
    fresh = keeper(world).usable(key_of(platform))
    assert isinstance(fresh, Credentials)
    assert (fresh.access_token != held.access_token) is renewed


def test_the_sweeper_hands_on_what_is_due_and_only_that(world: World) -> None:
    connect(world, "instagram", left=timedelta(days=30), lifetime=timedelta(days=60))
    world.sweep()
    assert len(world.tasks) == 0
    world.clock.advance(timedelta(days=25).total_seconds())
    world.sweep()
    world.sweep()
    [task] = world.tasks.waiting
    assert task.queue.name == "refresh"
    assert dict(task.payload) == {"uid": "ada", "platform": "instagram", "accountId": "acc"}


def test_a_token_that_nobody_can_renew_is_used_to_its_end_and_then_dead(world: World) -> None:
    account, now = SandboxAccount("linkedin", "acc"), world.clock.now()
    expires = now + timedelta(days=60)
    credentials = Credentials(account.access_token_of(0, expires), account.user_id, "acc", None, now, expires)
    world.user("ada", connect=())
    connect_account("ada", "linkedin", "acc", credentials, cipher=world.cipher, documents=world.documents, clock=world.clock)
    world.clock.advance(timedelta(days=59).total_seconds())
    world.run_for(60)
    assert keeper(world).usable(key_of("linkedin")) == credentials
    assert world.document(SECRET.format("linkedin")).fields["refreshAt"] == expires
    world.run_for(timedelta(days=1).total_seconds() + 120)
    assert world.document("users/ada").fields["accounts"]["linkedin"]["acc"] == "needs_reauth"


@pytest.mark.parametrize("platform", REFRESHABLE)
def test_a_dead_refresh_token_marks_the_account_and_fails_its_runs_with_what_to_do(world: World, platform: str) -> None:
    connect(world, platform, left=timedelta(minutes=4))
    key = world.user("ada", connect=())
    media = {} if platform in ("x", "linkedin") else {"videoUrl": "https://example.com/vertical.mp4"}
    submission = world.accepted(key, {"text": "t", "platform": [platform], **media})
    world.fail(platform, "token", "unauthorized", times=9)
    world.run_for(600)
    error = world.run(submission, platform)["error"]
    assert (error["code"], error["class"], error["retryable"]) == ("reauth_required", "reauth", False)
    assert "onnect the account again" in error["remediation"]
    assert world.document("users/ada").fields["accounts"][platform]["acc"] == "needs_reauth"
    assert world.document(f"users/ada/integrations/{platform}/accounts/acc").fields["status"] == "needs_reauth"
    assert world.post(key, {"text": "again", "platform": [platform], **media}).status_code == 400
    assert world.sandbox.ledger == []


def test_a_platform_that_gives_no_tokens_now_is_waited_for(world: World) -> None:
    connect(world, "x", left=timedelta(seconds=-1))
    key = world.user("ada", connect=())
    submission = world.accepted(key, TEXT)
    world.fail("x", "token", "server_error_before", times=3)
    world.run_for(600)
    assert world.run(submission)["status"] == "succeeded"


def test_a_token_that_is_still_good_is_used_when_no_other_is_to_be_had(world: World) -> None:
    held = connect(world, "x", left=timedelta(minutes=4))
    world.fail("x", "token", "reset_before")
    assert keeper(world).usable(key_of("x")) == held


class Interrupted:
    """A database at which something happens right before the n-th commit from now."""

    def __init__(self, world: World, nth: int, happens: Callable[[], None]) -> None:
        self._documents, self._left, self._happens = world.documents, nth, happens

    def get(self, *paths: str) -> Any:
        return self._documents.get(*paths)

    def commit(self, *writes: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._happens()
        return self._documents.commit(*writes)


def interrupted(world: World, nth: int, happens: Callable[[], None]) -> TokenKeeper:
    return replace(keeper(world), documents=Interrupted(world, nth, happens))


def test_two_at_once_ask_the_platform_once(world: World) -> None:
    """The second comes between the first one's claim and its answer."""
    connect(world, "x", left=timedelta(seconds=-1))
    seen: list[Any] = []

    class Between:
        def send(self, request: HttpRequest) -> HttpAnswer:
            seen.append(keeper(world).usable(key_of("x")))
            return world.http.send(request)

    fresh = replace(keeper(world), http=Between()).usable(key_of("x"))
    assert isinstance(fresh, Credentials)
    assert [type(other) for other in seen] == [Wait]
    assert sum(request.url.endswith("/token") for request in world.http.sent) == 1


def test_while_the_old_token_is_good_the_others_go_on_with_it(world: World) -> None:
    held = connect(world, "x", left=timedelta(minutes=4))
    seen: list[Any] = []

    class Between:
        def send(self, request: HttpRequest) -> HttpAnswer:
            seen.append(keeper(world).usable(key_of("x")))
            return world.http.send(request)

    replace(keeper(world), http=Between()).usable(key_of("x"))
    assert seen == [held]


def test_whoever_loses_the_race_for_the_claim_uses_what_the_winner_got(world: World) -> None:
    connect(world, "x", left=timedelta(seconds=-1))
    won: list[Any] = []
    lost = interrupted(world, 1, lambda: won.append(keeper(world).usable(key_of("x")))).usable(key_of("x"))
    assert [lost] == won


def test_an_older_token_never_overwrites_a_newer_one(world: World) -> None:
    """The person connects the account again while a refresh of the old tokens is under way."""
    connect(world, "x", left=timedelta(seconds=-1))
    newer: list[Credentials] = []
    got = interrupted(world, 2, lambda: newer.append(connect(world, "x", left=timedelta(hours=3)))).usable(key_of("x"))
    assert [got] == newer
    assert keeper(world).usable(key_of("x")) == newer[0]


def test_parking_an_account_does_not_cost_a_refresh_its_answer(world: World) -> None:
    connect(world, "x", left=timedelta(seconds=-1))
    until = world.clock.now() + timedelta(minutes=1)
    got = interrupted(world, 2, lambda: keeper(world).park(key_of("x"), until)).usable(key_of("x"))
    assert isinstance(got, Credentials)
    world.clock.advance(61)
    assert keeper(world).usable(key_of("x")) == got


@pytest.mark.parametrize(("platform", "revoked"), [("x", 1), ("tiktok", 0), ("youtube", 0), ("linkedin", 0)])
def test_an_account_that_is_disconnected_during_its_refresh_stays_disconnected(world: World, platform: str, revoked: int) -> None:
    """What came for nobody is revoked, where that can't hit an account that is connected again in this very moment."""
    connect(world, platform, left=timedelta(seconds=-1))

    def disconnect() -> None:
        for path in (SECRET.format(platform), f"users/ada/integrations/{platform}/accounts/acc"):
            del world.memory.contents[path]

    got = interrupted(world, 2, disconnect).usable(key_of(platform))
    assert isinstance(got, Unusable)
    assert world.paths("users/ada/credentials/") == []
    assert sum("/revoke" in request.url for request in world.http.sent) == revoked


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize(
    ("platform", "ends"), [("x", "needs_reauth"), ("snapchat", "needs_reauth"), ("tiktok", "connected"), ("youtube", "connected")]
)
def test_a_death_between_the_platforms_answer_and_our_write_ends_at_worst_in_needs_reauth(
    world: World, platform: str, ends: str
) -> None:
    connect(world, platform, left=timedelta(seconds=-1))

    def die() -> None:
        raise Died

    with pytest.raises(Died):
        interrupted(world, 2, die).usable(key_of(platform))
    assert isinstance(keeper(world).usable(key_of(platform)), Wait), "until the dead worker's claim is over"
    world.clock.advance(61)
    after = keeper(world).usable(key_of(platform))
    assert isinstance(after, Credentials if ends == "connected" else Unusable)
    assert world.document("users/ada").fields["accounts"][platform]["acc"] == ends


def test_a_refused_token_is_renewed_once_and_then_taken_for_dead(world: World) -> None:
    connect(world, "x", left=timedelta(hours=1))
    key = world.user("ada", connect=())
    submission = world.accepted(key, TEXT)
    world.fail("x", "publish", "unauthorized", times=100)
    world.run_for(600)
    assert world.run(submission)["error"]["code"] == "reauth_required"
    assert world.document("users/ada").fields["accounts"]["x"]["acc"] == "needs_reauth"


def test_a_refused_token_that_was_renewed_meanwhile_is_no_death(world: World) -> None:
    """Whoever got the refusal was slow; the account has other tokens by now."""
    old = connect(world, "x", left=timedelta(seconds=-1))
    fresh = keeper(world).usable(key_of("x"))
    keeper(world).declare_dead(key_of("x"), old.access_token)
    assert keeper(world).usable(key_of("x")) == fresh
    assert world.document("users/ada").fields["accounts"]["x"]["acc"] == "connected"
    assert isinstance(fresh, Credentials)
    keeper(world).declare_dead(key_of("x"), fresh.access_token)
    assert isinstance(keeper(world).usable(key_of("x")), Unusable)


def test_keys_rotate_without_downtime(world: World) -> None:
    connect(world, "x", left=timedelta(minutes=4))
    old, new = next(iter(world.api_ports.settings.token_keys.items())), ("k2", b"2" * 32)
    both = replace(keeper(world), cipher=Cipher(dict([new, old])))
    fresh = both.usable(key_of("x"))
    assert isinstance(fresh, Credentials)
    assert world.document(SECRET.format("x")).fields["keyId"] == "k2"
    assert replace(both, cipher=Cipher(dict([new]))).usable(key_of("x")) == fresh


# Throttling


def test_a_limit_parks_the_account_until_the_reset_it_names_and_no_other(world: World) -> None:
    key = world.user(connect=["x:one", "x:two"])
    world.fail("x", "publish", "rate_limit")
    world.sandbox.faults.due[0].account_id = "one"

    def to(account: str, text: str) -> str:
        return world.accepted(key, {"text": text, "platform": [{"platform": "x", "accountId": account}]})

    first = to("one", "first")
    world.deliver_due()
    parked = world.document("users/ada/credentials/x:one").fields["parkedUntil"]
    assert timedelta(0) < parked - world.clock.now() <= timedelta(seconds=3)
    sent = len(world.http.sent)
    second, other = to("one", "second"), to("two", "other")
    world.deliver_due()
    assert [entry.text for entry in world.sandbox.ledger] == ["other"]
    assert len(world.http.sent) == sent + 1, "nothing is asked for the parked account"
    world.run_for(60)
    assert {world.run(submission)["status"] for submission in (first, second, other)} == {"succeeded"}


@pytest.mark.parametrize(
    ("platform", "step", "posts"), [("instagram", "publishing_limit", 100), ("threads", "publishing_limit", 250)]
)
def test_the_daily_quota_is_asked_and_respected(world: World, platform: str, step: str, posts: int) -> None:
    key = world.user(connect=[f"{platform}:acc"])
    content = {"platform": [platform], "imageUrls": ["https://example.com/photo.jpg"]}
    oauth: Any = world.platforms[platform]
    full = {"quota_usage": posts, "config": {"quota_total": posts, "quota_duration": 86400}}

    class Full:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("publishing_limit"):
                import json

                return HttpAnswer(200, {}, json.dumps({"data": [full]}).encode())
            return world.http.send(request)

    world.replace_publishing(http=Full())
    submission = world.accepted(key, {**content, "text": "t"})
    world.run_for(300)
    run = world.run(submission, platform)
    assert (run["status"], run["attempts"][-1]["code"]) == ("processing", "rate_limited")
    assert world.sandbox.ledger == []
    full["quota_usage"] = posts - 1
    world.run_for(2 * 3600)
    assert world.run(submission, platform)["status"] == "succeeded"
    assert oauth.name == platform


def test_a_refresh_that_cannot_reach_the_platform_is_told_to_whoever_asked(world: World) -> None:
    connect(world, "x", left=timedelta(seconds=-1))
    world.fail("x", "token", "rate_limit")
    with pytest.raises(PlatformFailure) as raised:
        keeper(world).usable(key_of("x"))
    assert raised.value.kind == "throttled"
    assert isinstance(keeper(world).usable(key_of("x")), Credentials), "the claim was let go"


def test_a_conflict_is_not_an_answer(world: World) -> None:
    connect(world, "x", left=timedelta(seconds=-1))
    tries = [0]

    def disturb() -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise Conflict

    assert isinstance(interrupted(world, 1, disturb).usable(key_of("x")), Credentials)


# What an independent reader of the code found, kept from coming back.


class Refusing:
    """The sandbox, whose authorization servers answer all the same."""

    def __init__(self, world: World, status: int, body: bytes) -> None:
        self._http, self._answer = world.http, HttpAnswer(status, {}, body)

    def send(self, request: HttpRequest) -> HttpAnswer:
        is_grant = "grant_type" in (request.form or {}) or "grant_type" in request.params
        return self._answer if is_grant else self._http.send(request)


@pytest.mark.parametrize(
    ("platform", "status", "body"),
    [
        ("x", 401, b'{"error": "invalid_client"}'),
        ("x", 400, b'{"error": "unauthorized_client"}'),
        ("x", 403, b"<html>Forbidden</html>"),
        ("x", 404, b""),
        ("x", 408, b""),
        ("x", 302, b""),
        ("youtube", 401, b'{"error": "invalid_client"}'),
        ("threads", 400, b'{"error": {"message": "m", "code": 4}}'),
        ("instagram", 403, b'{"error": {"message": "m", "code": 4}}'),
        ("instagram", 400, b'{"error": {"message": "m", "code": 2}}'),
    ],
)
def test_only_a_dead_grant_is_the_end_of_an_account(world: World, platform: str, status: int, body: bytes) -> None:
    lifetime = timedelta(hours=2) if platform in REFRESHABLE else timedelta(days=60)
    connect(world, platform, left=lifetime / 20, lifetime=lifetime)
    world.replace_publishing(http=Refusing(world, status, body))
    assert isinstance(keeper(world).usable(key_of(platform)), Credentials)
    assert world.document(f"users/ada/integrations/{platform}/accounts/acc").fields["status"] == "connected"
    assert not world.document(SECRET.format(platform)).fields["dead"]


@pytest.mark.parametrize(
    ("platform", "status", "body"),
    [
        ("x", 400, b'{"error": "invalid_request"}'),
        ("youtube", 400, b'{"error": "invalid_grant"}'),
        ("threads", 400, b'{"error": {"message": "m", "code": 190}}'),
    ],
)
def test_a_dead_grant_is(world: World, platform: str, status: int, body: bytes) -> None:
    lifetime = timedelta(hours=2) if platform in REFRESHABLE else timedelta(days=60)
    connect(world, platform, left=lifetime / 20, lifetime=lifetime)
    world.replace_publishing(http=Refusing(world, status, body))
    assert isinstance(keeper(world).usable(key_of(platform)), Unusable)


def test_a_platform_that_is_switched_off_for_a_while_keeps_its_accounts(world: World) -> None:
    connect(world, "x", left=timedelta(minutes=-1))
    connectors = world.publishing.connectors
    world.replace_publishing(connectors={})
    with pytest.raises(PlatformFailure) as raised:
        keeper(world).usable(key_of("x"))
    assert raised.value.kind == "transient"
    keeper(world).refresh(key_of("x"))
    world.replace_publishing(connectors=connectors)
    assert isinstance(keeper(world).usable(key_of("x")), Credentials)


@pytest.mark.parametrize("gone", ["users/ada", "users/ada/integrations/x/accounts/acc"])
@pytest.mark.parametrize("is_dead", [True, False])
def test_tokens_whose_user_or_account_was_deleted_are_dealt_with_once(world: World, gone: str, is_dead: bool) -> None:
    connect(world, "x", left=timedelta(minutes=-1))
    del world.memory.contents[gone]
    if is_dead:
        world.fail("x", "token", "unauthorized", times=9)
    before = world.memory.counts.rpcs
    got = keeper(world).usable(key_of("x"))
    assert isinstance(got, Unusable if is_dead else Credentials)
    assert world.memory.counts.rpcs - before < 12
    assert world.document(SECRET.format("x")).fields["dead"] is is_dead


def test_tokens_that_arrive_after_the_account_was_given_up_bring_it_back(world: World) -> None:
    held = connect(world, "x", left=timedelta(minutes=-1))
    got = interrupted(world, 2, lambda: keeper(world).declare_dead(key_of("x"), held.access_token)).usable(key_of("x"))
    assert isinstance(got, Credentials)
    assert world.document("users/ada").fields["accounts"]["x"]["acc"] == "connected"
    assert world.document("users/ada/integrations/x/accounts/acc").fields["status"] == "connected"
    assert keeper(world).usable(key_of("x")) == got


@pytest.mark.parametrize("call", [1, 2])
def test_a_new_consent_stays_whoever_renews_the_old_tokens(world: World, call: int) -> None:
    held = connect(world, "x", left=timedelta(minutes=-1))
    fresh = replace(held, access_token="of the new consent", expires_at=world.clock.now() + timedelta(hours=2))

    def consent() -> None:
        connect_account("ada", "x", "acc", fresh, cipher=world.cipher, documents=world.documents, clock=world.clock)

    assert interrupted(world, call, consent).usable(key_of("x")) == fresh
    assert keeper(world).usable(key_of("x")) == fresh


def test_no_document_that_a_browser_reads_repeats_a_token_that_a_platform_echoes(world: World) -> None:
    key = world.user(connect=("facebook:page",))
    token = SandboxAccount("facebook", "page").access_token
    echo = HttpAnswer(400, {}, f'{{"error": {{"message": "Malformed access token {token}", "code": 190}}}}'.encode())

    class Echoing:
        def send(self, request: HttpRequest) -> HttpAnswer:
            return echo if request.method == "GET" else sandbox.send(request)

    sandbox = world.http
    world.replace_publishing(http=Echoing())
    world.fail("facebook", "publish", "reset_after")
    submission = world.accepted(key, {"text": "t", "platform": ["facebook"]})
    world.run_for(1800)
    assert token not in repr(world.run(submission, "facebook"))


def test_a_refresh_that_overtakes_the_sweeper_that_handed_it_on_is_made_all_the_same(world: World) -> None:
    """The refresher reads the tokens before, and claims them after, the sweeper has put off the next time."""
    held = connect(world, "threads", left=timedelta(days=5), lifetime=timedelta(days=60))
    [document] = world.documents.get(SECRET.format("threads"))
    assert document is not None

    def put_off() -> None:
        world.documents.commit(Update(document.path, {"refreshAt": world.clock.now() + timedelta(minutes=15)}))

    interrupted(world, 1, put_off).refresh(key_of("threads"))
    fresh = keeper(world).usable(key_of("threads"))
    assert isinstance(fresh, Credentials)
    assert fresh.access_token != held.access_token
