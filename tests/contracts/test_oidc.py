"""Who may call a private function: only Google, for us, under our service account."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask import Request
from google.auth import jwt

from emulator.cloud_tasks.oidc import TokenSigner
from emulator.ports import Ports, url
from functions.targets import TARGETS
from functions.task import answer
from shared.core.settings import CloudTasks
from shared.gcp.oidc import OidcVerifier
from shared.tasks.invoker import Forbidden, Unauthenticated
from tests.conftest import LocalStack
from tests.fakes.world import SETTINGS

INVOKER = SETTINGS["SOKU_INVOKER"]


@pytest.fixture
def signer() -> TokenSigner:
    return TokenSigner()


@pytest.fixture
def verifier(signer: TokenSigner, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A verifier whose certificates come from a file server of our own."""
    import json
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    folder = tmp_path_factory.mktemp("certificates")
    (folder / "certs").write_text(json.dumps(signer.certificates))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = CloudTasks.model_validate(SETTINGS | {"SOKU_OIDC_CERTS_URL": f"http://127.0.0.1:{server.server_port}/certs"})
    yield OidcVerifier(settings, "https://f.test/publisher")
    server.shutdown()
    server.server_close()


def signed(signer: TokenSigner, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": "https://f.test/publisher",
        "email": INVOKER,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    } | changes
    return "Bearer " + jwt.encode(signer._signer, claims).decode()


def test_googles_token_for_us_opens(signer: TokenSigner, verifier: OidcVerifier) -> None:
    verifier.verify(signed(signer))
    verifier.verify(signed(signer, iss="accounts.google.com"))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "https://f.test/orchestrator"}, "meant for another function"),
        ({"iss": "https://evil.test"}, "of another issuer"),
        ({"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}, "expired"),
        ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}, "not valid yet"),
    ],
)
def test_other_tokens_do_not(signer: TokenSigner, verifier: OidcVerifier, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(signed(signer, **changes))


@pytest.mark.parametrize("changes", [{"email": "eve@p.test"}, {"email_verified": False}, {"email": None}])
def test_other_accounts_are_forbidden(signer: TokenSigner, verifier: OidcVerifier, changes: dict[str, Any]) -> None:
    with pytest.raises(Forbidden):
        verifier.verify(signed(signer, **changes))


def test_a_signature_of_somebody_elses_key_is_refused(verifier: OidcVerifier) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(signed(TokenSigner()))


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(verifier: OidcVerifier, authorization: str | None) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(authorization)


@dataclass
class TaskPorts:
    verifier: OidcVerifier


def forged(header: Any, claims: Any) -> str:
    """A token of that content, whose signature is nonsense."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return f"Bearer {'.'.join([*parts, 'c2ln'])}"


DEEP = json.loads("[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"alg": "RS256", "kid": {"a": 1}}, {}),
        ({"alg": "RS256", "kid": ["a"]}, {}),
        ({"alg": "RS256", "kid": None}, {}),
        ({"alg": "RS256", "kid": 7}, {}),
        ([], {}),
        ("RS256", {}),
        ({"alg": "RS256", "kid": "k"}, []),
        ({"alg": "RS256", "kid": "k"}, {"exp": None, "iat": None}),
        ({"alg": "RS256", "kid": "k", "x": DEEP}, {"x": DEEP}),
    ],
)
def test_a_token_of_another_shape_is_refused(verifier: OidcVerifier, header: Any, claims: Any) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(forged(header, claims))


def test_json_deeper_than_anybody_reads_is_refused(verifier: OidcVerifier) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(Unauthenticated):
        verifier.verify(f"Bearer {deep}.{deep}.c2ln")


@pytest.mark.parametrize(
    "changes", [{"exp": None}, {"iat": None}, {"exp": "tomorrow"}, {"aud": None}, {"aud": ["https://f.test/publisher"]}]
)
def test_claims_of_another_kind_are_refused_though_signed(
    signer: TokenSigner, verifier: OidcVerifier, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(signed(signer, **changes))


def test_refusals_have_a_status_and_do_no_work(signer: TokenSigner, verifier: OidcVerifier) -> None:
    done: list[Any] = []

    def delivered(authorization: str | None, body: bytes) -> int:
        headers = {"Authorization": authorization} if authorization else {}
        request = Request.from_values(method="POST", data=body, headers=headers)
        return answer(request, lambda payload, _: done.append(payload), TaskPorts(verifier))[1]

    assert delivered(None, b"{}") == 401
    assert delivered(signed(signer, email="eve@p.test"), b"{}") == 403
    assert delivered(signed(signer), b"not json") == 200
    assert done == []
    assert delivered(signed(signer), b"{}") == 200
    assert done == [{}]


def test_on_the_real_stack_strangers_get_nowhere(stack: LocalStack) -> None:
    for target in (target for target in TARGETS if not target.public):
        address = url(Ports(stack.offset).function(target.name))
        for headers in ({}, {"Authorization": "Bearer junk"}, {"X-CloudTasks-QueueName": "orchestrate"}):
            assert requests.post(address, json={}, headers=headers, timeout=10).status_code == 401
        assert requests.post(address, json={}, headers={"Authorization": signed(TokenSigner())}, timeout=10).status_code == 401
