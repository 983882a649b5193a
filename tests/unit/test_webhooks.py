"""Webhooks in virtual time: when an event is sent again, what one endpoint's trouble does to others, and that none is lost."""

import base64
import hashlib
import hmac
import itertools
from datetime import timedelta
from typing import Any

import pytest

from shared.core.encryption import Cipher
from shared.documents.document import Unavailable, Update
from shared.tasks.task import deliver_to
from shared.webhooks.deliver import MAX_ENDPOINT_PAUSE, deliver
from shared.webhooks.delivery import PAUSES
from shared.webhooks.endpoint import BOTH_SIGN, MAX_ENDPOINTS, Endpoint
from shared.webhooks.register import RegisterPorts, delete_endpoint, register, rotate_secret
from shared.webhooks.reseal import reseal_webhooks
from tests.fakes.outside import Received
from tests.fakes.world import World

HERE, THERE = "https://here.test/hook", "https://there.test/hook"
DAY = 24 * 3600


@pytest.fixture
def key(world: World) -> str:
    return world.user()


def registering(world: World) -> RegisterPorts:
    return RegisterPorts(world.documents, world.cipher, world.clock)


def webhook(world: World, url: str = HERE, *events: str, uid: str = "ada") -> tuple[str, str]:
    fields = {"url": url, "events": list(events) or ["*"], "payload": "thin", "description": None}
    return register(uid, fields, registering(world))


def shown(world: World, endpoint_id: str) -> Any:
    return world.document(f"webhooks/{endpoint_id}").fields


def deliveries(world: World, endpoint_id: str) -> list[Any]:
    return [world.document(path).fields for path in world.paths(f"webhooks/{endpoint_id}/deliveries/")]


def told(world: World, url: str = HERE) -> list[Received]:
    return [one for one in world.receivers.got if one.url == url]


def types(world: World, url: str = HERE) -> list[str]:
    return [one.event["type"] for one in told(world, url)]


def test_an_event_that_nobody_takes_is_tried_nine_times_in_two_days(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.receivers.always[HERE] = 404
    world.accepted(key, {"text": "hello"})
    world.run_for(3 * DAY)
    at = [one.at for one in told(world)]
    assert [later - earlier for earlier, later in itertools.pairwise(at)] == list(PAUSES)
    assert at[-1] - at[0] == timedelta(hours=51, minutes=35, seconds=5)
    [delivery] = deliveries(world, endpoint_id)
    assert (delivery["status"], delivery["tries"]) == ("failed", 9)
    assert {one.headers["webhook-id"] for one in told(world)} == {world.paths("users/ada/events/")[0].rpartition("/")[2]}


@pytest.mark.parametrize("status", [None, 500, 429])
def test_while_an_endpoint_does_not_answer_all_that_is_for_it_waits(world: World, key: str, status: int | None) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    webhook(world, THERE, "post.completed")
    world.receivers.always[HERE] = status
    for text in ("one", "two", "three"):
        world.accepted(key, {"text": text})
        world.run_for(30)
    assert len(told(world, THERE)) == 3, "one that does not answer delays nobody else"
    asked = len(told(world))
    assert asked < 6
    del world.receivers.always[HERE]
    world.run_for(MAX_ENDPOINT_PAUSE.total_seconds() + 60)
    assert [delivery["status"] for delivery in deliveries(world, endpoint_id)] == ["delivered"] * 3
    taken = [one.headers["webhook-id"] for one in told(world)[asked:]]
    assert len(taken) == len(set(taken)) == 3
    assert "failures" not in shown(world, endpoint_id)


def test_who_refuses_one_event_gets_the_others_at_once(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "run.succeeded", "post.completed")
    world.receivers.answers[HERE] = [301]
    world.accepted(key, {"text": "hello"})
    world.run_for(1)
    assert sorted(types(world)) == ["post.completed", "run.succeeded"]
    assert "redirects are not followed" in shown(world, endpoint_id)["lastFailure"]["message"]
    world.run_for(10)
    assert len(told(world)) == 3


def test_one_that_says_410_is_disabled_at_once_and_the_others_are_told(world: World, key: str) -> None:
    gone, _ = webhook(world, HERE)
    webhook(world, THERE, "webhook.disabled")
    world.receivers.always[HERE] = 410
    world.accepted(key, {"text": "hello"})
    world.run_for(120)
    assert (shown(world, gone)["enabled"], shown(world, gone)["disabledReason"]) == (False, "It answered 410 Gone.")
    assert types(world, THERE) == ["webhook.disabled"]
    assert {delivery["status"] for delivery in deliveries(world, gone)} == {"failed"}
    assert world.document("users/ada").fields["webhookTypes"] == ["webhook.disabled"]
    asked = len(told(world))
    world.accepted(key, {"text": "again"})
    world.run_for(3600)
    assert len(told(world)) == asked


def test_one_that_takes_nothing_for_five_days_is_disabled(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.receivers.always[HERE] = 503
    for day in range(7):
        world.accepted(key, {"text": f"day {day}"})
        world.run_for(DAY, tick=600)
    fields = shown(world, endpoint_id)
    assert (fields["enabled"], fields["disabledReason"]) == (False, "It took nothing for 5 days.")
    assert fields["updatedAt"] == fields["createdAt"]
    assert "pending" not in {delivery["status"] for delivery in deliveries(world, endpoint_id)}
    assert "webhookTypes" not in world.document("users/ada").fields


def test_what_is_sent_can_be_verified_by_either_secret_for_a_day(world: World, key: str) -> None:
    endpoint_id, first = webhook(world, HERE, "post.completed")
    second = rotate_secret("ada", endpoint_id, registering(world))
    world.accepted(key, {"text": "one"})
    world.run_for(5)
    world.run_for(BOTH_SIGN.total_seconds())
    world.accepted(key, {"text": "two"})
    world.run_for(5)
    early, late = told(world)
    assert [_verifies(secret, one) for one in (early, late) for secret in (first, second)] == [True, True, False, True]
    assert first not in str(shown(world, endpoint_id))
    assert first != second


def _verifies(secret: str, received: Received) -> bool:
    """As the library does, which would refuse a time that is virtual."""
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in received.headers["webhook-signature"].split(" ")


def test_events_and_deliveries_whose_tasks_were_lost_are_sent_by_the_sweeper(world: World, key: str) -> None:
    webhook(world, HERE, "post.completed")
    world.accepted(key, {"text": "hello"})
    original = world.tasks.enqueue

    def lose(task: Any) -> None:
        if task.queue.name != "webhooks":
            original(task)

    world.tasks.enqueue = lose  # type: ignore[method-assign]
    world.run_for(30)
    assert told(world) == []
    world.tasks.enqueue = original  # type: ignore[method-assign]
    world.run_for(240)
    assert types(world) == ["post.completed"]


def test_a_worker_that_dies_after_sending_sends_again_under_the_same_id(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.accepted(key, {"text": "hello"})
    send = world.receivers.send

    def die(*given: Any) -> Any:
        send(*given)
        world.receivers.send = send  # type: ignore[method-assign]
        raise Unavailable

    world.receivers.send = die  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.run_for(5)
    world.run_for(240)
    ids = [one.headers["webhook-id"] for one in told(world)]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert deliveries(world, endpoint_id)[0]["status"] == "delivered"


def test_who_meets_another_worker_leaves_the_endpoint_to_it(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.accepted(key, {"text": "hello"})
    send, met = world.receivers.send, []

    def meanwhile(*given: Any) -> Any:
        world.receivers.send = send  # type: ignore[method-assign]
        deliver(endpoint_id, world.telling)
        met.append(len(told(world)))
        return send(*given)

    world.receivers.send = meanwhile  # type: ignore[method-assign]
    world.run_for(120)
    assert met == [0]
    assert len(told(world)) == 1


def test_what_comes_while_a_worker_stops_is_not_left_to_the_sweeper(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "run.succeeded", "post.completed")
    send = world.receivers.send

    def another(*given: Any) -> Any:
        world.receivers.send = send  # type: ignore[method-assign]
        world.accepted(key, {"text": "two"})
        # Its tasks meet the endpoint held.
        world.deliver_due()
        return send(*given)

    world.receivers.send = another  # type: ignore[method-assign]
    world.accepted(key, {"text": "one"})
    world.deliver_due()
    assert len(told(world)) == 4
    assert {delivery["status"] for delivery in deliveries(world, endpoint_id)} == {"delivered"}


def test_a_burst_of_events_is_sent_in_portions_of_thirty_seconds(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    send = world.receivers.send

    def slowly(*given: Any) -> Any:
        world.clock.advance(4)
        return send(*given)

    world.receivers.send = slowly  # type: ignore[method-assign]
    for number in range(20):
        world.accepted(key, {"text": f"post {number}"})
    world.run_for(300)
    assert len(told(world)) == 20
    assert {delivery["status"] for delivery in deliveries(world, endpoint_id)} == {"delivered"}


def test_nothing_is_written_for_whom_nobody_tells(world: World, key: str) -> None:
    world.accepted(key, {"text": "hello"})
    world.run_for(60)
    assert world.paths("users/ada/events/") == []
    assert "webhookTypes" not in world.submission(next(iter(world.paths("postSubmissions/"))).split("/")[1])


def test_another_users_webhooks_are_told_nothing(world: World, key: str) -> None:
    world.user("eve")
    webhook(world, THERE, uid="eve")
    webhook(world, HERE)
    world.accepted(key, {"text": "hello"})
    world.run_for(60)
    assert told(world)
    assert told(world, THERE) == []


def test_a_user_has_at_most_ten(world: World, key: str) -> None:
    for _ in range(MAX_ENDPOINTS):
        webhook(world)
    with pytest.raises(Exception, match="as many webhooks"):
        webhook(world)


def test_a_task_for_an_endpoint_that_is_gone_does_nothing(world: World) -> None:
    world.deliver(deliver_to("wh_gone"))


def test_several_that_wait_for_an_endpoint_are_tried_as_soon_as_one_would_be(world: World, key: str) -> None:
    webhook(world, HERE, "run.succeeded", "post.completed")
    world.receivers.always[HERE] = 503
    world.accepted(key, {"text": "hello"})
    world.run_for(600)
    began = told(world)[0].at
    after = [round((one.at - began).total_seconds()) for one in told(world)]
    # Both at once; then one, five seconds later; and one after five minutes.
    assert after[:4] == [0, 0, 5, 305]


def test_what_waits_for_an_endpoint_that_was_deleted_is_given_up(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.receivers.always[HERE] = 503
    world.accepted(key, {"text": "hello"})
    world.run_for(60)
    delete_endpoint("ada", endpoint_id, registering(world))
    world.run_for(3 * 3600)
    assert [delivery["status"] for delivery in deliveries(world, endpoint_id)] == ["failed"]


def test_what_the_new_secret_signs_is_sent_though_the_old_one_cannot_be_read(world: World, key: str) -> None:
    endpoint_id, _ = webhook(world, HERE, "post.completed")
    world.api_ports.documents.commit(Update(f"webhooks/{endpoint_id}", {"secret": {"keyId": "gone", "ciphertext": "AAAA"}}))
    second = rotate_secret("ada", endpoint_id, registering(world))
    world.accepted(key, {"text": "hello"})
    world.run_for(5)
    [received] = told(world)
    assert _verifies(second, received)


def test_secrets_outlive_the_key_that_encrypted_them(world: World, key: str) -> None:
    endpoint_id, secret = webhook(world, HERE, "post.completed")
    newer = Cipher({"k2": b"2" * 32, "k1": b"1" * 32})
    assert reseal_webhooks(newer, documents=world.documents, clock=world.clock) == 1
    assert reseal_webhooks(newer, documents=world.documents, clock=world.clock) == 0
    alone = Cipher({"k2": b"2" * 32})
    assert Endpoint.from_document(world.document(f"webhooks/{endpoint_id}")).secrets(alone, world.clock.now()) == [secret]
