"""Steps 5 and 6 of the way in, and what every answer says about them: whose window a request counts against, and is it spent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Request, Response, g

from functions.api.request.address import address_of
from shared.core.clock import Clock, iso8601
from shared.core.errors import RateLimitExceeded
from shared.core.settings import RateLimits
from shared.documents.document import Document, Documents
from shared.rate_limits.buckets import Buckets
from shared.rate_limits.strangers import Strangers
from shared.rate_limits.tiers import ADMIN, Allowance
from shared.rate_limits.users import Decision, Read, UserLimits
from shared.rate_limits.window import Shown
from shared.users.user import User

# Seconds from one poll to the next, and how many may come at once: of a job by one of Soke's keys; of Sova's public status, by one
# address and of one job.
POLLS: Mapping[str, tuple[float, int]] = {"soke": (2.0, 10), "sova_address": (0.5, 120), "sova_job": (1.0, 60)}


@dataclass(frozen=True)
class Limiter:
    """An instance's share of the windows."""

    strangers: Strangers
    users: UserLimits
    clock: Clock
    trusted_proxies: int
    # Of polling, by whose and what; each has its pace.
    polls: Mapping[str, Buckets]

    @staticmethod
    def of(settings: RateLimits, documents: Documents, clock: Clock) -> "Limiter":
        polls = {name: Buckets(clock, each_seconds=each, burst=burst) for name, (each, burst) in POLLS.items()}
        return Limiter(Strangers(clock, settings.admin_ips), UserLimits(documents, clock), clock, settings.proxies, polls)

    def count_stranger(self, request: Request) -> None:
        """Raises RateLimitExceeded when the address's window is spent."""
        shown, admitted = self.strangers.take(self.address_of(request))
        g.rate_limit = shown
        if not admitted:
            raise self._refusal(shown)

    def refuse_spent_stranger(self, request: Request, credential: str) -> None:
        """Before a credential is looked up: who has shown too many that were not valid has to wait, unless this one was lately."""
        address = self.address_of(request)
        if self.strangers.is_spent(address) and not self.strangers.trusts(_digest(credential)):
            g.rate_limit = self.strangers.shown(address)
            raise self._refusal(g.rate_limit)

    def count_poll(self, kind: str, *names: str) -> None:
        """Raises RateLimitExceeded."""
        self.polls[kind].take(*names)

    def was_valid(self, credential: str) -> None:
        self.strangers.was_valid(_digest(credential))

    def count_user(
        self,
        request: Request,
        user: User,
        tier: Allowance,
        limit: int | None,
        document: "Sequence[Document | None]",
        key: str | None,
    ) -> Decision:
        """`document` holds the user's windows if they were read. The decision is the caller's to enforce: its log comes first."""
        if user.is_admin or self.strangers.is_admin(self.address_of(request)):
            tier, limit = ADMIN, None
        route = route_of(request)
        read = Read(document[0]) if document else None
        endpoint = Allowance(route, limit) if limit is not None else None
        decision = self.users.take(user.uid, tier, endpoint, read, f"{key} {route}")
        g.rate_limit = decision.shown
        return decision

    def enforce(self, decision: Decision) -> None:
        """Raises RateLimitExceeded."""
        if decision.refused is not None:
            raise self._refusal(decision.shown)

    def add_headers(self, request: Request, response: Response) -> None:
        shown: Shown = g.get("rate_limit") or self.strangers.shown(self.address_of(request))
        response.headers["X-RateLimit-Limit"] = str(shown.limit)
        response.headers["X-RateLimit-Remaining"] = str(shown.remaining)
        response.headers["X-RateLimit-Reset"] = iso8601(shown.resets_at)
        response.headers["X-RateLimit-Tier"] = shown.tier

    def _refusal(self, shown: Shown) -> RateLimitExceeded:
        return RateLimitExceeded(shown.seconds_left(self.clock.now()))

    def address_of(self, request: Request) -> str:
        """The client's, as the nearest proxy that the operator trusts has seen it; a client may write what it likes before that."""
        seen = [part for part in request.headers.get("X-Forwarded-For", "").replace(" ", "").split(",") if part]
        return seen[-self.trusted_proxies] if len(seen) >= self.trusted_proxies > 0 else request.remote_addr or "unknown"


def route_of(request: Request) -> str:
    """As the reference writes it: GET /v1/media/{mediaId}."""
    return f"{request.method} {address_of(request.url_rule.rule)}" if request.url_rule else request.method


def _digest(credential: str) -> str:
    return hashlib.sha256(credential.encode(errors="surrogatepass")).hexdigest()
