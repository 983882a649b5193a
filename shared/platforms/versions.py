"""Which of the versions that the operator has set will end soon? Told at start, while there is time to set another."""

import logging
from datetime import datetime

from shared.core.settings import Platforms

_log = logging.getLogger(__name__)

# LinkedIn's versions are named after their month and end about a year later.
OLD_AFTER_MONTHS = 10


def announce_ageing(settings: Platforms, now: datetime) -> None:
    version = settings.linkedin_version
    months = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
    if "linkedin" in settings.apps and months >= OLD_AFTER_MONTHS:
        _log.warning(
            "platform.version_ageing", extra={"platform": "linkedin", "variable": "SOKU_LINKEDIN_VERSION", "version": version}
        )
