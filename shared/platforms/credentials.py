"""What a platform gave us for an account: the tokens, and who the account is there. Data; `shared/accounts` stores it encrypted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Tokens that live longer than this are renewed ahead of time by themselves: unused, they would lapse.
LONG_LIVED = timedelta(days=2)
# A refresh token that is never used lapses too (X: after six months, as its users report); so each is used once a month.
KEEP_ALIVE = timedelta(days=30)
# A tenth of a token's life before its end, but not more than a week and not less than five minutes.
MIN_LEAD, MAX_LEAD = timedelta(minutes=5), timedelta(days=7)


@dataclass(frozen=True)
class Credentials:
    """`platform_user_id` is the platform's own id of the account, `username` its public handle without the @.

    `expires_at` None: the access token ends on no date. `granted_by` is who consented, where one person's consent makes several
    accounts (LinkedIn's organisations): whoever revokes the tokens of one may end those of all.
    """

    access_token: str
    platform_user_id: str
    username: str
    refresh_token: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    granted_by: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(of {self.username!r})"

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (self.access_token, self.refresh_token) if secret)

    @property
    def renew_from(self) -> datetime | None:
        """From when on another access token should be had before this one is used."""
        if self.expires_at is None:
            return None
        lifetime = self.expires_at - (self.issued_at or self.expires_at)
        return self.expires_at - min(max(lifetime / 10, MIN_LEAD), MAX_LEAD)

    @property
    def refresh_at(self) -> datetime | None:
        """When the tokens are to be renewed though nobody publishes."""
        if self.expires_at is None:
            return None
        if self.refresh_token is None:
            return self.renew_from
        issued = self.issued_at or self.expires_at
        return self.renew_from if self.expires_at - issued > LONG_LIVED else issued + KEEP_ALIVE
