"""Step 3: the publisher takes every kind of post to its platform, once, whatever the platform answers."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from shared.media.copied import copy_path
from shared.posts.run import submission_path
from tests.conftest import LocalStack
from tests.flow.conftest import Customer
from tests.platforms import PHOTOS, all_cases

PLATFORM_CASES = all_cases()
CASES = [(platform, content, files) for platform, cases in PLATFORM_CASES.items() for content, files in cases.posts]
FAULTS = [(platform, kind, end) for platform, cases in PLATFORM_CASES.items() for kind, end in cases.faults]


@dataclass
class Disturbed:
    """Posts whose platforms fail at the public call, in every way, each on an account of its own."""

    customer: Customer
    submissions: dict[tuple[str, str], str] = field(default_factory=dict)


@pytest.fixture(scope="module", autouse=True)
def disturbed(stack: LocalStack) -> Disturbed:
    """All are sent before the first test, as some take minutes to be seen through, and looked at by the last ones."""
    names = {(platform, kind): f"{platform}_{kind}" for platform, kind, _ in FAULTS}
    user = stack.add_user("disturbed", [(platform, name) for (platform, _), name in names.items()], admin=True)
    sent = Disturbed(Customer(stack, stack.documents, "disturbed", user["apiKey"]))
    stack.set_faults(
        *(
            {"platform": platform, "accountId": name, "step": "publish", "kind": kind, "times": 1}
            for (platform, kind), name in names.items()
        )
    )
    for (platform, kind), name in names.items():
        target = {"platform": platform, "accountId": name}
        content = {**PLATFORM_CASES[platform].media, "text": kind, "platform": [target]}
        sent.submissions[platform, kind] = sent.customer.accepted(content)
    return sent


@pytest.mark.parametrize(("platform", "content", "files"), CASES, ids=[f"{p}-{c['text']}" for p, c, _ in CASES])
def test_every_kind_of_post(customer: Customer, platform: str, content: dict[str, Any], files: int) -> None:
    submission_id = customer.accepted({**content, "platform": platform})
    customer.completed(submission_id)
    run = customer.run(submission_id, platform)
    [entry] = customer.ledger(customer.account(platform))
    assert run["status"] == "succeeded", run
    assert (run["platformPostId"], run["platformPostUrl"], entry["text"]) == (entry["id"], entry["url"], content["text"])
    assert len(entry["media"]) == files


def test_platforms_are_given_our_own_copy_never_the_customers_address(customer: Customer) -> None:
    submission_id = customer.accepted({"text": "copy", "platform": "instagram", "imageUrls": PHOTOS[:1]})
    customer.completed(submission_id)
    [copy] = customer.documents.get(copy_path(submission_path(submission_id), PHOTOS[0]))
    assert copy is not None
    assert copy.fields["url"].startswith(customer.stack.storageUrl)
    stored = requests.get(copy.fields["url"], timeout=10).content
    assert len(stored) == copy.fields["sizeBytes"]
    assert (copy.fields["width"], copy.fields["height"]) == (1080, 1350)


def test_no_token_is_in_any_document_a_browser_may_read(customer: Customer) -> None:
    submission_id = customer.accepted({"text": "secrets", "platform": ["x", "instagram"], "imageUrls": PHOTOS[:1]})
    customer.completed(submission_id)
    paths = [
        f"users/{customer.uid}",
        f"users/{customer.uid}/integrations/x/accounts/{customer.account('x')}",
        f"postSubmissions/{submission_id}",
    ]
    paths += [f"postSubmissions/{submission_id}/runs/{run}" for run in ("x", "instagram")]
    for document in customer.documents.get(*paths):
        assert document is not None
        assert "sandbox-x-" not in str(document.fields)
        assert "sandbox-instagram-" not in str(document.fields)
    [secret] = customer.documents.get(f"users/{customer.uid}/credentials/x:{customer.account('x')}")
    assert secret is not None
    assert "sandbox-x-" not in str(secret.fields)
    assert {"keyId", "ciphertext"} <= set(secret.fields)


@pytest.mark.parametrize(("platform", "kind", "status"), FAULTS)
def test_a_platform_that_fails_at_the_public_call(disturbed: Disturbed, platform: str, kind: str, status: str) -> None:
    submission_id = disturbed.submissions[platform, kind]
    disturbed.customer.completed(submission_id)
    run = disturbed.customer.run(submission_id, platform)
    assert run["status"] == status, run
    assert len(disturbed.customer.ledger(f"{platform}_{kind}")) == (status == "succeeded")
    faults = requests.get(f"{disturbed.customer.stack.sandboxUrl}/_faults", timeout=10).json()
    assert f"{platform}_{kind}" not in [fault["accountId"] for fault in faults], "it did not fail"
