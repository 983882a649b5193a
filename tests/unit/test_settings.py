"""What a function refuses to start with."""

import base64

import pytest

from functions.api.ports import ApiSettings
from shared.core.settings import LOCAL_ONLY, MediaFetch, SettingsError, TokenKeys, read_settings
from tests.fakes.world import SETTINGS

DEPLOYED = {name: value for name, value in SETTINGS.items() if name not in LOCAL_ONLY} | {"K_SERVICE": "api"}


# Spelt out here: whoever takes one out of the list has to say so.
OVERRIDES = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "STORAGE_EMULATOR_HOST",
    "SOKU_CLOUD_TASKS_URL",
    "SOKU_OIDC_CERTS_URL",
    "SOKU_FETCH_REWRITES",
    "SOKU_SANDBOX_URL",
    "SOKU_DEVELOPMENT",
)


def test_every_override_is_known() -> None:
    assert set(OVERRIDES) == set(LOCAL_ONLY)


@pytest.mark.parametrize("name", OVERRIDES)
def test_a_deployed_function_refuses_every_override(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings(ApiSettings, DEPLOYED | {name: "127.0.0.1:9099"})


def test_a_deployed_function_starts_without_overrides() -> None:
    assert read_settings(ApiSettings, DEPLOYED).function_url("publisher") == (
        "https://us-central1-demo-soku.cloudfunctions.net/publisher"
    )


def test_rewrites_work_with_the_emulators_only() -> None:
    rewrites = {"GOOGLE_CLOUD_PROJECT": "p", "SOKU_FETCH_REWRITES": "https://example.com/=http://127.0.0.1:9500/_media/"}
    with pytest.raises(SettingsError, match="SOKU_FETCH_REWRITES"):
        read_settings(MediaFetch, rewrites)
    assert read_settings(MediaFetch, rewrites | {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:8080"}).fetch_rewrites == {
        "https://example.com/": "http://127.0.0.1:9500/_media/"
    }


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"(?s)GOOGLE_CLOUD_PROJECT.*SOKU_INVOKER"):
        read_settings(ApiSettings, {})


GOOD = base64.b64encode(b"1" * 32).decode()


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("k1:!!!", "not base64"),
        ("k1:YWJj", "must be 32 bytes"),
        ("", "SOKU_TOKEN_KEYS"),
        (f":{GOOD}", "no id"),
        (f"k1:{GOOD},k1:{base64.b64encode(b'2' * 32).decode()}", "there twice"),
        (f"k1:{base64.b64encode(bytes(32)).decode()}", "all zeros"),
    ],
)
def test_keys_that_cannot_encrypt_are_refused_and_not_shown(keys: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refused:
        read_settings(TokenKeys, {"GOOGLE_CLOUD_PROJECT": "p", "SOKU_TOKEN_KEYS": keys})
    assert GOOD not in str(refused.value)


def test_no_key_or_secret_is_shown_by_repr() -> None:
    shown = repr(read_settings(ApiSettings, SETTINGS))
    assert "1111" not in shown
    assert "local-secret" not in shown
