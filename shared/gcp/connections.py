"""How many connections Google's REST clients keep: as many as requests are handled at once, so that none is opened anew."""

from requests import Session
from requests.adapters import HTTPAdapter

# More than any function's concurrency.
CONNECTIONS = 64


def keep_connections(session: Session) -> None:
    """The libraries themselves keep ten, and close what more threads than that have opened."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
