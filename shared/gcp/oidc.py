"""Did Cloud Tasks or Cloud Scheduler send this, for us, under our service account? Google's signature decides."""

import time
from collections.abc import Callable, Mapping

import requests
from google.auth import exceptions, jwt

from shared.core.settings import CloudTasks
from shared.tasks.invoker import Forbidden, Unauthenticated

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
# Google rotates its keys about daily and announces a new one well before using it.
CERTIFICATES_LIVE_SECONDS = 3600
# An unknown key id may be a new key: look again, but not on every forged token.
REFETCH_AFTER_SECONDS = 30


class OidcVerifier:
    """Checks the token in an Authorization header; one per function, keeps the certificates between requests."""

    def __init__(self, settings: CloudTasks, audience: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = settings.oidc_certs_url
        self._invoker = settings.invoker
        self._audience = audience
        self._monotonic = monotonic
        self._certificates: Mapping[str, str] = {}
        self._fetched_at = float("-inf")

    def verify(self, authorization: str | None) -> None:
        """Raises Unauthenticated (no token, or not one of Google's for us) or Forbidden (somebody else's account)."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("no OIDC token")
        try:
            key_id = jwt.decode_header(token).get("kid")
            if not isinstance(key_id, str):
                raise Unauthenticated("the token names no key")
            claims = jwt.decode(token, certs=self._certificates_with(key_id), audience=self._audience, clock_skew_in_seconds=10)
        except (exceptions.GoogleAuthError, ValueError, requests.RequestException) as error:
            raise Unauthenticated(str(error)) from error
        except (TypeError, AttributeError, RecursionError) as error:
            # JSON of another shape than a token's, which Google's library takes on trust.
            raise Unauthenticated("the token is not one") from error
        if claims.get("iss") not in ISSUERS:
            raise Unauthenticated("wrong issuer")
        if claims.get("email") != self._invoker or claims.get("email_verified") is not True:
            raise Forbidden("not the invoker's service account")

    def _certificates_with(self, key_id: str) -> Mapping[str, str]:
        age_seconds = self._monotonic() - self._fetched_at
        unknown = key_id not in self._certificates and age_seconds > REFETCH_AFTER_SECONDS
        if unknown or age_seconds > CERTIFICATES_LIVE_SECONDS:
            answer = requests.get(self._url, timeout=5)
            answer.raise_for_status()
            self._certificates, self._fetched_at = answer.json(), self._monotonic()
        return self._certificates
