"""GET /v1/posts and GET /v1/posts/{id}: what a listener sees, for those who have none."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.posts.state import STATES
from shared.posts.view import etag_of
from tests.api.conftest import error_of
from tests.fakes.world import World


@pytest.fixture
def key(world: World) -> str:
    return world.user("ada", connect=("x:x_main", "threads:t_main", "linkedin:l_main"))


class Reader:
    def __init__(self, client: FlaskClient, world: World, key: str) -> None:
        self.client, self.world, self.headers = client, world, {"soku-api-key": key}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**self.headers, **headers})

    def post(self, text: str = "Hello", platform: Any = "x", **more: Any) -> str:
        self.world.clock.advance(1)
        body = {"post": {"content": {"text": text, "platform": platform}}, **more}
        answer = self.client.post("/v1/posts", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()["postSubmissionId"]

    def shown(self, post_id: str) -> Any:
        answer = self.get(f"/v1/posts/{post_id}")
        assert answer.status_code == 200
        return answer.get_json()

    def listed(self, query: str = "") -> list[str]:
        answer = self.get(f"/v1/posts{query}")
        assert answer.status_code == 200, answer.get_json()
        return [post["id"] for post in answer.get_json()["posts"]]


@pytest.fixture
def reader(client: FlaskClient, world: World, key: str) -> Reader:
    return Reader(client, world, key)


def test_a_post_is_read_from_acceptance_to_its_end(reader: Reader, world: World) -> None:
    post_id = reader.post("Hello", ["x", "threads"], metadata={"campaign": "launch"}, tags=["a", "b", "a"])
    queued = reader.shown(post_id)
    assert (queued["state"], queued["done"], queued["version"]) == ("queued", False, 1)
    assert [target["state"] for target in queued["targets"]] == ["queued", "queued"]
    assert (queued["metadata"], queued["tags"], queued["origin"]) == ({"campaign": "launch"}, ["a", "b"], "api")
    world.run_for(60)
    done = reader.shown(post_id)
    assert (done["state"], done["done"], done["counts"]["succeeded"]) == ("published", True, 2)
    assert done["post"]["content"]["text"] == "Hello"
    [x, threads] = done["targets"]
    assert (x["state"], x["platformPostUrl"].startswith("https://x.com/"), x["error"]) == ("published", True, None)
    assert (x["targetId"], x["runId"], threads["runId"]) == ("x:x_main", "x", "threads")
    assert done["completedAt"] is not None


def test_what_failed_and_what_waits_say_why(reader: Reader, world: World) -> None:
    world.fail("x", "publish", "reject")
    world.fail("threads", "publish", "rate_limit")
    post_id = reader.post("Hello", ["x", "threads", "linkedin"])
    world.run_for(5)
    shown = {target["platform"]: target for target in reader.shown(post_id)["targets"]}
    assert (shown["x"]["state"], shown["x"]["error"]["code"]) == ("failed", "content_rejected")
    assert (shown["threads"]["state"], shown["threads"]["nextAttemptAt"] is not None) == ("waiting", True)
    assert shown["threads"]["attempts"][0]["code"] == "rate_limited"
    assert "attempts" not in shown["x"]["error"]
    world.run_for(4000)
    post = reader.shown(post_id)
    assert (post["state"], post["counts"]) == ("partial", {"total": 3, "succeeded": 2, "failed": 1, "outcomeUnknown": 0})


@pytest.mark.parametrize(("kind", "state"), [("reject", "failed"), ("reset_after", "published")])
def test_how_posts_end(reader: Reader, world: World, kind: str, state: str) -> None:
    world.fail("x", "publish", kind)
    post_id = reader.post()
    world.run_for(1200)
    assert reader.shown(post_id)["state"] == state
    assert world.submission(post_id)["state"] == state


def test_a_scheduled_post_and_when_to_ask_again(reader: Reader, world: World) -> None:
    post_id = reader.post(scheduledTime="2026-01-15T09:00:31Z".replace("09:00:31", "10:00:00"))
    answer = reader.get(f"/v1/posts/{post_id}")
    assert (answer.get_json()["state"], answer.get_json()["scheduledTime"]) == ("scheduled", "2026-01-15T10:00:00.000Z")
    assert answer.headers["Retry-After"] == "60"
    now = reader.post("now")
    assert reader.get(f"/v1/posts/{now}").headers["Retry-After"] == "1"
    world.run_for(60)
    assert "Retry-After" not in reader.get(f"/v1/posts/{now}").headers


def test_an_etag_tells_whether_anything_is_different(reader: Reader, world: World) -> None:
    post_id = reader.post()
    first = reader.get(f"/v1/posts/{post_id}")
    tag = first.headers["ETag"]
    assert tag == etag_of(first.get_json())
    assert tag.startswith('"1.')
    logged = len(world.paths("users/ada/apiRequests/"))
    same = reader.get(f"/v1/posts/{post_id}", **{"If-None-Match": f'"other", W/{tag}'})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    assert len(world.paths("users/ada/apiRequests/")) == logged
    world.run_for(60)
    assert reader.get(f"/v1/posts/{post_id}", **{"If-None-Match": tag}).status_code == 200


def test_waiting_answers_as_soon_as_something_moves(reader: Reader, world: World) -> None:
    post_id = reader.post()
    began = world.clock.now()
    shown = reader.get(f"/v1/posts/{post_id}?wait=30").get_json()
    assert shown["state"] in ("publishing", "published")
    assert (world.clock.now() - began).total_seconds() < 5
    later = reader.post("later", scheduledTime="2026-01-15T20:00:00Z")
    began = world.clock.now()
    assert reader.get(f"/v1/posts/{later}?wait=7").get_json()["state"] == "scheduled"
    assert 6 <= (world.clock.now() - began).total_seconds() <= 9


def test_waiting_with_an_etag_answers_what_is_new_at_once_and_304_where_nothing_is(reader: Reader, world: World) -> None:
    later = reader.post("later", scheduledTime="2026-01-15T20:00:00Z")
    tag = reader.get(f"/v1/posts/{later}").headers["ETag"]
    began = world.clock.now()
    same = reader.get(f"/v1/posts/{later}?wait=7", **{"If-None-Match": tag})
    assert (same.status_code, 6 <= (world.clock.now() - began).total_seconds() <= 9) == (304, True)
    changed = {**reader.headers, "If-Match": tag}
    assert reader.client.patch(f"/v1/posts/{later}", json={"tags": ["a"]}, headers=changed).status_code == 200
    began = world.clock.now()
    told = reader.get(f"/v1/posts/{later}?wait=7", **{"If-None-Match": tag})
    assert (told.status_code, told.get_json()["tags"], world.clock.now() - began < timedelta(seconds=1)) == (200, ["a"], True)
    assert reader.get(f"/v1/posts/{later}", **{"If-None-Match": "*"}).status_code == 304


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/v1/posts?state=published&state=draft", "query.state"),
        ("POST", "/v1/posts?draft=true", "query.draft"),
        ("POST", "/v1/posts/actions?validateOnly=true", "query.validateOnly"),
        ("GET", "/v1/me?x=1", "query.x"),
        ("GET", "/v1/queue?limit=3", "query.limit"),
    ],
)
def test_what_is_not_asked_there_is_refused_and_nothing_is_done(
    reader: Reader, world: World, method: str, path: str, field: str
) -> None:
    before = world.paths("postSubmissions")
    body = {"post": {"content": {"text": "t", "platform": "x"}}} if method == "POST" else None
    answer = reader.client.open(path, method=method, json=body, headers=reader.headers)
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])
    assert world.paths("postSubmissions") == before


def test_expanded_pages_have_ten_posts_unless_fewer_are_asked_for(reader: Reader) -> None:
    for number in range(12):
        reader.post(f"post {number}")
    assert len(reader.listed("?expand=targets")) == 10


def test_posts_are_listed_newest_first_in_pages(reader: Reader, world: World) -> None:
    ids = [reader.post(f"post {number}") for number in range(5)]
    first = reader.get("/v1/posts?limit=2").get_json()
    assert [post["id"] for post in first["posts"]] == ids[:2:-1]
    assert "post" not in first["posts"][0]
    second = reader.get(f"/v1/posts?limit=3&cursor={first['nextCursor']}").get_json()
    assert [post["id"] for post in second["posts"]] == ids[2::-1]
    assert second["nextCursor"] is None
    world.run_for(60)
    expanded = reader.get("/v1/posts?limit=10&expand=targets").get_json()["posts"]
    assert {post["targets"][0]["state"] for post in expanded} == {"published"}


def test_a_cursor_belongs_to_its_order(reader: Reader) -> None:
    for number in range(3):
        reader.post(f"post {number}")
    cursor = reader.get("/v1/posts?limit=1").get_json()["nextCursor"]
    assert reader.get(f"/v1/posts?limit=1&cursor={cursor}").status_code == 200
    other = reader.get(f"/v1/posts?limit=1&by=dueAt&cursor={cursor}")
    assert (other.status_code, error_of(other)["details"][0]["field"]) == (400, "query.cursor")


def test_the_filters(reader: Reader, world: World) -> None:
    one = reader.post("one", tags=["red"])
    two = reader.post("two", ["x", "threads"], tags=["blue", "red"])
    later = reader.post("later", "linkedin", scheduledTime="2026-01-15T20:00:00Z")
    world.run_for(60)
    assert reader.listed("?state=published") == [two, one]
    assert reader.listed("?state=scheduled") == [later]
    assert reader.listed("?platform=threads") == [two]
    assert reader.listed("?platform=x&accountId=x_main&state=published") == [two, one]
    assert reader.listed("?platform=x&accountId=other") == []
    assert reader.listed("?tag=red") == [two, one]
    assert reader.listed("?tag=green") == []
    assert reader.listed("?by=dueAt") == [later, two, one]
    assert reader.listed("?by=dueAt&from=2026-01-15T12:00:00Z") == [later]
    assert reader.listed("?to=2026-01-15T09:00:01Z") == [one]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=done", "query.state"),
        ("platform=myspace", "query"),
        ("accountId=a", "query"),
        ("platform=x&tag=a", "query"),
        ("from=yesterday", "query.from"),
        ("limit=101", "query.limit"),
        ("cursor=nonsense", "query.cursor"),
        ("expand=targets&limit=11", "query"),
        ("expand=all", "query.expand"),
        ("colour=red", "query.colour"),
    ],
)
def test_what_cannot_be_asked(reader: Reader, query: str, field: str) -> None:
    answer = reader.get(f"/v1/posts?{query}")
    assert (answer.status_code, [one["field"] for one in error_of(answer)["details"]]) == (400, [field])


def test_unknown_posts_and_other_users_are_not_found(reader: Reader, client: FlaskClient, world: World) -> None:
    post_id = reader.post()
    other = {"soku-api-key": world.user("bob")}
    for path, headers in ((f"/v1/posts/{post_id}", other), ("/v1/posts/nothing", reader.headers)):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")
    assert client.get("/v1/posts", headers=other).get_json()["posts"] == []
    assert reader.get(f"/v1/posts/{post_id}?wait=31").status_code == 400


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"metadata": {"k" * 41: "v"}}, "body.metadata"),
        ({"metadata": {"k": "v" * 501}}, "body.metadata.k"),
        ({"metadata": {str(n): "v" for n in range(21)}}, "body.metadata"),
        ({"metadata": {"k": 1}}, "body.metadata.k"),
        ({"metadata": {"": "v"}}, "body.metadata"),
        # The database's own names.
        ({"metadata": {"__x__": "v"}}, "body.metadata"),
        ({"metadata": {"__name__": "v"}, "draft": True}, "body.metadata"),
        ({"tags": ["t" * 51]}, "body.tags.0"),
        ({"tags": [str(n) for n in range(11)]}, "body.tags"),
    ],
)
def test_metadata_and_tags_have_bounds(reader: Reader, client: FlaskClient, more: Any, field: str) -> None:
    body = {"post": {"content": {"text": "t", "platform": "x"}}, **more}
    answer = client.post("/v1/posts", json=body, headers=reader.headers)
    assert answer.status_code == 400
    [told] = error_of(answer)["details"]
    assert told["field"].startswith(field)
    assert "[key]" not in told["field"]
    assert told["message"].endswith("there are 0") == ("" in more.get("metadata", {}))


def test_documents_from_before_have_the_state_that_they_would_have(reader: Reader, world: World) -> None:
    ids = [reader.post("one"), reader.post("two", scheduledTime="2026-01-15T20:00:00Z")]
    for post_id in ids:
        for name in ("state", "version", "facets"):
            del world.memory.contents[f"postSubmissions/{post_id}"][0][name]
    assert [reader.shown(post_id)["state"] for post_id in ids] == ["queued", "scheduled"]
    world.run_for(60)
    assert reader.shown(ids[0])["state"] == "published"
    assert {reader.shown(post_id)["state"] for post_id in ids} <= set(STATES)
