"""How an account is: in GET /v1/integrations, asked anew by …/check, and what it may do in …/capabilities."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.core.encryption import Cipher
from shared.http.client import HttpAnswer, HttpRequest
from tests.api.conftest import error_of
from tests.fakes.world import World

ACCOUNTS = {
    "x": "x_main", "instagram": "ig_main", "threads": "t_main", "facebook": "page_main", "tiktok": "tt_main", "youtube": "yt_main",
    "linkedin": "org_main", "snapchat": "s_main",
}  # fmt: skip
SIGNED_IN = {"Authorization": "Bearer token-of-ada"}
# Where each platform is asked how an account is.
STEPS = {"x": "me", "instagram": "publishing_limit", "threads": "publishing_limit", "tiktok": "creator_info"}
Ask = Callable[..., Any]


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=[f"{platform}:{account}" for platform, account in ACCOUNTS.items()])


@pytest.fixture
def listed(client: FlaskClient, key: str) -> Callable[[], Mapping[str, Any]]:
    def ask() -> Mapping[str, Any]:
        accounts = client.get("/v1/integrations", headers={"soku-api-key": key}).get_json()["accounts"]
        return {account["platform"]: account for account in accounts}

    return ask


@pytest.fixture
def check(client: FlaskClient, key: str) -> Ask:
    return lambda platform, account=None: client.post(
        f"/v1/integrations/{platform}/accounts/{account or ACCOUNTS[platform]}/check", headers={"soku-api-key": key}
    )


def connect(client: FlaskClient, world: World, platform: str, without: str = "") -> Any:
    """As a person does, who withholds these scopes."""
    began = client.post(f"/v1/integrations/{platform}/connect", headers=SIGNED_IN).get_json()
    person = "ada" if platform == "linkedin" else ACCOUNTS[platform]
    told = world.consent(f"{began['authorizationUrl']}&_without={without}", person)
    body = {"code": told["code"], "state": told["state"]}
    return client.post(f"/v1/integrations/{platform}/complete", json=body, headers=SIGNED_IN)


def change(world: World, platform: str, **fields: Any) -> None:
    world.memory.contents[f"users/ada/integrations/{platform}/accounts/{ACCOUNTS[platform]}"][0].update(fields)


def test_all_is_well_where_nothing_is_wrong(listed: Callable[[], Any], world: World, key: str) -> None:
    accounts = listed()
    assert {platform: account["health"] for platform, account in accounts.items()} == dict.fromkeys(ACCOUNTS, "ok")
    assert {account["todo"] for account in accounts.values()} == {""}
    assert accounts["x"]["lastSuccessAt"] is None
    world.accepted(key, {"text": "t", "platform": "x"})
    world.run_for(60)
    assert listed()["x"]["lastSuccessAt"] == "2026-01-15T09:00:00.000Z"
    assert listed()["threads"]["lastSuccessAt"] is None


@pytest.mark.parametrize(
    ("platform", "withheld"),
    [
        ("x", "media.write"),
        ("linkedin", "w_member_social"),
        ("instagram", "instagram_business_content_publish"),
        ("facebook", "pages_manage_posts"),
        ("youtube", "https://www.googleapis.com/auth/youtube.upload"),
        ("tiktok", "video.publish"),
    ],
)
def test_a_scope_that_was_not_granted_is_named(
    world: World, client: FlaskClient, listed: Callable[[], Any], platform: str, withheld: str
) -> None:
    assert connect(client, world, platform, withheld).status_code == 200
    accounts = client.get("/v1/integrations", headers=SIGNED_IN).get_json()["accounts"]
    found = [one for one in accounts if one["platform"] == platform and one["health"] == "missing_scopes"]
    assert [one["missingScopes"] for one in found] == [[withheld]]
    assert withheld in found[0]["todo"]
    assert connect(client, world, platform).status_code == 200
    accounts = client.get("/v1/integrations", headers=SIGNED_IN).get_json()["accounts"]
    assert {one["health"] for one in accounts if one["platform"] == platform} == {"ok"}


def test_pages_are_connected_though_facebook_does_not_say_what_was_granted(world: World, client: FlaskClient, key: str) -> None:
    world.fail("facebook", "permissions", "server_error_before")
    assert connect(client, world, "facebook").status_code == 200


def test_tokens_that_nobody_renews_are_said_to_end(listed: Callable[[], Any], world: World) -> None:
    ends = world.clock.now() + timedelta(days=6)
    change(world, "linkedin", tokenExpiresAt=ends, renews=False)
    change(world, "x", tokenExpiresAt=ends, renews=True)
    change(world, "youtube", tokenExpiresAt=world.clock.now() + timedelta(days=8), renews=False)
    accounts = listed()
    assert [accounts[name]["health"] for name in ("linkedin", "x", "youtube")] == ["expiring", "ok", "ok"]
    assert "before 2026-01-21 09:00 UTC" in accounts["linkedin"]["todo"]


def test_dead_tokens_are_needs_reauth(listed: Callable[[], Any], world: World) -> None:
    change(world, "x", status="needs_reauth")
    assert (listed()["x"]["health"], "Connect the account again" in listed()["x"]["todo"]) == ("needs_reauth", True)


@pytest.mark.parametrize("platform", ACCOUNTS)
def test_a_check_asks_the_platform_and_says_when(check: Ask, world: World, platform: str) -> None:
    sent = len(world.http.sent)
    answer = check(platform)
    assert (answer.status_code, answer.get_json()["health"], answer.get_json()["checkedAt"]) == (
        200, "ok", "2026-01-15T09:00:00.000Z",
    )  # fmt: skip
    assert len(world.http.sent) == sent + 1


def test_a_check_of_a_dead_account_marks_it(check: Ask, world: World) -> None:
    world.fail("facebook", "video_status", "unauthorized", times=9)
    assert check("facebook").get_json()["health"] == "needs_reauth"
    assert world.document("users/ada").fields["accounts"]["facebook"] == {"page_main": "needs_reauth"}


def test_a_check_renews_what_can_be_renewed(check: Ask, world: World) -> None:
    world.fail("x", "me", "unauthorized", times=1)
    assert check("x").get_json()["health"] == "ok"
    assert any(request.url.endswith("/oauth2/token") for request in world.http.sent)


def test_an_account_that_the_platform_refuses_is_restricted_until_it_does_not(check: Ask, world: World, listed: Any) -> None:
    send = world.http.send

    class Refusing:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("/channels"):
                return HttpAnswer(200, {}, b'{"items": []}')
            return send(request)

    object.__setattr__(world.api_ports.connecting, "http", Refusing())
    told = check("youtube").get_json()
    assert (told["health"], "shows no channel" in told["todo"]) == ("restricted", True)
    assert listed()["youtube"]["health"] == "restricted"
    object.__setattr__(world.api_ports.connecting, "http", world.http)
    assert check("youtube").get_json()["health"] == "ok"


@pytest.mark.parametrize("kind", ["server_error_before", "reset_before", "rate_limit"])
def test_a_platform_that_says_nothing_changes_nothing(check: Ask, world: World, listed: Any, kind: str) -> None:
    world.fail("x", "me", kind, times=9)
    answer = check("x")
    assert (answer.status_code, error_of(answer)["code"]) == (502, "platform_unavailable")
    assert (listed()["x"]["health"], listed()["x"]["checkedAt"]) == ("ok", None)


def test_an_answer_that_nobody_can_read_is_no_500(check: Ask, world: World) -> None:
    class Strange:
        def send(self, request: HttpRequest) -> HttpAnswer:
            return HttpAnswer(200, {}, b'{"data": {"subscription_type": []}, "public_profiles": [7]}')

    object.__setattr__(world.api_ports.connecting, "http", Strange())
    assert check("snapchat").status_code == 502


@pytest.mark.parametrize("account", ["nobody", "%2e%2e", "a" * 300, "__x__"])
def test_of_what_is_not_there_nothing_is_said(check: Ask, client: FlaskClient, key: str, account: str) -> None:
    assert check("x", account).status_code == check("orkut", account).status_code == 404
    assert client.get(f"/v1/accounts/x/{account}/capabilities", headers={"soku-api-key": key}).status_code == 404


def test_checking_needs_its_scope_and_listing_another(client: FlaskClient, world: World, key: str) -> None:
    made = client.post("/v1/api-keys", json={"name": "r", "scopes": ["posts:read"]}, headers=SIGNED_IN).get_json()["apiKey"]
    assert client.get("/v1/integrations", headers={"soku-api-key": made}).status_code == 200
    refused = client.post("/v1/integrations/x/accounts/x_main/check", headers={"soku-api-key": made})
    assert (refused.status_code, "manage" in error_of(refused)["message"]) == (403, True)


def capabilities(client: FlaskClient, key: str, platform: str) -> Any:
    path = f"/v1/accounts/{platform}/{ACCOUNTS[platform]}/capabilities"
    return client.get(path, headers={"soku-api-key": key})


@pytest.mark.parametrize("platform", ACCOUNTS)
def test_what_changes_is_asked_live_and_kept_a_minute(world: World, client: FlaskClient, key: str, platform: str) -> None:
    sent = len(world.http.sent)
    world.clock.advance(120)
    told = capabilities(client, key, platform).get_json()
    asked = 1 if platform in STEPS else 0
    assert (len(world.http.sent) - sent, told["platform"]["platform"], told["health"]) == (asked, platform, "ok")
    assert (told["askedAt"] == "2026-01-15T09:02:00.000Z") is bool(asked)
    world.clock.advance(59)
    assert capabilities(client, key, platform).get_json() == told
    assert len(world.http.sent) - sent == asked
    world.clock.advance(2)
    capabilities(client, key, platform)
    assert len(world.http.sent) - sent == 2 * asked


def test_each_account_has_its_own(client: FlaskClient, key: str, world: World) -> None:
    assert capabilities(client, key, "x").get_json()["platform"]["text"]["most"] == 280
    premium = {"soku-api-key": world.user("bob", connect=["x:premium"])}
    told = client.get("/v1/accounts/x/premium/capabilities", headers=premium).get_json()
    assert (told["platform"]["text"]["most"], told["platform"]["videos"]["maxSeconds"]) == (25_000, 7500)
    world.clock.advance(120)
    tiktok = capabilities(client, key, "tiktok").get_json()
    assert (tiktok["facts"]["nickname"], tiktok["facts"]["maxVideoSeconds"], tiktok["facts"]["commentDisabled"]) == (
        "tt_main",
        600,
        False,
    )
    assert "SELF_ONLY" in tiktok["facts"]["privacyLevels"]
    instagram = capabilities(client, key, "instagram").get_json()
    assert instagram["quota"]["used"] == 0
    assert instagram["quota"]["total"] > 0


def test_where_the_platform_is_silent_what_is_kept_is_told_with_its_age(client: FlaskClient, key: str, world: World) -> None:
    world.clock.advance(120)
    world.fail("x", "me", "server_error_before", times=9)
    told = capabilities(client, key, "x").get_json()
    assert (told["askedAt"], "X" in told["note"]) == ("2026-01-15T09:00:00.000Z", True)


@pytest.mark.parametrize("kind", ["server_error_before", "rate_limit", "reject"])
def test_an_account_that_fails_is_not_asked_more_often(client: FlaskClient, key: str, world: World, kind: str) -> None:
    world.clock.advance(120)
    world.fail("instagram", "publishing_limit", kind, times=9)
    sent = len(world.http.sent)
    told = [capabilities(client, key, "instagram").get_json() for _ in range(5)]
    assert len(world.http.sent) == sent + 1
    assert told == [told[0]] * 5
    world.sandbox.faults.due = []
    world.clock.advance(61)
    told = capabilities(client, key, "instagram").get_json()
    assert (told["health"], told["note"], len(world.http.sent)) == ("ok", None, sent + 2)


def test_tokens_that_cannot_be_decrypted_are_no_500(client: FlaskClient, key: str, world: World, check: Ask) -> None:
    world.clock.advance(120)
    object.__setattr__(world.api_ports.connecting, "cipher", Cipher({"another": b"\2" * 32}))
    assert (check("x").status_code, capabilities(client, key, "x").status_code) == (502, 200)
