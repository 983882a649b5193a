"""What the API answers with when it refuses; what refuses posts alone is in shared/posts/errors.py.

    SokuError
    └── ApiError                      500 internal_error
        ├── ServiceUnavailable        503 service_unavailable      + Retry-After
        ├── PlatformUnavailable       502 platform_unavailable
        ├── Unauthorized              401 unauthorized
        ├── Forbidden                 403 forbidden
        ├── NotFound                  404 not_found
        ├── MethodNotAllowed          405 method_not_allowed
        ├── ValidationFailed          400 validation_error         + details
        ├── ConnectionRefused         400 connection_refused
        ├── PayloadTooLarge           413 payload_too_large
        ├── InsufficientCredits       402 insufficient_credits     + details
        ├── MediaNotFound             404 MEDIA_NOT_FOUND
        ├── MediaInvalid              400 MEDIA_INVALID
        ├── UnsupportedMediaType      400 UNSUPPORTED_MEDIA_TYPE
        ├── UploadFailed              400 upload_failed
        ├── MediaInUse                409 media_in_use             + details
        ├── StorageQuotaExceeded      413 storage_quota_exceeded   + details
        ├── UnsupportedContentType    415 unsupported_content_type
        ├── RateLimitExceeded         429 rate_limit_exceeded      + Retry-After
        ├── IdempotencyConflict       409 idempotency_conflict
        ├── AutomationLimitReached    409 automation_limit_reached
        └── ApiKeyLimitReached        409 api_key_limit_reached

A class's docstring is the message unless a better one is given. What is answered is written in `functions/api/request/errors.py`.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from shared.core.detail import Detail as Detail


class SokuError(Exception):
    """Something in Soku went wrong."""


class ApiError(SokuError):
    """Unexpected server error"""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Sequence[Detail] = (),
        facts: Mapping[str, Any] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "")
        self.details = tuple(details)
        # Shown as `details` where there is no list of them.
        self.facts = facts
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)

    @property
    def type(self) -> str:
        of_requests = "authentication_error" if self.status in (401, 403) else "invalid_request_error"
        return of_requests if self.status < 500 else "api_error"


class ServiceUnavailable(ApiError):
    """The request's outcome is not known yet. Send it again unchanged: it will not be done twice."""

    status = 503
    code = "service_unavailable"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 2) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)


class PlatformUnavailable(ApiError):
    """The platform could not be asked now"""

    status = 502
    code = "platform_unavailable"


class Unauthorized(ApiError):
    """Missing or invalid soku-api-key"""

    status = 401
    code = "unauthorized"


class Forbidden(ApiError):
    """Subscription required"""

    status = 403
    code = "forbidden"


class NotFound(ApiError):
    """There is nothing at this address"""

    status = 404
    code = "not_found"


class MethodNotAllowed(ApiError):
    """This address does not answer that method"""

    status = 405
    code = "method_not_allowed"


class ValidationFailed(ApiError):
    """Request validation failed"""

    status = 400
    code = "validation_error"


class ConnectionRefused(ApiError):
    """The platform did not let the account be connected"""

    status = 400
    code = "connection_refused"


class PayloadTooLarge(ApiError):
    """The request body is larger than 1 MB"""

    status = 413
    code = "payload_too_large"


class InsufficientCredits(ApiError):
    """Not enough AI credits for the operation"""

    status = 402
    code = "insufficient_credits"


class MediaNotFound(ApiError):
    """There is no media with this id: upload it with POST /v1/media first"""

    status = 404
    code = "MEDIA_NOT_FOUND"


class MediaInvalid(ApiError):
    """The media cannot be used"""

    status = 400
    code = "MEDIA_INVALID"


class UnsupportedMediaType(ApiError):
    """Only audio and video can be transcribed"""

    status = 400
    code = "UNSUPPORTED_MEDIA_TYPE"


class UploadFailed(ApiError):
    """The file could not be had from this address"""

    status = 400
    code = "upload_failed"


class MediaInUse(ApiError):
    """Posts that are not published yet name this media"""

    status = 409
    code = "media_in_use"


class StorageQuotaExceeded(ApiError):
    """The storage quota is used up: delete media that is not needed any more"""

    status = 413
    code = "storage_quota_exceeded"


class UnsupportedContentType(ApiError):
    """Content-Type must be application/json"""

    status = 415
    code = "unsupported_content_type"


class IdempotencyConflict(ApiError):
    """This Idempotency-Key was already used with a different request body"""

    status = 409
    code = "idempotency_conflict"


class RateLimitExceeded(ApiError):
    """Rate limit exceeded"""

    status = 429
    code = "rate_limit_exceeded"

    def __init__(self, seconds: int) -> None:
        noun = "second" if seconds == 1 else "seconds"
        super().__init__(f"Rate limit exceeded. Try again in {seconds} {noun}.", retry_after_seconds=seconds)


class AutomationLimitReached(ApiError):
    """There are as many automations as a user may have. Delete or change one."""

    status = 409
    code = "automation_limit_reached"


class ApiKeyLimitReached(ApiError):
    """There are as many live API keys as a user may have. Revoke one that is not used any more."""

    status = 409
    code = "api_key_limit_reached"
