"""What the API refuses about webhooks, beside what every request may be refused with (shared/core/errors.py)."""

from shared.core.errors import ApiError


class WebhookLimitReached(ApiError):
    """There are as many webhooks as a user may have. Delete or change one."""

    status = 409
    code = "webhook_limit_reached"


class WebhookDisabled(ApiError):
    """The webhook is disabled: enable it first"""

    status = 409
    code = "webhook_disabled"
