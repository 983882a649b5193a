"""Who may deliver tasks: Cloud Tasks and Cloud Scheduler, under the operator's service account. `shared/gcp/oidc.py` checks it."""

from typing import Protocol

from shared.core.errors import SokuError


class Unauthenticated(SokuError):
    """The request carries no valid OIDC token."""


class Forbidden(SokuError):
    """The request's OIDC token belongs to another service account."""


class Verifier(Protocol):
    def verify(self, authorization: str | None) -> None:
        """Raises Unauthenticated or Forbidden for anything but a token of the invoker's, addressed to this function."""
        ...
