"""What a function refuses to start with."""

import pytest

from functions.api.ports import ApiSettings
from shared.core.settings import LOCAL_ONLY, MediaFetch, SettingsError, TokenKeys, read_settings
from tests.fakes.world import SETTINGS

DEPLOYED = {name: value for name, value in SETTINGS.items() if name not in LOCAL_ONLY} | {"K_SERVICE": "api"}


@pytest.mark.parametrize("name", LOCAL_ONLY)
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


@pytest.mark.parametrize(("keys", "why"), [("k1:!!!", "not base64"), ("k1:YWJj", "three bytes"), ("", "none")])
def test_keys_that_cannot_encrypt_are_refused(keys: str, why: str) -> None:
    with pytest.raises(SettingsError, match="SOKU_TOKEN_KEYS"):
        read_settings(TokenKeys, {"GOOGLE_CLOUD_PROJECT": "p", "SOKU_TOKEN_KEYS": keys})
