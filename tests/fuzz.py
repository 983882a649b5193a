"""`make fuzz`: what the API's description allows, and much that it does not, asked of the API in memory, minute by minute.

Schemathesis makes the requests and checks the answers: no 500, nothing undescribed, nothing accepted that the schema refuses.
"""

import argparse
import ipaddress
import os
from dataclasses import dataclass, field, replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from functions.api.app import create_app
from functions.api.request.limits import Limiter
from shared.credits.credits import grant
from shared.documents.document import Merge
from tests.fakes.world import SETTINGS, World

# Whether a request that fits the schema is accepted depends on accounts, files and credits that a made-up request does not have;
# and what was deleted is looked for by a chain of requests that this does not make.
NOT_CHECKED = {"positive_data_acceptance", "use_after_free", "ensure_resource_availability"}


@dataclass
class Fuzzed:
    """The API, its description, and an admin at an admin's address who may do everything."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        world = self.world
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        known = world.api_ports.settings.model_copy(update={"admin_ips": networks})
        world.api_ports = replace(world.api_ports, settings=known, limiter=Limiter.of(known, world.documents, world.clock))
        self.key = world.user(connect=["x:x_main", "threads:threads_main"])
        world.documents.commit(Merge("users/ada", {"admin": True}))
        grant("ada", 1_000_000, "start", documents=world.documents, clock=world.clock)
        self.schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", create_app(world.api_ports))

    def ask(self, case: Any) -> None:
        """One request, a minute after the one before, in which whatever that began has gone on. Raises what the checks find."""
        self.world.run_for(60, tick=20)
        needs = [name for one in case.operation.definition.raw.get("security", []) for name in one]
        headers = {"soku-api-key": self.key} if "apiKey" in needs else {"Authorization": "Bearer token-of-ada"} if needs else {}
        excluded = [check for check in CHECKS.get_all() if check.__name__ in NOT_CHECKED]
        case.call_and_validate(headers=headers, excluded_checks=excluded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--max-examples", type=int, default=100, help="of each operation")
    wanted = parser.parse_args()
    # What the functions that the world invokes read when they are imported.
    os.environ.update(SETTINGS)
    fuzzed = Fuzzed()
    for found in fuzzed.schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=wanted.max_examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            fuzzed.ask(case)

        ask()
        print(f"{operation.label}: {wanted.max_examples} requests, nothing found")


if __name__ == "__main__":
    main()
