"""Five minutes before a scheduled post is due its accounts are looked at once more; what is wrong stands in its warnings."""

from datetime import timedelta
from typing import Any

import pytest

from shared.http.client import HttpAnswer, HttpRequest, NoAnswer
from tests.fakes.world import World

PHOTO = "https://example.com/photo.jpg"
AT = "2026-01-15T10:00:00Z"
CONTENT = {"text": "t", "imageUrls": [PHOTO], "platform": ["x", "instagram", "threads"]}


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "instagram:ig_main", "threads:t_main"))


def warnings(world: World, post_id: str) -> dict[str, str]:
    return {one["target"]: one["code"] for one in world.submission(post_id).get("warnings", ()) if "target" in one}


def account(world: World, platform: str, name: str) -> dict[str, Any]:
    return world.memory.contents[f"users/ada/integrations/{platform}/accounts/{name}"][0]


def asked(world: World, edge: str) -> int:
    return sum(request.url.endswith(edge) for request in world.http.sent)


def test_nothing_is_said_where_nothing_is_wrong_and_quotas_are_asked_once(world: World, key: str) -> None:
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    world.run_for(54 * 60)
    assert asked(world, "publishing_limit") == 0
    world.run_for(5 * 60)
    assert "warnings" not in world.submission(post_id) or world.submission(post_id)["warnings"] == []
    assert (asked(world, "/content_publishing_limit"), asked(world, "/threads_publishing_limit")) == (1, 1)
    facts = world.document("users/ada").fields["accountFacts"]
    assert facts["instagram"]["ig_main"]["quotaUsed"] == 0
    world.run_for(10 * 60)
    assert world.submission(post_id)["state"] == "published"


def test_what_is_wrong_stands_in_its_warnings_before_it_is_due_and_it_is_tried_all_the_same(world: World, key: str) -> None:
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    account(world, "x", "x_main").update(tokenExpiresAt=world.clock.now() + timedelta(minutes=30), renews=False)
    account(world, "threads", "t_main")["status"] = "needs_reauth"
    del world.memory.contents["users/ada/integrations/instagram/accounts/ig_main"]
    world.run_for(57 * 60)
    assert warnings(world, post_id) == {
        "x:x_main": "token_ends", "instagram:ig_main": "account_disconnected", "threads:t_main": "account_needs_reauth",
    }  # fmt: skip
    assert all("at" in one for one in world.submission(post_id)["warnings"])
    world.run_for(10 * 60)
    assert world.submission(post_id)["runCounts"]["succeeded"] == 3


def test_a_quota_that_is_nearly_spent_is_told(world: World, key: str) -> None:
    send = world.http.send

    class Busy:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("publishing_limit"):
                return HttpAnswer(200, {}, b'{"data": [{"quota_usage": 48, "config": {"quota_total": 50}}]}')
            return send(request)

    world.replace_publishing(http=Busy())
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    world.run_for(57 * 60)
    assert warnings(world, post_id) == {"instagram:ig_main": "quota_nearly_spent", "threads:t_main": "quota_nearly_spent"}


def test_tokens_that_end_before_it_is_due_are_renewed(world: World, key: str) -> None:
    post_id = world.accepted(key, {**CONTENT, "platform": "x"}, scheduledTime=AT)
    path = "users/ada/credentials/x:x_main"
    fields, version = world.memory.contents[path]
    secret = world.cipher.open(fields, path=path)
    ends = (world.clock.now() + timedelta(minutes=59)).isoformat()
    sealed = world.cipher.seal({**secret, "expiresAt": ends, "issuedAt": None}, path=path)
    world.memory.contents[path] = ({**fields, **sealed, "refreshAt": None}, version)
    account(world, "x", "x_main").update(tokenExpiresAt=world.clock.now() + timedelta(minutes=59), renews=True)
    world.run_for(57 * 60)
    assert asked(world, "/oauth2/token") == 1
    assert warnings(world, post_id) == {}


def test_a_platform_that_does_not_answer_delays_nothing(world: World, key: str) -> None:
    send = world.http.send

    class Silent:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("publishing_limit") and world.clock.now().hour == 9:
                raise NoAnswer("timeout")
            return send(request)

    world.replace_publishing(http=Silent())
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    world.run_for(61 * 60)
    assert world.submission(post_id)["state"] == "published"


def test_what_was_changed_meanwhile_is_not_warned_of(world: World, key: str) -> None:
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    account(world, "x", "x_main")["status"] = "needs_reauth"
    world.run_for(54 * 60)
    send = world.http.send

    class Changing:
        def send(self, request: HttpRequest) -> HttpAnswer:
            if request.url.endswith("publishing_limit"):
                fields = world.memory.contents[f"postSubmissions/{post_id}"][0]
                fields["contentRevision"] = fields.get("contentRevision", 0) + 1
            return send(request)

    world.replace_publishing(http=Changing())
    world.clock.advance(120)
    world.sweep()
    world.deliver_due()
    assert warnings(world, post_id) == {}


def test_a_second_look_replaces_the_first_and_leaves_what_is_about_files(world: World, key: str) -> None:
    world.fetcher.pages.pop(PHOTO)
    post_id = world.accepted(key, {**CONTENT, "platform": "x"}, scheduledTime=AT)
    account(world, "x", "x_main")["status"] = "needs_reauth"
    world.run_for(57 * 60)
    codes = [one["code"] for one in world.submission(post_id)["warnings"]]
    assert sorted(codes) == ["account_needs_reauth", "media_unavailable"]
    account(world, "x", "x_main")["status"] = "connected"
    world.invoke("refresher", {"what": "post", "postSubmissionId": post_id, "uid": "ada"})
    assert [one["code"] for one in world.submission(post_id)["warnings"]] == ["media_unavailable"]


@pytest.mark.parametrize("state", ["cancelled", "gone"])
def test_a_post_that_is_over_is_not_looked_at(world: World, key: str, state: str) -> None:
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    if state == "gone":
        del world.memory.contents[f"postSubmissions/{post_id}"]
    else:
        world.memory.contents[f"postSubmissions/{post_id}"][0]["status"] = "cancelled"
    world.invoke("refresher", {"what": "post", "postSubmissionId": post_id, "uid": "ada"})
    assert world.http.sent == []


def test_warnings_of_files_name_the_request_s_own_fields(world: World) -> None:
    key = world.user("ada", connect=["youtube:yt_main"])
    target = {"platform": "youtube", "options": {"thumbnailUrl": "https://example.com/missing.jpg"}}
    content = {"text": "t", "videoUrl": "https://example.com/vertical.mp4", "platform": [target]}
    post_id = world.accepted(key, content, scheduledTime=AT)
    world.run_for(120)
    fields = {one["field"] for one in world.submission(post_id)["warnings"]}
    assert fields == {"body.post.content.platform.0.options.thumbnailUrl"}


def test_one_account_that_cannot_be_read_keeps_no_other_from_being_looked_at(world: World, key: str) -> None:
    post_id = world.accepted(key, CONTENT, scheduledTime=AT)
    account(world, "threads", "t_main")["status"] = "needs_reauth"
    world.memory.contents["users/ada/credentials/x:x_main"][0]["keyId"] = "gone"
    world.run_for(57 * 60)
    assert warnings(world, post_id) == {"threads:t_main": "account_needs_reauth"}
