"""Counts what one text post costs, from request to settled, on the twins: no clock, so no noise."""

from dataclasses import dataclass

from tests.fakes.world import World


@dataclass(frozen=True)
class Costs:
    """`request_rpcs` are the sequential ones of POST /v1/posts, its task included."""

    accounts: int
    request_rpcs: int
    reads: int
    writes: int
    invocations: int

    @property
    def budget(self) -> "Costs":
        """What the architecture allows (section 5), and a read per run, which looks for its submission before it publishes."""
        n = self.accounts
        return Costs(n, request_rpcs=4, reads=5 + 4 * n, writes=7 + 5 * n, invocations=n + 2)


def costs_of_a_text_post(accounts: int) -> Costs:
    world = World()
    names = [f"x_{n}" for n in range(accounts)]
    key = world.user(connect=[f"x:{name}" for name in names])
    before = vars(world.memory.counts).copy()
    client = world.client()
    targets = [{"platform": "x", "accountId": name} for name in names]
    answer = client.post("/v1/posts", json={"post": {"content": {"text": "t", "platform": targets}}}, headers={"soku-api-key": key})
    assert answer.status_code == 201
    request_rpcs = world.memory.counts.rpcs - before["rpcs"] + len(world.tasks)
    world.run_for(30)
    assert len(world.sandbox.ledger) == accounts
    counts = world.memory.counts
    return Costs(
        accounts,
        request_rpcs,
        reads=counts.reads - before["reads"],
        writes=counts.writes - before["writes"],
        invocations=1 + world.invocations,
    )


def print_costs() -> None:
    print("A text post to N accounts, from request to settled: counted / allowed")
    print(f"{'N':>3} {'RPCs of the request':>20} {'document reads':>16} {'writes':>12} {'invocations':>12}")
    for accounts in (1, 3, 8):
        costs = costs_of_a_text_post(accounts)
        budget = costs.budget
        pairs = [f"{getattr(costs, name)} / {getattr(budget, name)}" for name in ("request_rpcs", "reads", "writes", "invocations")]
        print(f"{accounts:>3} {pairs[0]:>20} {pairs[1]:>16} {pairs[2]:>12} {pairs[3]:>12}")
