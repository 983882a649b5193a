"""May the owner read from a browser everything that is theirs to see, and is no secret among it?"""

import json
import re

import pytest

from tests.rules.conftest import Owned, secrets_of
from tests.rules.webapp import Attempt, WebApp, unless

pytestmark = pytest.mark.parametrize("where", ["node", "chrome"])


def collection(path: str) -> str:
    return path.rpartition("/")[0]


def name(path: str) -> str:
    return path.rpartition("/")[2]


def test_the_owner_reads_every_document_that_is_theirs_to_see(web: WebApp, owned: Owned) -> None:
    uid = owned.owner.uid
    attempts = [Attempt(kind, path) for path in owned.readable for kind in ("get", "listenDocument")]
    for attempt, outcome in web.tries(uid, attempts).items():
        assert isinstance(outcome, dict), f"{attempt}: {outcome}"
        assert outcome[name(attempt.path)]["uid"] == uid, f"{attempt}: {outcome}"


NOT_YET = ["postSubmissions/none", "postSubmissions/none/runs/x", "postSubmissions/none/media/none", "media/none", "jobs/none"]


def test_what_is_not_there_yet_can_be_asked_for(web: WebApp, owned: Owned) -> None:
    attempts = [Attempt(kind, path) for path in NOT_YET for kind in ("get", "listenDocument")]
    assert unless(web.tries(owned.owner.uid, attempts), {}) == {}


def test_the_owner_lists_what_is_in_their_own_branch(web: WebApp, owned: Owned) -> None:
    lists = {collection(path) for path in owned.by_path} - {"users", f"users/{owned.owner.uid}/credits"}
    attempts = [Attempt(kind, path) for path in sorted(lists) for kind in ("list", "listen")]
    assert attempts
    for attempt, outcome in web.tries(owned.owner.uid, attempts).items():
        expected = {name(path) for path in owned.by_path if collection(path) == attempt.path}
        assert expected <= set(outcome), f"{attempt}: {outcome}"


def test_the_owner_lists_what_carries_their_uid(web: WebApp, owned: Owned) -> None:
    own = (("uid", "==", owned.owner.uid),)
    lists = sorted({collection(path) for path in owned.by_field})
    attempts = [Attempt(kind, path, own) for path in lists for kind in ("list", "listen")]
    for attempt, outcome in web.tries(owned.owner.uid, attempts).items():
        expected = {name(path) for path in owned.by_field if collection(path) == attempt.path}
        assert expected <= set(outcome), f"{attempt}: {outcome}"


def test_a_stranger_who_asks_for_their_own_sees_nothing_of_the_owner(web: WebApp, owned: Owned, stranger: str) -> None:
    lists = sorted({collection(path) for path in owned.by_field})
    outcomes = web.tries(
        stranger, [Attempt(kind, path, (("uid", "==", stranger),)) for path in lists for kind in ("list", "listen")]
    )
    assert set(map(json.dumps, outcomes.values())) == {"{}"}


def test_nothing_that_the_owner_reads_holds_a_token_or_a_key(web: WebApp, owned: Owned) -> None:
    outcomes = web.tries(owned.owner.uid, [Attempt("get", path) for path in owned.readable])
    seen = json.dumps(list(outcomes.values()))
    assert [secret for secret in secrets_of(owned.owner) if secret in seen] == []
    # Nor any other key, however it may have got there.
    assert re.findall(r"sk_live_\w+", seen) == []
