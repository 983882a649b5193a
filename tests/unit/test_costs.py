"""What a post may cost, counted."""

import pytest

from tests.bench.costs import costs_of_a_text_post


@pytest.mark.parametrize("accounts", [1, 3, 8])
def test_a_text_post_stays_within_its_budget(accounts: int) -> None:
    costs = costs_of_a_text_post(accounts)
    budget = costs.budget
    assert costs.request_rpcs <= budget.request_rpcs
    assert costs.reads <= budget.reads
    assert costs.writes <= budget.writes
    assert costs.invocations <= budget.invocations
