"""Every bad request of the specification's tables and beyond: a clear answer, and nothing stored but the log."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, LimitRequestHeaders

from functions.api.request.reading import DRAINED_BYTES
from tests.api.conftest import error_of
from tests.fakes.world import World

GOOD = {"text": "t", "platform": "x"}
C = "body.post.content"


def nothing_stored_since(world: World, before: list[str]) -> bool:
    """Beside what counts and logs the request."""
    new = [path for path in world.paths() if path not in before]
    return [path for path in new if "/apiRequests/" not in path and "/rateLimits/" not in path] == []


def send(client: FlaskClient, key: str, body: Any, **headers: str) -> Any:
    return client.post("/v1/posts", json=body, headers={"soku-api-key": key, **headers})


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {("body.post", "invalid_type", "Required")}),
        ({"post": {}}, {("body.post.content", "invalid_type", "Required")}),
        ({"post": {"content": {"text": "t"}}}, {(f"{C}.platform", "invalid_type", "Required")}),
        ({"post": "t"}, {("body.post", "invalid_type", None)}),
        ({"post": {"content": {**GOOD, "platform": "myspace"}}}, {(f"{C}.platform", "invalid_enum_value", None)}),
        ({"post": {"content": {**GOOD, "platform": 7}}}, {(f"{C}.platform", "invalid_type", None)}),
        ({"post": {"content": {**GOOD, "platform": None}}}, {(f"{C}.platform", "invalid_type", None)}),
        ({"post": {"content": {**GOOD, "platform": []}}}, {(f"{C}.platform", "too_small", None)}),
        (
            {"post": {"content": {**GOOD, "platform": ["x", "nope", {"platform": "x", "account": 1}, {"accountId": "a"}]}}},
            {
                (f"{C}.platform.1", "invalid_enum_value", None),
                (f"{C}.platform.2.account", "unrecognized_keys", None),
                (f"{C}.platform.3.platform", "invalid_type", None),
            },
        ),
        ({"post": {"content": {**GOOD, "text": 7}}}, {(f"{C}.text", "invalid_type", None)}),
        ({"post": {"content": {"platform": "x"}}}, {(C, "custom", "A post needs text or media")}),
        ({"post": {"content": {"platform": "x", "text": "  \n"}}}, {(C, "custom", "A post needs text or media")}),
        ({"post": {"content": {**GOOD, "videoUrl": "not-a-url"}}}, {(f"{C}.videoUrl", "invalid_string", "Invalid URL format")}),
        ({"post": {"content": {**GOOD, "videoUrl": "ftp://e.test/v.mp4"}}}, {(f"{C}.videoUrl", "invalid_string", None)}),
        ({"post": {"content": {**GOOD, "videoUrl": "https://[bad"}}}, {(f"{C}.videoUrl", "invalid_string", None)}),
        ({"post": {"content": {**GOOD, "videoUrl": "https://e.test/" + "a" * 8192}}}, {(f"{C}.videoUrl", "too_big", None)}),
        (
            {"post": {"content": {**GOOD, "imageUrls": ["https://e.test/a.jpg", "b", 3]}}},
            {(f"{C}.imageUrls.1", "invalid_string", None), (f"{C}.imageUrls.2", "invalid_type", None)},
        ),
        ({"post": {"content": {**GOOD, "imageUrls": "https://e.test/a.jpg"}}}, {(f"{C}.imageUrls", "invalid_type", None)}),
        ({"post": {"content": {**GOOD, "imageUrls": ["https://e.test/a.jpg"] * 51}}}, {(f"{C}.imageUrls", "too_big", None)}),
        ({"post": {"content": {**GOOD, "text": "x" * 200_000}}}, {(C, "too_big", None)}),
        ({"post": {"content": {**GOOD, "imageUrls": ["https://e.test/" + "あ" * 2000] * 40}}}, {(C, "too_big", None)}),
        ({"post": {"content": {**GOOD, "mediaIds": ["__x__"]}}}, {(f"{C}.mediaIds.0", "invalid_string", None)}),
        ({"post": {"content": {**GOOD, "mediaIds": ["../../users/ada"]}}}, {(f"{C}.mediaIds.0", "invalid_string", None)}),
        ({"post": {"content": {**GOOD, "mediaType": "audio"}}}, {(f"{C}.mediaType", "invalid_enum_value", None)}),
        ({"post": {"content": {**GOOD, "mediaType": "video"}}}, {(C, "custom", None)}),
        ({"post": {"content": {**GOOD, "mediaType": "text", "videoUrl": "https://e.test/v.mp4"}}}, {(C, "custom", None)}),
        ({"post": {"content": GOOD}, "enableRepurposing": "yes"}, {("body.enableRepurposing", "invalid_type", None)}),
        ({"post": {"content": GOOD}, "sheduledTime": "2030-01-01T00:00:00Z"}, {("body.sheduledTime", "unrecognized_keys", None)}),
        ({"post": {"content": GOOD, "draft": True}}, {("body.post.draft", "unrecognized_keys", None)}),
        (
            {"post": {"content": {"text": 1, "platform": "nope"}}, "extra": 1},
            {
                (f"{C}.text", "invalid_type", None),
                (f"{C}.platform", "invalid_enum_value", None),
                ("body.extra", "unrecognized_keys", None),
            },
        ),
    ],
)
def test_every_invalid_field_is_named_at_once(
    client: FlaskClient, world: World, key: str, stored_before: list[str], body: Any, fields: set[tuple[str, str, str | None]]
) -> None:
    answer = send(client, key, body)
    error = error_of(answer)
    assert (answer.status_code, error["type"], error["code"]) == (400, "invalid_request_error", "validation_error")
    found = {(d["field"], d["code"]): d["message"] for d in error["details"]}
    assert set(found) == {(field, code) for field, code, _ in fields}
    for field, code, message in fields:
        assert message in (None, found[field, code])
    assert nothing_stored_since(world, stored_before)


def test_scalars_are_shown_as_received(client: FlaskClient, key: str) -> None:
    [detail] = error_of(send(client, key, {"post": {"content": {**GOOD, "videoUrl": "not-a-url"}}}))["details"]
    assert detail == {
        "field": f"{C}.videoUrl",
        "message": "Invalid URL format",
        "code": "invalid_string",
        "received": "not-a-url",
    }


@pytest.mark.parametrize(
    "value",
    [
        "tomorrow",
        "2030-01-01",
        "2030-01-01T08:00:00",
        "",
        7,
        "2030-13-01T00:00:00Z",
        True,
        *(f"2030-01-31{between}18:30:00Z" for between in ("🙂", "X", "  ", "\t", "_")),
        "2030-W05-4T18:30:00Z",
        "2030-031T18:30:00Z",
        "20300131T18:30:00Z",
        "2030-01-31T1830Z",
        "2030-01-31T18Z",
        "2030-01-31T18:30:00+2",
        "2030-01-31T18:30:00Z ",
        "٢٠٣٠-01-31T18:30:00Z",
        "2030-01-31T24:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_a_time_that_is_none(client: FlaskClient, world: World, key: str, stored_before: list[str], value: Any) -> None:
    answer = send(client, key, {"post": {"content": GOOD}, "scheduledTime": value})
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "Invalid scheduledTime format"
    [detail] = error_of(answer)["details"]
    assert detail["field"] == "body.scheduledTime"
    assert "as in 2030-01-31T18:30:00Z" in detail["message"]
    assert nothing_stored_since(world, stored_before)


@pytest.mark.parametrize("seconds", [-3600, 0, 59])
def test_a_time_that_is_too_soon(client: FlaskClient, world: World, key: str, stored_before: list[str], seconds: int) -> None:
    soon = (world.clock.now() + timedelta(seconds=seconds)).isoformat()
    answer = send(client, key, {"post": {"content": GOOD}, "scheduledTime": soon})
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "scheduledTime must be at least 1 minute in the future"
    assert nothing_stored_since(world, stored_before)


@pytest.mark.parametrize("value", ["3000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_that_is_too_far(client: FlaskClient, key: str, value: str) -> None:
    answer = send(client, key, {"post": {"content": GOOD}, "scheduledTime": value})
    [detail] = error_of(answer)["details"]
    assert (answer.status_code, detail["field"], detail["code"]) == (400, "body.scheduledTime", "too_big")
    assert "2999-12-31T23:59:59Z" in detail["message"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "2026-01-15T09:01:00Z",
        "2026-01-15T10:01:00+01:00",
        "2099-01-01T00:00:00.123456-08:00",
        "2999-12-31T23:59:59Z",
        "2030-01-31t18:30:00z",
        "2030-01-31 18:30Z",
        "20300131T183000Z",
        "20300131T1830+02",
        "2030-01-31T18:30:00,5+0200",
        "2030-01-31T18:30:00.123456789Z",
    ],
)
def test_a_time_that_will_do(client: FlaskClient, key: str, value: Any) -> None:
    assert send(client, key, {"post": {"content": GOOD}, "scheduledTime": value}).status_code == 201


@pytest.mark.parametrize(
    ("platform", "field", "choices"),
    [
        ("threads", f"{C}.platform", []),
        ("instagram", f"{C}.platform", ["ig_a", "ig_b"]),
        (["x", {"platform": "instagram", "accountId": "ig_c"}], f"{C}.platform.1.accountId", ["ig_a", "ig_b"]),
    ],
)
def test_accounts_that_are_not_connected(
    client: FlaskClient, world: World, key: str, stored_before: list[str], platform: Any, field: str, choices: list[str]
) -> None:
    answer = send(client, key, {"post": {"content": {**GOOD, "platform": platform}}})
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (400, "missing_integrations")
    assert (error["details"][0]["field"], error["details"][0]["choices"]) == (field, choices)
    assert nothing_stored_since(world, stored_before)


def test_what_a_platform_does_not_take_is_told_per_platform_and_rule(
    client: FlaskClient, world: World, key: str, stored_before: list[str]
) -> None:
    body = {"post": {"content": {"text": "x" * 3000, "platform": ["x", {"platform": "instagram", "accountId": "ig_a"}]}}}
    answer = send(client, key, body)
    assert answer.status_code == 400
    assert {d["rule"] for d in error_of(answer)["details"]} == {
        "x.text_too_long",
        "instagram.media_required",
        "instagram.text_too_long",
    }
    assert nothing_stored_since(world, stored_before)


RAW = json.dumps({"post": {"content": GOOD}})
DEEP = '{"a":' * 70 + "1" + "}" * 70


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "validation_error"),
        (b"", "application/json", 400, "validation_error"),
        (b"[]", "application/json", 400, "validation_error"),
        (b'"text"', "application/json", 400, "validation_error"),
        (b"null", "application/json", 400, "validation_error"),
        (b'{"post": NaN}', "application/json", 400, "validation_error"),
        (b'{"post": -Infinity}', "application/json", 400, "validation_error"),
        (b'{"post": 1e999}', "application/json", 400, "validation_error"),
        (b"{" + b",".join(b'"%d":1' % (n % 90_000) for n in range(90_001)) + b"}", "application/json", 400, "validation_error"),
        (b'{"post": 1, "post": 2}', "application/json", 400, "validation_error"),
        (b'{"post": "\xff"}', "application/json", 400, "validation_error"),
        (b'{"post": {"content": {"platform": "x", "text": "\\ud800"}}}', "application/json", 400, "validation_error"),
        (b'{"post": ' + b"9" * 5000 + b"}", "application/json", 400, "validation_error"),
        (DEEP.encode(), "application/json", 400, "validation_error"),
        (b"[" * 100_000, "application/json", 400, "validation_error"),
        (b'{"post": "' + b"a" * 2_000_000 + b'"}', "application/json", 413, "payload_too_large"),
        (RAW.encode(), "text/plain", 415, "unsupported_content_type"),
        (RAW.encode(), "application/x-www-form-urlencoded", 415, "unsupported_content_type"),
        (RAW.encode(), "", 415, "unsupported_content_type"),
    ],
    ids=str,
)
def test_bodies_that_are_no_json_object(
    client: FlaskClient,
    world: World,
    key: str,
    stored_before: list[str],
    raw: bytes,
    content_type: str,
    status: int,
    code: str,
) -> None:
    answer = client.post("/v1/posts", data=raw, content_type=content_type, headers={"soku-api-key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert nothing_stored_since(world, stored_before)


class Counted(io.BytesIO):
    """As a server gives a body that declares no length, or a false one: how much of it was read?"""

    taken = 0
    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        self.largest = max(self.largest, len(piece))
        return piece


@pytest.mark.parametrize(
    "error", [InvalidChunkSize("zz"), ChunkMissingTerminator(b"x"), InvalidChunkExtension("x"), LimitRequestHeaders("x")]
)
def test_chunks_that_are_none_are_the_senders_fault(client: FlaskClient, key: str, error: Exception) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, *_: Any) -> bytes:
            raise error

    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {"soku-api-key": key, "Content-Type": "application/json"}
    answer = client.post("/v1/posts", headers=headers, environ_overrides=environ)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "validation_error")
    assert "chunks" in error_of(answer)["message"]


@pytest.mark.parametrize("declared", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "100"}])
def test_a_body_without_an_honest_length_is_counted_as_it_comes(client: FlaskClient, key: str, declared: dict[str, str]) -> None:
    stream = Counted(json.dumps({"post": {"content": {**GOOD, "text": "x" * 5_000_000}}}).encode())
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_TYPE": "application/json", **declared}
    answer = client.post("/v1/posts", headers={"soku-api-key": key}, environ_overrides=environ)
    assert answer.status_code == 413
    # As much as that is taken off the wire, so that the answer is seen, and not kept.
    assert stream.taken <= 1_100_000 + DRAINED_BYTES
    assert stream.largest <= 1_100_000


def test_depth_sixty_four_is_not_too_deep(client: FlaskClient, key: str) -> None:
    answer = client.post(
        "/v1/posts", data='{"a":' * 64 + "1" + "}" * 64, content_type="application/json", headers={"soku-api-key": key}
    )
    assert "nested" not in error_of(answer)["message"]
    assert error_of(answer)["details"][0]["field"] == "body.post"


def test_a_charset_beside_the_content_type_is_fine(client: FlaskClient, key: str) -> None:
    answer = client.post("/v1/posts", data=RAW, content_type="application/json; charset=utf-8", headers={"soku-api-key": key})
    assert answer.status_code == 201


def test_a_refusal_echoes_the_idempotency_key(client: FlaskClient, key: str) -> None:
    send(client, key, {"post": {"content": GOOD}}, **{"Idempotency-Key": "k"})
    for body in ({}, {"post": {"content": {**GOOD, "text": "other"}}}):
        answer = send(client, key, body, **{"Idempotency-Key": "k"})
        assert answer.status_code in (400, 409)
        assert answer.headers["Idempotency-Key"] == "k"


HOPELESS = {
    "http://localhost/a.jpg": "private network",
    "http://printer/a.jpg": "private network",
    "https://metadata.google.internal/": "private network",
    "http://127.0.0.1/a.jpg": "private network",
    "http://169.254.169.254/computeMetadata/v1/": "private network",
    "http://10.0.0.7/a.jpg": "private network",
    "http://2130706433/a.jpg": "private network",
    "http://0x7f.1/a.jpg": "private network",
    "http://[::1]/a.jpg": "private network",
    "http://[::ffff:10.0.0.1]/a.jpg": "private network",
    "http://e.test:8080/a.jpg": "standard port",
    "https://ada:secret@e.test/a.jpg": "user name or password",
    "https://e.test/song.mp3": "sound file",
    "https://storage.test/media/__x__.jpg": "our own storage",
    "https://storage.test/copies/abc.jpg": "our own storage",
    "https://storage.test/media/somebodyelses.jpg": "our own storage",
}


@pytest.mark.parametrize("url", HOPELESS)
def test_an_address_that_is_hopeless_by_its_text_is_refused_at_once(
    client: FlaskClient, world: World, key: str, stored_before: list[str], url: str
) -> None:
    answer = send(client, key, {"post": {"content": {**GOOD, "mediaUrls": ["https://e.test/a.jpg", url]}}})
    [detail] = error_of(answer)["details"]
    assert (answer.status_code, detail["field"], detail["rule"]) == (400, f"{C}.mediaUrls.1", "media.address")
    assert HOPELESS[url] in detail["message"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"mediaType": "video", "imageUrls": ["https://e.test/a.jpg"]}, "mediaType"),
        ({"mediaType": "image", "videoUrl": "https://e.test/a.mp4"}, "mediaType"),
    ],
)
def test_a_media_type_that_no_file_can_have_is_refused(client: FlaskClient, key: str, content: dict[str, Any], field: str) -> None:
    answer = send(client, key, {"post": {"content": {**GOOD, **content}}})
    assert (answer.status_code, [d["field"] for d in error_of(answer)["details"]]) == (400, [f"{C}.{field}"])


CONTROLS = {
    "\0": "U+0000",
    "\x1b[31m": "U+001B",
    "\x7f": "U+007F",
    "a\bb": "U+0008",
}


@pytest.mark.parametrize("text", CONTROLS)
def test_control_characters_are_refused_where_they_stand(client: FlaskClient, key: str, text: str) -> None:
    target = {"platform": "x", "options": {"text": text}}
    answer = send(client, key, {"post": {"content": {**GOOD, "text": f"a{text}", "platform": [target]}}})
    details = error_of(answer)["details"]
    assert {d["field"] for d in details} == {f"{C}.text", f"{C}.platform.0.options.text"}
    assert {d["code"] for d in details} == {"invalid_string"}
    assert all(CONTROLS[text] in d["message"] for d in details)


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u200d ", "\u2060\n"])
def test_a_text_that_nobody_can_see_is_none(client: FlaskClient, key: str, text: str) -> None:
    answer = send(client, key, {"post": {"content": {**GOOD, "text": text}}})
    assert (answer.status_code, error_of(answer)["details"][0]["message"]) == (400, "A post needs text or media")


SENTENCES = {
    b"\xef\xbb\xbf{}": "byte order mark",
    b'{"post": ' + b"1" * 5000 + b"}": "a number of 5000 digits is too large",
    b'{"post": []}': "Expected an object",
    b'{"post": {"content": {"platform": "x", "text": 7}}}': "Expected text",
    b'{"post": {"content": {"platform": "x", "mediaIds": ["a/b"]}}}': "This is no media id",
}


@pytest.mark.parametrize("raw", SENTENCES)
def test_refusals_are_sentences_about_the_request_and_not_about_python(client: FlaskClient, key: str, raw: bytes) -> None:
    answer = client.post("/v1/posts", data=raw, content_type="application/json", headers={"soku-api-key": key})
    error = error_of(answer)
    told = " ".join([error["message"], *(detail["message"] for detail in error["details"])])
    assert (answer.status_code, SENTENCES[raw] in told) == (400, True), told
    assert not [word for word in ("instance of", "sys.", "utf-8-sig", "pattern", "PostIn") if word in told]


def test_a_refusal_is_in_the_customers_log(client: FlaskClient, world: World, key: str) -> None:
    send(client, key, {}, **{"X-Request-ID": "my-debug-123"})
    [log] = world.paths("users/ada/apiRequests/")
    fields = world.document(log).fields
    assert (fields["requestId"], fields["status"], fields["errorCode"]) == ("my-debug-123", 400, "validation_error")
    assert fields["path"] == "/v1/posts"


def test_a_body_full_of_faults_is_answered_briefly(world: World) -> None:
    key = world.user()
    answer = world.post(key, {"text": "t", "platform": ["q"] * 150_000})
    assert answer.status_code == 400
    assert len(answer.data) < 100_000
    answer = world.client().post("/v1/posts", json={str(n): 1 for n in range(10_000)}, headers={"soku-api-key": key})
    assert answer.status_code == 400
    assert len(answer.data) < 100_000


def test_an_unknown_option_names_those_there_are(client: FlaskClient, key: str) -> None:
    target = {"platform": "youtube", "options": {"privcy": "private"}}
    [detail] = error_of(send(client, key, {"post": {"content": {"text": "hello", "platform": target}}}))["details"]
    assert (detail["field"], detail["code"]) == (f"{C}.platform.options.privcy", "unrecognized_keys")
    assert detail["message"].startswith("Unrecognized option: youtube has text, title, privacy, tags, madeForKids, thumbnailUrl")


@pytest.mark.parametrize(
    ("platform", "options", "rule_or_field"),
    [
        ("x", {"text": ""}, "x.text_required"),
        ("x", {"text": "  "}, "x.text_required"),
        ("x", {"thread": [" "]}, "body.post.content.platform.0.options.thread.0"),
        ("youtube", {"title": " "}, "body.post.content.platform.0.options.title"),
        ("instagram", {"firstComment": ""}, "body.post.content.platform.0.options.firstComment"),
        ("instagram", {"firstComment": "x" * 2201}, "body.post.content.platform.0.options.firstComment"),
        ("snapchat", {"locale": "english"}, "body.post.content.platform.0.options.locale"),
    ],
)
def test_blank_and_garbled_options_are_refused_in_whole_sentences(
    world: World, platform: str, options: dict[str, Any], rule_or_field: str
) -> None:
    key = world.user(connect=(f"{platform}:main",))
    answer = world.post(key, {"text": "hello", "platform": [{"platform": platform, "options": options}]})
    assert answer.status_code == 400
    details = answer.get_json()["error"]["details"]
    assert rule_or_field in {one.get("rule") for one in details} | {one["field"] for one in details}
    assert not any("{{" in one["message"] for one in details)


def test_fifty_thousand_members_and_a_string_of_900_kb_are_refused_briefly(client: FlaskClient, key: str) -> None:
    many = {f"option{n}": 1 for n in range(50_000)}
    for body in (
        {"post": {"content": {**GOOD, "platform": {"platform": "x", "options": many}}}},
        {"post": {"content": {**GOOD, "mediaType": "x" * 900_000}}},
        {"post": {"content": {**GOOD, "x" * 900_000: 1}}},
    ):
        answer = send(client, key, body)
        assert answer.status_code == 400
        assert len(answer.data) < 5_000


@pytest.mark.parametrize("path", ["/v1/posts", "/v1/nothing", "/health"])
def test_every_answer_echoes_the_idempotency_key(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Idempotency-Key": "mine"}).headers["Idempotency-Key"] == "mine"
    assert "Idempotency-Key" not in client.get(path, headers={"Idempotency-Key": "ä"}).headers
