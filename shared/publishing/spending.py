"""What a user's posts cost the operator at platforms that charge for them: bounded per UTC day where the operator says so, and
counted in the commit that saves a run's first intent.

    users/{uid}/spending/{platform}    day, mills (thousandths of a US dollar)

Runs that are sent at the same moment do not see each other: the ceiling may be passed by what they cost. A run counts once, however
often it is sent.
"""

from collections.abc import Sequence
from decimal import Decimal

from shared.documents.document import Create, Increment, Update, Write
from shared.platforms.failure import PlatformFailure
from shared.platforms.registry import rules_of
from shared.publishing.attempt import Attempt
from shared.users.user import user_path

SPENT = "daily_ceiling_reached"


def spending_path(uid: str, platform: str) -> str:
    return f"{user_path(uid)}/spending/{platform}"


def counted(attempt: Attempt) -> Sequence[Write] | PlatformFailure:
    """What is to be committed with the intent; a failure if the day's ceiling does not allow the post. One read, where there is a
    ceiling and nothing was counted for this run yet."""
    run, cost = attempt.run, rules_of(attempt.run.platform).cost
    ceiling = attempt.ports.daily_ceilings.get(run.platform)
    if ceiling is None or cost is None or run.is_counted:
        return ()
    path, mills = spending_path(run.uid, run.platform), int(cost(attempt.publication.draft) * 1000)
    [document] = attempt.lease.documents.get(path)
    today = attempt.lease.clock.now().date().isoformat()
    is_todays = document is not None and document.fields["day"] == today
    spent = document.fields["mills"] if document is not None and is_todays else 0
    if spent + mills > ceiling * 1000:
        return _too_much(attempt, ceiling, spent, mills)
    if document is None:
        return [Create(path, {"uid": run.uid, "day": today, "mills": mills})]
    if is_todays:
        return [Update(path, {"mills": Increment(mills)})]
    return [Update(path, {"day": today, "mills": mills}, if_version=document.version)]


def _too_much(attempt: Attempt, ceiling: Decimal, spent: int, mills: int) -> PlatformFailure:
    label = attempt.platform.capability.label
    message = (
        f"{label} charges ${_dollars(mills)} for this post, and of the ${ceiling} a day that this Soku spends there for a user, "
        f"${_dollars(spent)} are spent since midnight (UTC)."
    )
    remediation = "Nothing was sent. Retry it tomorrow, or ask the operator of this Soku for more."
    return PlatformFailure("permission", message, code=SPENT, remediation=remediation)


def _dollars(mills: int) -> str:
    return f"{Decimal(mills) / 1000:.3f}"
