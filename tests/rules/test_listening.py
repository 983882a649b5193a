"""Does the owner's web app, which only listens, see a post on its way from the API to both platforms?"""

from typing import Any

import pytest

from tests.flow.conftest import Customer, until
from tests.rules.conftest import Owned, post_everywhere
from tests.rules.webapp import REFUSED, Attempt, WebApp, unless

pytestmark = pytest.mark.parametrize("where", ["node", "chrome"])

SUBMISSION_STATES = {"queued": 0, "orchestrating": 1, "dispatched": 2}
RUN_STATES = {"queued": 0, "processing": 1, "succeeded": 2, "failed": 2}


def only_moved_forward(states: list[str], order: dict[str, int]) -> bool:
    """A listener may skip a state or see one again, with other fields; it may never see an earlier one."""
    return all(state in order for state in states) and [order[state] for state in states] == sorted(
        order[state] for state in states
    )


def test_the_owner_sees_a_post_move_forward_until_it_is_on_both_platforms(web: WebApp, where: str, owner: Customer) -> None:
    web.watch(owner.uid)
    submission_id = post_everywhere(owner, f"Watched from {where}")
    post: dict[str, Any] = {}

    def completed() -> bool:
        post.update(web.watched(owner.uid)["posts"].get(submission_id, {}))
        ended = [run for run in post.get("runs", {}).values() if RUN_STATES.get(run["last"]["status"]) == 2]
        return bool(post) and bool(post["last"].get("completedAt")) and len(ended) == 2

    until(completed, lambda: f"the listeners saw {web.watched(owner.uid)}")
    assert web.watched(owner.uid)["errors"] == []
    assert only_moved_forward(post["states"], SUBMISSION_STATES), post
    assert post["last"]["status"] == "dispatched"
    assert set(post["runs"]) == {"x", "instagram"}
    for run_id, run in post["runs"].items():
        assert only_moved_forward(run["states"], RUN_STATES), run
        assert run["last"]["status"] == "succeeded", run
        [published] = [entry for entry in owner.ledger(getattr(owner, run_id)) if entry["text"] == f"Watched from {where}"]
        assert run["last"]["platformPostUrl"] == published["url"]


def test_the_owner_sees_no_runs_without_asking_for_their_own(web: WebApp, owned: Owned) -> None:
    """Rules are no filters: the plain collection of the own post's runs is refused, though every run in it could be read."""
    runs = f"postSubmissions/{owned.submission}/runs"
    plain = [Attempt("list", runs), Attempt("listen", runs), Attempt("count", runs)]
    assert unless(web.tries(owned.owner.uid, plain), REFUSED) == {}
    [seen] = web.tries(owned.owner.uid, [Attempt("listen", runs, (("uid", "==", owned.owner.uid),))]).values()
    assert set(seen) == {"x", "instagram"}
