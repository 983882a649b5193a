"""Too late: what a run ends with whose public call may not begin any more (`publishWithinSeconds`)."""

from datetime import timedelta

from shared.platforms.failure import PlatformFailure
from shared.posts.run import Run
from shared.posts.state import MISSED

_UNITS = (("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)), ("second", timedelta(seconds=1)))


def too_late(run: Run) -> PlatformFailure:
    """`missed` where nothing was ever sent; else it is said that nothing is sent again."""
    last = str(run.attempts[-1].get("message") or "").strip() if run.attempts else ""
    reason = f" The last attempt: {last}" if last else ""
    if run.intents == 0:
        return missed(run.publish_within, reason)
    message = f"The post could not be published within {_words(run.publish_within)}.{reason}"
    return PlatformFailure("transient", message, code="deadline_exceeded")


def missed(within: timedelta, reason: str = "") -> PlatformFailure:
    message = f"It could not be sent within {_words(within)} of its time.{reason}"
    remediation = "Nothing was sent. Retry it, or send it again as a new post, if it is still wanted."
    return PlatformFailure("transient", message, code=MISSED, remediation=remediation)


def _words(length: timedelta) -> str:
    """In the largest unit that it is a whole number of."""
    name, unit = next((name, unit) for name, unit in _UNITS if not length % unit)
    number = length // unit
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
