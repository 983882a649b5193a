"""Versions that will end are announced while there is time."""

import logging
from datetime import UTC, datetime

import pytest

from shared.core.settings import Platforms
from shared.platforms.versions import announce_ageing

APP = '{"linkedin": {"clientId": "c", "clientSecret": "s"}}'


@pytest.mark.parametrize(
    ("version", "apps", "now", "told"),
    [
        ("202610", APP, datetime(2027, 7, 31, tzinfo=UTC), 0),
        ("202610", APP, datetime(2027, 8, 1, tzinfo=UTC), 1),
        ("202610", "{}", datetime(2027, 8, 1, tzinfo=UTC), 0),
    ],
)
def test_a_version_of_ten_months_is_told(
    version: str, apps: str, now: datetime, told: int, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Platforms.model_validate({"GOOGLE_CLOUD_PROJECT": "p", "SOKU_APPS": apps, "SOKU_LINKEDIN_VERSION": version})
    with caplog.at_level(logging.WARNING):
        announce_ageing(settings, now)
    assert [record.getMessage() for record in caplog.records] == ["platform.version_ageing"] * told
