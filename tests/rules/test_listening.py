"""Does the owner's web app, which only listens, see a post on its way from the API to both platforms?"""

import json
from typing import Any

import pytest

from tests.flow.conftest import Customer, until
from tests.rules.conftest import Owned, post_everywhere, secrets_of
from tests.rules.webapp import REFUSED, Attempt, WebApp, unless

pytestmark = pytest.mark.parametrize("where", ["node", "chrome"])

SUBMISSION_STATES = {"queued": 0, "orchestrating": 1, "dispatched": 2}
RUN_STATES = {"queued": 0, "processing": 1, "succeeded": 2, "failed": 2}


def moved_forward(record: dict[str, Any], order: dict[str, int]) -> bool:
    """A listener may skip a state or see one again, with other fields; it may never see an earlier one."""
    states = [seen["status"] for seen in record["seen"]]
    return set(states) <= set(order) and states == sorted(states, key=order.__getitem__)


def test_the_owner_sees_a_post_move_forward_until_it_is_on_both_platforms(web: WebApp, where: str, owner: Customer) -> None:
    web.watch(owner.uid)
    submission_id = post_everywhere(owner, f"Watched from {where}")

    def completed() -> bool:
        post = web.watched(owner.uid)["posts"].get(submission_id)
        runs = [run["seen"][-1]["status"] for run in post["runs"].values()] if post else []
        return len(runs) == 2 and all(RUN_STATES.get(status) == 2 for status in runs) and "completedAt" in post["seen"][-1]

    until(completed, lambda: f"the listeners saw {web.watched(owner.uid)}")
    watched = web.watched(owner.uid)
    assert watched["errors"] == []
    post = watched["posts"][submission_id]
    assert moved_forward(post, SUBMISSION_STATES), post
    assert post["seen"][-1]["status"] == "dispatched"
    assert post["seen"][-1]["completedAt"]
    assert set(post["runs"]) == {"x", "instagram"}
    for platform, run in post["runs"].items():
        assert moved_forward(run, RUN_STATES), run
        assert run["seen"][-1]["status"] == "succeeded", run
        [published] = [entry for entry in owner.ledger(owner.account(platform)) if entry["text"] == f"Watched from {where}"]
        assert run["seen"][-1]["platformPostUrl"] == published["url"]
    # Nor did a secret show while the runs were under way.
    assert [secret for secret in secrets_of(owner) if secret in json.dumps(watched)] == []


def test_a_run_is_listened_to_before_it_is_there(web: WebApp, where: str, owner: Customer) -> None:
    """Right after the 201, when nobody has made the run yet."""
    submission_id = post_everywhere(owner, f"Awaited from {where}")
    run = f"postSubmissions/{submission_id}/runs/x"
    [seen] = web.tries(owner.uid, [Attempt("listenUntilDone", run)]).values()
    assert isinstance(seen, dict), seen
    assert seen["x"]["status"] == "succeeded"


def test_the_owner_sees_no_runs_without_asking_for_their_own(web: WebApp, owned: Owned) -> None:
    """Rules are no filters: the plain collection of the own post's runs is refused, though every run in it could be read."""
    runs = f"postSubmissions/{owned.submission}/runs"
    plain = [Attempt("list", runs), Attempt("listen", runs), Attempt("count", runs)]
    assert unless(web.tries(owned.owner.uid, plain), REFUSED) == {}
    [seen] = web.tries(owned.owner.uid, [Attempt("listen", runs, (("uid", "==", owned.owner.uid),))]).values()
    assert set(seen) == {"x", "instagram"}
