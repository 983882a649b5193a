"""An owner with one document of every kind, a stranger, and the web app that either of them opens."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from emulator.sandbox.accounts import SandboxAccount
from shared.documents.document import Documents, Merge, Query
from tests.conftest import LocalStack
from tests.flow.conftest import Customer, new_customer
from tests.rules.webapp import WebApp

PHOTO = "https://example.com/photo.jpg"
STRANGER = "Stranger"
WHEN = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Owned:
    """Paths of documents that exist and belong to `owner`, in the groups that the rules make of them."""

    owner: Customer
    submission: str
    # Readable because of whose branch they are in.
    by_path: tuple[str, ...]
    # Readable because of the `uid` they carry.
    by_field: tuple[str, ...]
    # Nobody's to read from a browser.
    hidden: tuple[str, ...]

    @property
    def readable(self) -> tuple[str, ...]:
        return self.by_path + self.by_field

    @property
    def all(self) -> tuple[str, ...]:
        return self.readable + self.hidden


@pytest.fixture(scope="session")
def owner(stack: LocalStack) -> Customer:
    return new_customer(stack)


@pytest.fixture(scope="session")
def stranger(stack: LocalStack) -> str:
    return stack.add_user(STRANGER)["uid"]


@pytest.fixture(scope="session")
def owned(owner: Customer) -> Owned:
    """One post made by the whole system; what the API doesn't write yet is seeded past the rules."""
    submission = post_everywhere(owner, "What the rules guard")
    owner.completed(submission)
    documents, uid = owner.documents, owner.uid
    user, post = f"users/{uid}", f"postSubmissions/{submission}"
    owned = Owned(
        owner,
        submission,
        by_path=(
            user,
            f"{user}/integrations/x/accounts/{owner.account('x')}",
            f"{user}/integrations/instagram/accounts/{owner.account('instagram')}",
            *_found(documents, f"{user}/apiRequests"),
            f"{user}/credits/current",
            f"{user}/credits/current/ledger/seeded",
            f"{user}/automations/seeded",
            f"{user}/queue/current",
            f"{user}/events/seeded",
        ),
        by_field=(
            post,
            f"{post}/runs/x",
            f"{post}/runs/instagram",
            *_found(documents, f"{post}/media"),
            *_found(documents, "media", uid),
            f"{post}/media/seeded",
            "media/seeded",
            "jobs/seeded",
        ),
        hidden=(
            *_found(documents, "apiKeys", uid),
            f"{user}/credentials/x:{owner.account('x')}",
            f"{user}/credentials/instagram:{owner.account('instagram')}",
            *_found(documents, f"{user}/idempotency"),
            f"{user}/rateLimits/current",
            f"{user}/slots/seeded",
            "webhooks/seeded",
            "webhooks/seeded/deliveries/seeded",
            "oauthStates/seeded",
            # Paths that no rule names, next to and beneath those that one does.
            "operations/seeded",
            f"{user}/private/seeded",
            f"{user}/integrations/x",
            f"{user}/integrations/x/accounts/{owner.account('x')}/tokens/seeded",
            f"{user}/credits/seeded",
            f"{user}/credits/current/ledger/seeded/notes/seeded",
            f"{post}/private/seeded",
            f"{post}/runs/x/attempts/seeded",
            "media/seeded/parts/seeded",
            "jobs/seeded/steps/seeded",
        ),
    )
    # Every document carries its owner, so that a refusal is never for want of it.
    fields: dict[str, Any] = {"uid": uid, "createdAt": WHEN}
    documents.commit(*(Merge(path, fields) for path in owned.all if path.endswith("/seeded")))
    documents.commit(*(Merge(path, {"uid": uid}) for path in owned.all))
    for prefix in (f"{user}/apiRequests/", f"{user}/idempotency/", "apiKeys/"):
        assert any(path.startswith(prefix) for path in owned.all), f"the API wrote nothing to {prefix}"
    assert [path for path, document in zip(owned.all, documents.get(*owned.all), strict=True) if document is None] == []
    return owned


def post_everywhere(owner: Customer, text: str) -> str:
    """The id of a post to both of the owner's accounts."""
    return owner.accepted({"text": text, "imageUrls": [PHOTO], "platform": ["x", "instagram"]})


def secrets_of(owner: Customer) -> list[str]:
    """What nobody may ever see: the API key and the platforms' tokens."""
    tokens = [SandboxAccount(platform, owner.account(platform)).access_token for platform in ("x", "instagram")]
    return [owner.key, *tokens]


def _found(documents: Documents, collection: str, uid: str | None = None) -> list[str]:
    return [found.path for found in documents.query(Query(collection, where=(("uid", "==", uid),) if uid else ()))]


@pytest.fixture(scope="session")
def web_apps(stack: LocalStack) -> Iterator[Callable[[str], WebApp]]:
    """A web app for each place, started by the first test that wants it."""
    with ExitStack() as open_until_the_end:

        @cache
        def web_app(where: str) -> WebApp:
            folder = open_until_the_end.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            return open_until_the_end.enter_context(WebApp(where, stack, Path(folder)))

        yield web_app


@pytest.fixture
def web(where: str, web_apps: Callable[[str], WebApp]) -> WebApp:
    return web_apps(where)
