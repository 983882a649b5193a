"""A customer of the real stack."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from shared.core.platforms import PLATFORMS
from shared.documents.document import Documents
from tests.conftest import LocalStack

# A whole lease, a listing that lags by two minutes, and a busy machine.
PATIENCE_SECONDS = 240.0
_numbers = itertools.count(1)


@dataclass
class Customer:
    """A user with an account of their own on every platform, which nobody else posts to."""

    stack: LocalStack
    documents: Documents
    uid: str
    key: str

    def post(self, content: dict[str, Any], *, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        body = {"post": {"content": {"platform": "x", **content}}, **more}
        return requests.post(
            f"{self.stack.apiUrl}/v1/posts", json=body, headers={"soku-api-key": self.key, **(headers or {})}, timeout=60
        )

    def accepted(self, content: dict[str, Any], **more: Any) -> str:
        answer = self.post(content, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["postSubmissionId"]

    def submission(self, submission_id: str) -> Any:
        [document] = self.documents.get(f"postSubmissions/{submission_id}")
        assert document is not None
        return document.fields

    def submissions(self) -> list[Any]:
        from shared.documents.document import Query

        return self.documents.query(Query("postSubmissions", where=(("uid", "==", self.uid),)))

    def run(self, submission_id: str, run_id: str = "x") -> Any:
        [document] = self.documents.get(f"postSubmissions/{submission_id}/runs/{run_id}")
        return document.fields if document else None

    def completed(self, submission_id: str) -> Any:
        """The submission, once every run of it ended."""
        until(lambda: self.submission(submission_id).get("completedAt"), lambda: f"{self.submission(submission_id)}")
        return self.submission(submission_id)

    def account(self, platform: str) -> str:
        return f"{platform}_{self.uid}"

    def ledger(self, account_id: str | None = None) -> list[dict[str, Any]]:
        return self.stack.ledger(account_id or self.account("x"))


def until(check: Callable[[], Any], tell: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not check():
        assert time.monotonic() < deadline, f"it did not happen: {tell()}"
        time.sleep(0.1)


def new_customer(stack: LocalStack) -> Customer:
    number = next(_numbers)
    uid = f"customer-{number}"
    user = stack.add_user(uid, [(platform, f"{platform}_{uid}") for platform in PLATFORMS])
    return Customer(stack, stack.documents, uid, user["apiKey"])


@pytest.fixture
def customer(stack: LocalStack) -> Iterator[Customer]:
    yield new_customer(stack)
    for plan in stack.kill_plans.iterdir():
        plan.unlink()
