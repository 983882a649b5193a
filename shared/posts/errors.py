"""What the API refuses about posts, beside what every request may be refused with (shared/core/errors.py)."""

from shared.core.errors import ApiError


class PostCreationFailed(ApiError):
    """The post could not be created; nothing was published. Send the request again."""

    code = "post_creation_failed"


class MissingIntegrations(ApiError):
    """A platform is not connected, or the account was not found"""

    status = 400
    code = "missing_integrations"


class NoFreeSlot(ApiError):
    """There is no plan of weekly slots to take one of: make it with PUT /v1/queue"""

    status = 400
    code = "no_free_slot"


class AlreadyStarted(ApiError):
    """The post has been begun, and nothing of it can be changed any more."""

    status = 409
    code = "already_started"


class AlreadyCancelled(ApiError):
    """The post was cancelled: send it as a new one."""

    status = 409
    code = "already_cancelled"


class NotADraft(ApiError):
    """Only drafts are deleted. A post that waits can be cancelled; what is over stays, as a record."""

    status = 409
    code = "not_a_draft"


class PreconditionFailed(ApiError):
    """The post was changed meanwhile. Read it, and change what it says now."""

    status = 412
    code = "precondition_failed"


class PreconditionRequired(ApiError):
    """Say in If-Match which version you change: the ETag of the post as you read it."""

    status = 428
    code = "precondition_required"


class NotRetryable(ApiError):
    """There is nothing to retry: only what provably is not public is sent again."""

    status = 409
    code = "not_retryable"


class Superseded(ApiError):
    """The same post was sent again meanwhile, as a new one: that is the one that counts."""

    status = 409
    code = "superseded"


class NothingToResolve(ApiError):
    """The outcome of this target is known: there is nothing to resolve."""

    status = 409
    code = "nothing_to_resolve"


class AlreadyResolved(ApiError):
    """Somebody has said otherwise of this outcome: what was said stays."""

    status = 409
    code = "already_resolved"


class PlatformPostTaken(ApiError):
    """Another run has made the post with this id."""

    status = 409
    code = "platform_post_taken"
