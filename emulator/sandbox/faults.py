"""What shall go wrong, and where: a list that is used up."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "rate_limit",
        "unauthorized",
        "server_error_before",
        "server_error_after",
        "reset_before",
        "reset_after",
        "hang_after",
        "reject",
        "duplicate",
        "slow_processing",
        "processing_failed",
        # The upload session, the container or the media is older than the platform keeps it.
        "lapsed",
    }
)


# It happened, but nobody is told: where nothing happened, there is nothing to keep quiet about.
AFTER = frozenset({"server_error_after", "reset_after", "hang_after"})
# Only steps that have something to do with them can meet these: platform → kind → its steps.
Affected = Mapping[str, Mapping[str, Sequence[str]]]
PARTICULAR = frozenset({"slow_processing", "processing_failed", "lapsed"})


@dataclass
class Fault:
    """Strikes the next `times` matching calls, each with `probability`."""

    platform: str
    step: str
    kind: str
    times: int
    account_id: str | None = None
    probability: float = 1.0

    @staticmethod
    def from_json(given: Mapping[str, Any], steps: Mapping[str, Sequence[str]], affected: Affected) -> "Fault":
        """`steps` are those of each platform. Raises ValueError with what is wrong."""
        if not isinstance(given, Mapping):
            raise ValueError(f"a fault is an object, not {given!r}")
        if given.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
        if missing := {"platform", "step", "times"} - set(given):
            raise ValueError(f"a fault needs {', '.join(sorted(missing))}")
        if unknown := set(given) - {"platform", "step", "kind", "times", "accountId", "probability"}:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if given["platform"] not in steps:
            raise ValueError(f"platform must be one of {', '.join(steps)}")
        if given["step"] not in steps[given["platform"]]:
            raise ValueError(f"step must be one of {', '.join(steps[given['platform']])}")
        kind, step = given["kind"], given["step"]
        struck = affected[given["platform"]].get(kind, ())
        if kind in PARTICULAR and step not in struck:
            where = f"strikes {', '.join(struck)}" if struck else "never strikes"
            raise ValueError(f"{kind} would never strike at {step}: on {given['platform']} it {where}")
        times, probability = given["times"], given.get("probability", 1.0)
        if not isinstance(times, int) or times < 1 or not isinstance(probability, int | float) or not 0 <= probability <= 1:
            raise ValueError("times is a whole number from 1 on, probability a number from 0 to 1")
        return Fault(
            given["platform"],
            given["step"],
            given["kind"],
            int(given["times"]),
            given.get("accountId"),
            float(given.get("probability", 1.0)),
        )

    def to_json(self) -> dict[str, Any]:
        """As it was given; `times` is how often it will still strike."""
        shown: dict[str, Any] = {"platform": self.platform, "step": self.step, "kind": self.kind, "times": self.times}
        if self.account_id is not None:
            shown["accountId"] = self.account_id
        return {**shown, "probability": self.probability} if self.probability < 1 else shown


def strikes(fault: Fault | None, kind: str) -> bool:
    """Whether there is a fault, and of that kind."""
    return fault is not None and fault.kind == kind


@dataclass
class Faults:
    due: list[Fault] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)

    def take(self, platform: str, account_id: str | None, step: str) -> Fault | None:
        """The fault that is due at this call; one of `AFTER` is used up only once the step has acted (`strike`)."""
        for fault in self.due:
            matches = fault.platform == platform and fault.step == step and fault.account_id in (None, account_id)
            if matches and fault.times > 0 and self.chance.random() < fault.probability:
                if fault.kind not in AFTER:
                    fault.times -= 1
                return fault
        return None

    def strike(self, platform: str, account_id: str | None, step: str, fault: Fault) -> None:
        """The step has acted, and nobody will be told."""
        fault.times -= 1
