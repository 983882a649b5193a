"""What each kind of caller may ask in a minute, as the specification's table says; and what one window admits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """What one window admits: its limit, and a burst on top that is not shown."""

    name: str
    limit: int
    burst: int = 0

    @property
    def admits(self) -> int:
        return self.limit + self.burst


# No valid credential; counted by address.
DEFAULT = Allowance("default", 25, 10)
# A valid key without a subscription, or a person signed in to the web app.
AUTHENTICATED = Allowance("authenticated", 60, 30)
PREMIUM = Allowance("premium", 100, 100)
# Users and addresses that the operator named; no endpoint's own window is theirs.
ADMIN = Allowance("admin", 200, 500)
