"""No credential reaches a log line."""

import json
import logging

import pytest

from shared.api_keys.key import new_key
from shared.core import log


@pytest.mark.parametrize(
    "text",
    [
        f"key {new_key()} was used",
        "Authorization: Bearer THESECRET",
        '{"access_token": "THESECRET"}',
        "https://graph.test/me?access_token=THESECRET&fields=id",
        "refresh_token=THESECRET",
        "https://api.test/callback?state=s&code=THESECRET",
        "https://upload.test/?upload_id=THESECRET&part=1",
        "fb_exchange_token=THESECRET",
        "POST /revoke token=THESECRET",
        "Authorization: Basic VEhFU0VDUkVU:THESECRET",
        "a%20eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJUSEVTRUNSRVQifQ.THESECRET",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJUSEVTRUNSRVQifQ.THESECRET",
    ],
)
def test_what_looks_like_a_credential_is_cut_out(text: str) -> None:
    redacted = log.redact(text)
    assert "THESECRET" not in redacted
    assert "sk_live_" not in redacted
    assert "[redacted]" in redacted


def test_what_is_no_credential_stays() -> None:
    for text in ("error code 190", "code: 190/463", "www.example.com", "v1.2.3", "tokens are renewed", "eyJ.eyJ"):
        assert log.redact(text) == text


def test_extra_facts_and_exceptions_are_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("test_log")
    handler = logging.StreamHandler()
    handler.setFormatter(log._JsonLines())
    logger.addHandler(handler)
    try:
        raise ValueError("Bearer THESECRET")
    except ValueError:
        logger.exception("failed", extra={"run": "r1", "token": "sk_live_" + "a" * 38})
    finally:
        logger.removeHandler(handler)
    line = capsys.readouterr().err
    assert "THESECRET" not in line
    assert "sk_live_a" not in line
    assert json.loads(line)["run"] == "r1"
