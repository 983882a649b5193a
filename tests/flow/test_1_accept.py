"""Step 1: the API accepts a post, once, whatever happens to its answers."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.flow.conftest import Customer, until


def test_twenty_five_at_once_make_one_submission(customer: Customer) -> None:
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: customer.post({"text": "at once"}, headers={"Idempotency-Key": "k"}), range(25)))
    assert {answer.status_code for answer in answers} == {201}
    [submission_id] = {answer.json()["postSubmissionId"] for answer in answers}
    assert len(customer.submissions()) == 1
    customer.completed(submission_id)
    assert [entry["text"] for entry in customer.ledger()] == ["at once"]


def test_another_body_under_the_same_key_is_a_conflict(customer: Customer) -> None:
    assert customer.post({"text": "one"}, headers={"Idempotency-Key": "k"}).status_code == 201
    answer = customer.post({"text": "two"}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert len(customer.submissions()) == 1


def test_a_lost_answer_to_the_commit_makes_one_post(customer: Customer) -> None:
    customer.stack.plan_kill("api", "documents.commit", 1, "lost")
    answer = customer.post({"text": "lost answer"})
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)
    customer.completed(answer.json()["postSubmissionId"])
    assert len(customer.submissions()) == 1
    assert len(customer.ledger()) == 1


def test_a_killed_api_loses_nothing_that_it_stored_and_the_same_request_finds_it(customer: Customer) -> None:
    kills = (
        ("documents.commit", "before", 0),
        ("documents.commit", "after", 1),
        ("tasks.enqueue", "before", 1),
        ("tasks.enqueue", "after", 1),
    )
    for number, (call, when, stored) in enumerate(kills):
        post = {"text": f"killed {call} {when}"}
        customer.stack.plan_kill("api", call, 1, when)
        with pytest.raises(requests.ConnectionError):
            customer.post(post)
        assert len(customer.submissions()) == number + stored
        until(lambda post=post: _is_accepted(customer, post))
    submissions = customer.submissions()
    assert len(submissions) == len(kills)
    for submission in submissions:
        customer.completed(submission.id)
    assert sorted(entry["text"] for entry in customer.ledger()) == sorted(f"killed {call} {when}" for call, when, _ in kills)


def _is_accepted(customer: Customer, post: dict[str, str]) -> bool:
    try:
        return customer.post(post).status_code == 201
    except requests.ConnectionError:
        return False


def test_a_chunked_body_is_counted_on_the_stream(customer: Customer) -> None:
    def chunks():  # type: ignore[no-untyped-def]
        for _ in range(20):
            yield b" " * 100_000

    headers = {"soku-api-key": customer.key, "Content-Type": "application/json"}
    answer = requests.post(f"{customer.stack.apiUrl}/v1/posts", data=chunks(), headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")


def test_a_key_made_with_a_real_id_token_opens_and_a_revoked_one_does_not(customer: Customer) -> None:
    api, signed_in = customer.stack.apiUrl, {"Authorization": f"Bearer {customer.stack.demo['idToken']}"}
    made = requests.post(f"{api}/v1/api-keys", json={"name": "flow"}, headers=signed_in, timeout=30)
    assert made.status_code == 201
    listed = requests.get(f"{api}/v1/api-keys", headers=signed_in, timeout=30).json()["keys"]
    [mine] = [key for key in listed if key["name"] == "flow"]
    body = {"post": {"content": {"text": "with a new key", "platform": "x"}}}
    post = {"json": body, "headers": {"soku-api-key": made.json()["apiKey"]}, "timeout": 30}
    assert requests.post(f"{api}/v1/posts", **post).status_code == 201
    assert requests.delete(f"{api}/v1/api-keys/{mine['id']}", headers=signed_in, timeout=30).json() == {"revoked": True}
    refused = requests.post(f"{api}/v1/posts", **post)
    assert (refused.status_code, refused.json()["error"]["message"]) == (401, "API key revoked")
    assert requests.get(f"{api}/v1/api-keys", headers={"Authorization": "Bearer junk"}, timeout=30).status_code == 401


def test_a_body_of_five_megabytes_is_answered(customer: Customer) -> None:
    answer = customer.post({"text": "x" * 5_000_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")


STALLED = (
    b"POST /v1/posts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\nsoku-api-key: %s\r\n\r\n{"
)


def answer_to(customer: Customer, sent: bytes, *, trickling: bool = False) -> bytes:
    """What the API sends back to these very bytes, and to one more a second."""
    address = urlsplit(customer.stack.apiUrl)
    answered = b""
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=40) as connection:
        connection.sendall(sent)
        connection.settimeout(1.0 if trickling else 40.0)
        while True:
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                connection.sendall(b" ")
                continue
            if not piece:
                return answered
            answered += piece


@pytest.mark.parametrize("trickling", [False, True])
def test_a_body_that_does_not_arrive_is_not_waited_for(customer: Customer, trickling: bool) -> None:
    answered = answer_to(customer, STALLED % customer.key.encode(), trickling=trickling)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"did not arrive within 10 seconds" in answered


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"])
def test_what_is_no_http_is_answered_like_everything_else(customer: Customer, sent: bytes) -> None:
    head, _, body = answer_to(customer, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"X-Content-Type-Options: nosniff" in head
    error = json.loads(body)["error"]
    assert (error["type"], error["code"], f"X-Request-ID: {error['requestId']}".encode() in head) == (
        "invalid_request_error",
        "validation_error",
        True,
    )
