"""What a post may cost, counted."""

import pytest

from tests.bench.costs import costs_of_a_text_post, costs_of_addresses
from tests.bench.endpoints import BUDGETS, FREE, SCENARIOS, cost_of, operations


@pytest.mark.parametrize("accounts", [1, 3, 8])
def test_a_text_post_stays_within_its_budget(accounts: int) -> None:
    costs = costs_of_a_text_post(accounts)
    budget = costs.budget
    assert costs.request_rpcs <= budget.request_rpcs
    assert costs.reads <= budget.reads
    assert costs.writes <= budget.writes
    assert costs.invocations <= budget.invocations


@pytest.mark.parametrize("number", [1, 4])
def test_what_addresses_add(number: int) -> None:
    """One invocation; two writes for each copy, one that says that all are done, and two that count them in the user and back; who
    is read for that. The request asks for nothing more."""
    more = costs_of_addresses(number)
    assert (more.reads, more.writes, more.invocations) == (3, 3 + 2 * number, 1)
    assert more.request_rpcs <= 0


def test_every_endpoint_has_a_budget() -> None:
    assert operations() == set(SCENARIOS) | FREE
    assert set(BUDGETS) == set(SCENARIOS)


@pytest.mark.parametrize("operation", SCENARIOS)
def test_an_endpoint_stays_within_its_budget(operation: str) -> None:
    cost, budget = cost_of(operation), BUDGETS[operation]
    assert (cost.rpcs <= budget.rpcs, cost.reads <= budget.reads, cost.writes <= budget.writes, cost.tasks <= budget.tasks) == (
        True,
        True,
        True,
        True,
    ), cost
