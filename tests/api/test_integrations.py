"""/v1/integrations: the whole dance with every platform's authorization server, and everybody who steps out of line."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from shared.accounts.account import AccountKey, credentials_path, open_credentials
from shared.accounts.disconnect import disconnect
from shared.accounts.tokens import Unusable
from shared.core.platforms import PLATFORMS
from shared.documents.document import Conflict, Unavailable, Update, Version, Write
from shared.http.client import HttpAnswer, HttpRequest
from tests.api.conftest import error_of
from tests.fakes.outside import SANDBOX_URL
from tests.fakes.world import World

ADA = {"Authorization": "Bearer token-of-ada"}
EVE = {"Authorization": "Bearer token-of-eve"}


@pytest.fixture(autouse=True)
def _people(world: World) -> None:
    world.user("ada", connect=())
    world.user("eve", connect=())


def begin(client: FlaskClient, platform: str, headers: dict[str, str] = ADA) -> str:
    answer = client.post(f"/v1/integrations/{platform}/connect", headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["authorizationUrl"]


def consent(world: World, url: str, account: str = "ada_on_stage", decision: str = "allow") -> dict[str, str]:
    return world.consent(url, account, decision)


def access_token_of(world: World, account_id: str, platform: str = "linkedin") -> str:
    return open_credentials(world.document(credentials_path("ada", platform, account_id)), world.cipher).access_token


def complete(client: FlaskClient, platform: str, told: dict[str, str], headers: dict[str, str] = ADA) -> Any:
    body = {"code": told["code"], "state": told["state"]}
    return client.post(f"/v1/integrations/{platform}/complete", json=body, headers=headers)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_account_is_connected_and_can_publish(client: FlaskClient, world: World, platform: str) -> None:
    url = begin(client, platform)
    assert url.startswith(SANDBOX_URL)
    told = consent(world, url)
    callback = client.get(f"/v1/integrations/{platform}/callback", query_string=told)
    assert callback.status_code == 302
    assert callback.headers["Location"].startswith("https://app.test/connect?")
    assert dict(parse_qsl(urlsplit(callback.headers["Location"]).query)) == {"platform": platform, **told}
    answer = complete(client, platform, told)
    assert answer.status_code == 200, answer.get_json()
    [account] = answer.get_json()["accounts"]
    assert (account["platform"], account["status"]) == (platform, "connected")
    [listed] = client.get("/v1/integrations", headers=ADA).get_json()["accounts"]
    assert (listed["accountId"], listed["status"], listed["connectedAt"]) == (
        account["accountId"],
        "connected",
        "2026-01-15T09:00:00.000Z",
    )
    key = world.user("ada", connect=())
    media = {"videoUrl": "https://example.com/vertical.mp4"}
    submission = world.accepted(key, {"text": "connected", "platform": platform, **media})
    world.run_for(600)
    assert world.run(submission, platform)["status"] == "succeeded", world.run(submission, platform)
    assert world.sandbox.ledger[0].account_id == "ada_on_stage"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_secret_is_answered_or_stored_in_the_clear(client: FlaskClient, world: World, platform: str) -> None:
    answer = complete(client, platform, consent(world, begin(client, platform)))
    listed = client.get("/v1/integrations", headers=ADA)
    documents = str(world.memory.contents)
    for secret in ("sandbox-", "refresh-", "local-secret"):
        assert secret not in answer.get_data(as_text=True)
        assert secret not in listed.get_data(as_text=True)
        assert secret not in documents


@pytest.mark.parametrize(
    ("platform", "typed", "accounts"),
    [
        ("facebook", "page one, page two", ["page one", "page two"]),
        ("linkedin", "ada, org_acme, org_initech", ["ada, org_acme, org_initech", "org_acme", "org_initech"]),
    ],
)
def test_pages_and_organisations_become_accounts(
    client: FlaskClient, world: World, platform: str, typed: str, accounts: list[str]
) -> None:
    answer = complete(client, platform, consent(world, begin(client, platform), typed))
    assert [account["displayName"] for account in answer.get_json()["accounts"]] == accounts
    assert len(world.document("users/ada").fields["accounts"][platform]) == len(accounts)


def narrowed(url: str, *scopes: str) -> str:
    """The same request for consent, of an app that asks for less."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), "scope": " ".join(scopes)})).geturl()


def test_a_person_is_connected_where_linkedin_does_not_tell_the_organisations(client: FlaskClient, world: World) -> None:
    member = ("openid", "profile", "w_member_social", "w_organization_social")
    without_scope = consent(world, narrowed(begin(client, "linkedin"), *member), "ada, org_acme")
    [person] = complete(client, "linkedin", without_scope).get_json()["accounts"]
    assert "r_organization_admin" in person["notes"][0], "its person learns why"
    world.fail("linkedin", "organisations", "reject")
    refused = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme"))
    [person] = refused.get_json()["accounts"]
    assert "did not tell which organisations" in person["notes"][0]
    of_none = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada")).get_json()["accounts"]
    assert ["names no organisation" in note for note in of_none[0]["notes"]] == [True]
    for kind in ("server_error_before", "rate_limit", "reset_before"):
        world.fail("linkedin", "organisations", kind)
        answer = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme"))
        assert answer.status_code == 503, "an organisation that is to come back is not left out"
    world.fail("linkedin", "organisation", "reject")
    nameless = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme, org_initech"))
    names = [account["displayName"] for account in nameless.get_json()["accounts"]]
    assert (len(names), names[1].startswith("urn:li:organization:"), names[2]) == (3, True, "org_initech")


def test_more_organisations_than_a_page_of_linkedins_has(client: FlaskClient, world: World) -> None:
    names = [f"org_{number}" for number in range(60)]
    answer = complete(client, "linkedin", consent(world, begin(client, "linkedin"), ", ".join(["ada", *names])))
    assert len(answer.get_json()["accounts"]) == 51


@pytest.mark.parametrize(
    ("answer", "connected"),
    [
        ({"public_profile": {"id": "7", "display_name": "Ada", "snap_user_name": "ada"}}, True),
        ({"public_profiles": [{"public_profile": {"id": "7", "display_name": "Ada", "snap_user_name": "ada"}}]}, True),
        ({"public_profiles": []}, False),
        ({}, False),
    ],
)
def test_both_shapes_of_a_snapchat_profile(client: FlaskClient, world: World, answer: dict[str, Any], connected: bool) -> None:
    send = world.http.send

    def answering(request: HttpRequest) -> HttpAnswer:
        if request.url.endswith("/my_profile"):
            return HttpAnswer(200, {}, json.dumps({"request_status": "SUCCESS", **answer}).encode())
        return send(request)

    world.http.send = answering  # type: ignore[method-assign]
    told = complete(client, "snapchat", consent(world, begin(client, "snapchat")))
    assert told.status_code == (200 if connected else 400)
    assert connected or "no Public Profile" in error_of(told)["message"]


def test_a_person_posts_as_the_organisations_that_they_administer(client: FlaskClient, world: World) -> None:
    answer = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme"))
    _, organisation = (account["accountId"] for account in answer.get_json()["accounts"])
    key = world.user("ada", connect=())
    target = {"platform": "linkedin", "accountId": organisation, "options": {"firstComment": "the first"}}
    for media in ({"imageUrls": ["https://example.com/photo.jpg"]}, {"videoUrl": "https://example.com/vertical.mp4"}):
        submission = world.accepted(key, {"text": f"hiring {list(media)}", "platform": [target], **media})
        world.run_for(600)
        assert world.run(submission, "linkedin")["status"] == "succeeded", world.run(submission, "linkedin")
    said = [(entry.account_id, entry.kind) for entry in world.sandbox.ledger]
    assert said == [("org_acme", "post"), ("org_acme", "comment")] * 2


@pytest.mark.parametrize("platform", ["x", "youtube"])
def test_pkce_is_used_where_the_platform_has_it(client: FlaskClient, platform: str) -> None:
    query = dict(parse_qsl(urlsplit(begin(client, platform)).query))
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43


def test_a_state_works_once(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "x"))
    assert complete(client, "x", told).status_code == 200
    [state] = world.paths("oauthStates/")
    assert world.document(state).fields["usedAt"]
    again = complete(client, "x", told)
    assert (again.status_code, error_of(again)["details"][0]["field"]) == (400, "body.state")


def test_a_state_is_its_users_alone(client: FlaskClient, world: World) -> None:
    """Or somebody could slip the code of his own account to another person."""
    told = consent(world, begin(client, "x", EVE), "eve_on_stage")
    assert complete(client, "x", told, ADA).status_code == 400
    assert client.get("/v1/integrations", headers=ADA).get_json() == {"accounts": []}
    assert complete(client, "x", told, EVE).status_code == 200


def test_a_state_is_of_one_platform(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "tiktok"))
    refused = complete(client, "snapchat", told)
    assert (refused.status_code, error_of(refused)["details"][0]["field"]) == (400, "body.state")
    assert complete(client, "tiktok", told).status_code == 200, "it was not used up"


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 400)])
def test_a_state_lives_ten_minutes(client: FlaskClient, world: World, seconds: int, status: int) -> None:
    url = begin(client, "tiktok")
    world.clock.advance(seconds)
    # The code is fresh: only the state can be what is refused.
    answer = complete(client, "tiktok", consent(world, url))
    assert answer.status_code == status
    assert status == 200 or error_of(answer)["details"][0]["field"] == "body.state"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_code_that_the_platform_does_not_take_is_told(client: FlaskClient, world: World, platform: str) -> None:
    told = consent(world, begin(client, platform))
    answer = complete(client, platform, {**told, "code": "made-up"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "connection_refused")
    assert error_of(answer)["message"].endswith(f"Begin again with POST /v1/integrations/{platform}/connect.")
    assert client.get("/v1/integrations", headers=ADA).get_json() == {"accounts": []}


def test_who_declines_is_sent_on_with_the_platforms_word(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "x"), decision="deny")
    callback = client.get("/v1/integrations/x/callback", query_string=told)
    assert "error=access_denied" in callback.headers["Location"]
    assert world.paths("users/ada/integrations/") == []


def test_a_platform_that_does_not_answer_is_a_503(client: FlaskClient, world: World) -> None:
    world.fail("x", "token", "reset_before")
    answer = complete(client, "x", consent(world, begin(client, "x")))
    assert (answer.status_code, error_of(answer)["code"]) == (503, "service_unavailable")


@pytest.mark.parametrize(("platform", "revoked"), [("x", True), ("tiktok", True), ("linkedin", True), ("instagram", False)])
def test_disconnecting_forgets_here_and_revokes_there(client: FlaskClient, world: World, platform: str, revoked: bool) -> None:
    [account] = complete(client, platform, consent(world, begin(client, platform))).get_json()["accounts"]
    address = f"/v1/integrations/{platform}/accounts/{account['accountId']}"
    assert client.delete(address, headers=EVE).status_code == 404
    answer = client.delete(address, headers=ADA)
    assert (answer.status_code, answer.get_json()) == (200, {"disconnected": True, "revoked": revoked})
    assert world.paths("users/ada/credentials/") == world.paths("users/ada/integrations/") == []
    assert client.delete(address, headers=ADA).status_code == 404
    assert client.get("/v1/integrations", headers=ADA).get_json() == {"accounts": []}


def test_a_platform_without_an_app_is_switched_off(client: FlaskClient, world: World) -> None:
    connectors = {name: connector for name, connector in world.publishing.connectors.items() if name != "snapchat"}
    from dataclasses import replace

    world.api_ports = replace(world.api_ports, connecting=replace(world.api_ports.connecting, connectors=connectors))
    key = world.user("ada", connect=["snapchat:snap"])
    answer = client.post("/v1/integrations/snapchat/connect", headers=ADA)
    assert answer.status_code == 400
    body = {"post": {"content": {"text": "t", "platform": "snapchat", "imageUrls": ["https://example.com/photo.jpg"]}}}
    refused = client.post("/v1/posts", json=body, headers={"soku-api-key": key})
    [detail] = error_of(refused)["details"]
    assert (refused.status_code, detail["rule"]) == (400, "snapchat.switched_off")
    assert "operator" in detail["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/integrations/myspace/connect", 404),
        ("GET", "/v1/integrations/myspace/callback", 404),
        ("POST", "/v1/integrations/myspace/complete", 404),
        ("DELETE", "/v1/integrations/x/accounts/nobody", 404),
        ("DELETE", "/v1/integrations/myspace/accounts/nobody", 404),
        ("GET", "/v1/integrations/x/connect", 405),
    ],
)
def test_what_is_not_there(client: FlaskClient, method: str, path: str, status: int) -> None:
    body = {"code": "c", "state": "s"} if path.endswith("complete") else None
    answer = client.open(path, method=method, headers=ADA, json=body)
    assert answer.status_code == status, answer.get_json()


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "body.code", "invalid_type"),
        ({"code": "c", "state": ""}, "body.state", "too_small"),
        ({"code": 1, "state": "s"}, "body.code", "invalid_type"),
        ({"code": "c", "state": "s", "uid": "eve"}, "body.uid", "unrecognized_keys"),
    ],
)
def test_a_senseless_completion_is_refused(client: FlaskClient, body: Any, field: str, code: str) -> None:
    answer = client.post("/v1/integrations/x/complete", json=body, headers=ADA)
    found = {(d["field"], d["code"]) for d in error_of(answer)["details"]}
    assert answer.status_code == 400
    assert (field, code) in found


@pytest.mark.parametrize(("method", "path"), [("POST", "/x/connect"), ("POST", "/x/complete"), ("DELETE", "/x/accounts/a")])
def test_an_id_token_is_needed(client: FlaskClient, world: World, method: str, path: str) -> None:
    key = world.user("ada")
    for headers in ({}, {"soku-api-key": key}, {"Authorization": "Bearer junk"}):
        assert client.open(f"/v1/integrations{path}", method=method, headers=headers).status_code == 401


# What an independent reader of the code found, kept from coming back.


def test_disconnecting_an_organisation_leaves_the_person_their_token(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "linkedin"), "ada, org_acme")
    accounts = complete(client, "linkedin", told).get_json()["accounts"]
    person, organisation = (account["accountId"] for account in accounts)
    gone = client.delete(f"/v1/integrations/linkedin/accounts/{organisation}", headers=ADA)
    assert gone.get_json() == {"disconnected": True, "revoked": False}
    gone = client.delete(f"/v1/integrations/linkedin/accounts/{person}", headers=ADA)
    assert gone.get_json() == {"disconnected": True, "revoked": True}


def test_tokens_that_were_renewed_apart_are_still_of_one_consent(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "linkedin"), "ada, org_acme")
    accounts = complete(client, "linkedin", told).get_json()["accounts"]
    person, organisation = (account["accountId"] for account in accounts)
    world.publishing.tokens.usable(AccountKey("ada", "linkedin", person), refused=access_token_of(world, person))
    assert access_token_of(world, person) != access_token_of(world, organisation)
    gone = client.delete(f"/v1/integrations/linkedin/accounts/{person}", headers=ADA)
    assert gone.get_json() == {"disconnected": True, "revoked": False}


def test_a_disconnection_that_arrives_late_spares_the_account_that_was_connected_again(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = complete(client, "x", consent(world, begin(client, "x"))).get_json()["accounts"]
    commit, sent = world.memory.commit, []

    def noted(*writes: Write) -> Version:
        sent.append(writes)
        return commit(*writes)

    monkeypatch.setattr(world.memory, "commit", noted)
    assert client.delete(f"/v1/integrations/x/accounts/{account['accountId']}", headers=ADA).status_code == 200
    assert complete(client, "x", consent(world, begin(client, "x"))).status_code == 200
    with pytest.raises(Conflict):
        commit(*sent[0])
    [listed] = client.get("/v1/integrations", headers=ADA).get_json()["accounts"]
    assert listed["status"] == "connected"


def test_a_dead_account_of_the_same_consent_keeps_nobodys_tokens_alive(client: FlaskClient, world: World) -> None:
    accounts = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme")).get_json()["accounts"]
    person, organisation = (account["accountId"] for account in accounts)
    held = access_token_of(world, organisation)
    world.publishing.tokens.usable(AccountKey("ada", "linkedin", organisation), refused=held)
    world.publishing.tokens.declare_dead(AccountKey("ada", "linkedin", person), access_token_of(world, person))
    gone = client.delete(f"/v1/integrations/linkedin/accounts/{organisation}", headers=ADA)
    assert gone.get_json()["revoked"] is True


class Interposed:
    """The platforms, where something happens at the first request whose address ends so: before its answer arrives, or before it
    does itself."""

    def __init__(self, world: World, ending: str, happens: Callable[[], Any], *, first: bool = False) -> None:
        self._http, self._ending, self._happens, self._first = world.http, ending, happens, first
        self.due = True

    def send(self, request: HttpRequest) -> HttpAnswer:
        is_due = self.due and request.url.endswith(self._ending)
        self.due = self.due and not is_due
        if is_due and self._first:
            self._happens()
        answer = self._http.send(request)
        if is_due and not self._first:
            self._happens()
        return answer


def test_a_slow_disconnection_spares_the_account_that_was_connected_again(client: FlaskClient, world: World) -> None:
    [account] = complete(client, "x", consent(world, begin(client, "x"))).get_json()["accounts"]
    slow = Interposed(world, "/revoke", lambda: complete(client, "x", consent(world, begin(client, "x"))))
    assert disconnect("ada", "x", account["accountId"], replace(world.api_ports.connecting, http=slow))
    assert not slow.due
    assert [one["status"] for one in client.get("/v1/integrations", headers=ADA).get_json()["accounts"]] == ["connected"]


def test_two_disconnections_and_a_connection_leave_the_account_whole(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [account] = complete(client, "x", consent(world, begin(client, "x"))).get_json()["accounts"]
    path, get, commit = credentials_path("ada", "x", account["accountId"]), world.memory.get, world.memory.commit
    due = ["the twin", "the connection"]

    def hooked_get(*paths: str) -> Any:
        if path in paths and due[:1] == ["the twin"]:
            due.pop(0)
            assert disconnect("ada", "x", account["accountId"], world.api_ports.connecting)
        return get(*paths)

    def hooked_commit(*writes: Write) -> Version:
        if due[:1] == ["the connection"] and not any(write.path == path for write in writes) and isinstance(writes[0], Update):
            due.pop(0)
            assert complete(client, "x", consent(world, begin(client, "x"))).status_code == 200
        return commit(*writes)

    monkeypatch.setattr(world.memory, "get", hooked_get)
    monkeypatch.setattr(world.memory, "commit", hooked_commit)
    disconnect("ada", "x", account["accountId"], world.api_ports.connecting)
    monkeypatch.undo()
    assert due == []
    assert [one["status"] for one in client.get("/v1/integrations", headers=ADA).get_json()["accounts"]] == ["connected"]


def test_tokens_that_are_renewed_during_a_disconnection_are_revoked_too(client: FlaskClient, world: World) -> None:
    [account] = complete(client, "x", consent(world, begin(client, "x"))).get_json()["accounts"]
    account_id = account["accountId"]
    renewing = Interposed(world, "/token", lambda: disconnect("ada", "x", account_id, world.api_ports.connecting))
    world.replace_publishing(http=renewing)
    held = access_token_of(world, account_id, "x")
    got = world.publishing.tokens.usable(AccountKey("ada", "x", account_id), refused=held)
    assert isinstance(got, Unusable)
    revoked = [(request.form or {}).get("token") for request in world.http.sent if request.url.endswith("/revoke")]
    assert len(set(revoked)) == 2, "those that were held, and those that came"


def test_accounts_of_a_version_that_named_no_consents_are_disconnected_too(client: FlaskClient, world: World) -> None:
    [account] = complete(client, "tiktok", consent(world, begin(client, "tiktok"))).get_json()["accounts"]
    key, held = AccountKey("ada", "tiktok", account["accountId"]), access_token_of(world, account["accountId"], "tiktok")
    del world.memory.contents[key.credentials_path][0]["connection"]
    renewed = Interposed(world, "/revoke/", lambda: world.publishing.tokens.usable(key, refused=held), first=True)
    disconnect("ada", "tiktok", account["accountId"], replace(world.api_ports.connecting, http=renewed))
    assert not renewed.due
    assert client.get("/v1/integrations", headers=ADA).get_json()["accounts"] == []


def test_a_person_and_their_organisation_who_are_disconnected_at_once_are_revoked(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada, org_acme")).get_json()["accounts"]
    person, organisation = (account["accountId"] for account in accounts)
    get, due = world.memory.get, [organisation]

    def hooked(*paths: str) -> Any:
        found = get(*paths)
        if due and credentials_path("ada", "linkedin", person) in paths:
            disconnect("ada", "linkedin", due.pop(), world.api_ports.connecting)
        return found

    monkeypatch.setattr(world.memory, "get", hooked)
    disconnect("ada", "linkedin", person, world.api_ports.connecting)
    assert world.paths("users/ada/credentials/") == []
    assert any(request.url.endswith("/revoke") for request in world.http.sent)


def test_connecting_leaves_its_own_tokens_as_they_were_renewed(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit's answer is lost, and a post renews the tokens before it is sent again."""
    commit, renewed = world.memory.commit, list[Any]()

    def hooked(*writes: Write) -> Version:
        version = commit(*writes)
        secret = next((write for write in writes if "/credentials/" in write.path), None)
        if secret is not None and not renewed:
            renewed.append(None)
            key = AccountKey("ada", "x", secret.path.rpartition(":")[2])
            renewed.append(world.publishing.tokens.usable(key, refused=access_token_of(world, key.account_id, "x")))
            raise Unavailable
        return version

    monkeypatch.setattr(world.memory, "commit", hooked)
    [account] = complete(client, "x", consent(world, begin(client, "x"))).get_json()["accounts"]
    assert access_token_of(world, account["accountId"], "x") == renewed[-1].access_token


def test_an_account_that_the_user_document_has_forgotten_is_connected_again(client: FlaskClient, world: World) -> None:
    assert complete(client, "x", consent(world, begin(client, "x"))).status_code == 200
    del world.memory.contents["users/ada"]
    world.user("ada", connect=())
    assert complete(client, "x", consent(world, begin(client, "x"))).status_code == 200
    assert client.get("/v1/integrations", headers=ADA).get_json()["accounts"]


@pytest.mark.parametrize("account", ["__all__", "..", "x" * 1600, "nobody"])
def test_an_account_that_is_not_ones_own_is_not_found(client: FlaskClient, account: str) -> None:
    assert client.delete(f"/v1/integrations/x/accounts/{account}", headers=ADA).status_code == 404


@pytest.mark.parametrize("kind", ["server_error_before", "rate_limit"])
def test_a_platform_that_cannot_be_asked_now_is_no_refusal(client: FlaskClient, world: World, kind: str) -> None:
    told = consent(world, begin(client, "x"))
    world.fail("x", "token", kind)
    answer = complete(client, "x", told)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Send the same once more" in error_of(answer)["message"]
    again = complete(client, "x", told)
    assert again.status_code == 200, "the state was not used up"
    assert complete(client, "x", told).status_code == 400, "now it is"


def test_once_the_code_is_redeemed_the_same_is_not_asked_for_again(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "x"))
    world.fail("x", "me", "server_error_before")
    answer = complete(client, "x", told)
    assert answer.status_code == 503
    assert error_of(answer)["message"].endswith("Begin again with POST /v1/integrations/x/connect.")
    assert complete(client, "x", told).status_code == 400


def test_a_code_that_was_used_up_by_a_lost_answer_is_told(client: FlaskClient, world: World) -> None:
    told = consent(world, begin(client, "x"))
    world.fail("x", "token", "reset_after")
    assert complete(client, "x", told).status_code == 503
    refused = complete(client, "x", told)
    assert (refused.status_code, error_of(refused)["code"]) == (400, "connection_refused")
    assert complete(client, "x", told).status_code == 400


def test_an_answer_of_nonsense_is_a_refusal(client: FlaskClient, world: World) -> None:
    class Odd:
        def send(self, request: HttpRequest) -> HttpAnswer:
            return HttpAnswer(200, {}, b'{"access_token": "a", "expires_in": "soon"}')

    told = consent(world, begin(client, "x"))
    world.api_ports = replace(world.api_ports, connecting=replace(world.api_ports.connecting, http=Odd()))
    answer = complete(world.client(), "x", told)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "connection_refused")


def test_a_key_may_list_them_too(client: FlaskClient, world: World) -> None:
    key = world.user("ada", connect=("x:x_main",))
    by_key = client.get("/v1/integrations", headers={"soku-api-key": key}).get_json()
    assert [account["accountId"] for account in by_key["accounts"]] == ["x_main"]
    world.memory.contents["users/ada"][0]["subscription"] = None
    assert client.get("/v1/integrations", headers={"soku-api-key": key}).status_code == 403
    assert client.get("/v1/integrations", headers={"Authorization": "Bearer token-of-ada"}).get_json() == by_key


def test_linkedins_organisations_by_either_name_of_every_page_and_of_those_who_may_post(client: FlaskClient, world: World) -> None:
    send, asked = world.http.send, list[str]()

    def elements(start: int) -> list[dict[str, str]]:
        if start == 0:
            posting = [{"organizationTarget": f"urn:li:organization:{n}", "role": "CONTENT_ADMINISTRATOR"} for n in range(1, 4)]
            idle = [{"organization": f"urn:li:organization:{n}", "role": "ANALYST"} for n in range(100, 197)]
            return [*posting, *idle]
        return [{"organization": "urn:li:organization:7", "role": "DIRECT_SPONSORED_CONTENT_POSTER"}]

    def answering(request: HttpRequest) -> HttpAnswer:
        if not request.url.endswith("/organizationAcls"):
            return send(request)
        asked.append(request.params["start"])
        return HttpAnswer(200, {}, json.dumps({"elements": elements(int(request.params["start"]))}).encode())

    world.http.send = answering  # type: ignore[method-assign]
    answer = complete(client, "linkedin", consent(world, begin(client, "linkedin"), "ada"))
    assert [account["accountId"] for account in answer.get_json()["accounts"][1:]] == ["1", "2", "3", "7"]
    assert asked == ["0", "100"]
