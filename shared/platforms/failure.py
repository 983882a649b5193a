"""What can go wrong at a platform, in ten kinds; each platform's `errors.py` says which of its answers is which.

kind             before the public call            at the public call
reauth           fail                              fail (refused, so nothing is public)
throttled        wait for the reset it names       wait likewise
transient        back off, try again               nobody knows: reconcile
processing       wait, ask again                   back to preparing
media_invalid    fail                              fail
rejected         fail                              fail
duplicate        fail                              reconcile: it may be ours; never sent again on this word alone
permission       fail                              fail
outcome_unknown  –                                 reconcile
bug              fail                              fail
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self

from shared.core.errors import SokuError
from shared.core.log import redact

FailureKind = Literal[
    "reauth",
    "throttled",
    "transient",
    "processing",
    "media_invalid",
    "rejected",
    "duplicate",
    "permission",
    "outcome_unknown",
    "bug",
]

# kind → the public code of a run's error, and what the customer can do about it
_PUBLIC: dict[FailureKind, tuple[str, str]] = {
    "reauth": ("reauth_required", "Connect the account again, then send the post again."),
    "throttled": ("rate_limited", "Send the post again after the platform's limit has reset."),
    "transient": ("platform_unavailable", "Send the post again later."),
    "processing": ("processing_timeout", "Send the post again later, or with a shorter file."),
    "media_invalid": ("media_invalid", "Change the file to what the platform takes, then send the post again."),
    "rejected": ("content_rejected", "Change the post, then send it again."),
    "duplicate": ("duplicate_content", "The account published the same text shortly before: change it, or leave it."),
    "permission": ("permission_denied", "Check what the account and the app may do on the platform, then connect it again."),
    "outcome_unknown": (
        "outcome_unknown",
        "Look at the account on the platform before sending the post again: it may have been published.",
    ),
    "bug": ("internal_error", "This is a fault of Soku's. Please report it with the request id."),
}

RETRYABLE: frozenset[FailureKind] = frozenset({"throttled", "transient", "processing"})


def kind_by_status(status: int) -> FailureKind:
    """What an answer means whose body says nothing that is known."""
    match status:
        case 401:
            return "reauth"
        case 403:
            return "permission"
        case 429:
            return "throttled"
        case _ if status >= 500:
            return "transient"
        case _ if status >= 400:
            return "rejected"
        case _:
            return "outcome_unknown"


class PlatformFailure(SokuError):
    """A platform refused, or could not be understood.

    `platform_code` is the platform's own word, `rule` the one of ours that was broken.
    `retry_after_seconds` or `retry_at` (Unix time) is set where the platform names when to come back.
    `published_after_all`: a refusal known as a false negative, given for posts that were published; `of_a_copy`: one that our own
    earlier call, which got no answer, may have caused by having worked: what is refused is its duplicate.
    `starts_over`: provably nothing is public, and what the handle holds is of no use any more.
    `nothing_is_public`: this refusal proves it, also of requests of the run that were sent before.
    `is_final`: looking for the post would tell no more than this answer does.
    A failure is frozen: whoever knows more of it makes another one with `replace`.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        code: str | None = None,
        remediation: str | None = None,
        rule: str | None = None,
        platform_code: str | None = None,
        platform_message: str | None = None,
        http_status: int | None = None,
        retry_after_seconds: float | None = None,
        retry_at: float | None = None,
        published_after_all: bool = False,
        of_a_copy: bool = False,
        starts_over: bool = False,
        nothing_is_public: bool = False,
        is_final: bool = False,
    ) -> None:
        super().__init__(message)
        default_code, default_remediation = _PUBLIC[kind]
        self.kind: Final[FailureKind] = kind
        self.message: Final = message
        self.code: Final = code or default_code
        self.remediation: Final = remediation or default_remediation
        self.rule: Final = rule
        self.platform_code: Final = platform_code
        self.platform_message: Final = platform_message
        self.http_status: Final = http_status
        self.retry_after_seconds: Final = retry_after_seconds
        self.retry_at: Final = retry_at
        self.published_after_all: Final = published_after_all
        self.of_a_copy: Final = of_a_copy
        self.starts_over: Final = starts_over
        self.nothing_is_public: Final = nothing_is_public
        self.is_final: Final = is_final

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and not name.startswith("__"):
            raise AttributeError(f"a failure is not changed: {name}; use replace()")
        super().__setattr__(name, value)

    def replace(self, **changes: Any) -> Self:
        """The same failure, with these facts instead."""
        changed = type(self).__new__(type(self), *self.args)
        changed.__dict__.update({**self.__dict__, **changes})
        changed.args = (changed.message,)
        return changed

    @property
    def may_hide_a_post(self) -> bool:
        return self.published_after_all or self.of_a_copy

    def without(self, secrets: Sequence[str]) -> Self:
        """The same, with whatever looks like a credential, and these very ones, cut out of what will be shown."""

        def cleaned(text: str) -> str:
            for secret in secrets:
                text = text.replace(secret, "[redacted]")
            return redact(text)

        platform_message = cleaned(self.platform_message) if self.platform_message else None
        return self.replace(message=cleaned(self.message), platform_message=platform_message)

    def with_the_outcome_open(self) -> "PlatformFailure":
        """What ended a run that had sent a request, and cannot find out any more whether it worked."""
        if self.kind == "outcome_unknown":
            return self
        return PlatformFailure(
            "outcome_unknown",
            f"The request was sent, but its outcome could not be found out any more: {self.message}",
            platform_code=self.platform_code,
            platform_message=self.platform_message,
            http_status=self.http_status,
        )

    def to_fields(self) -> dict[str, Any]:
        """The run's `error`, for the customer to act on."""
        fields = {
            "class": self.kind,
            "code": self.code,
            "message": self.message,
            "remediation": self.remediation,
            "retryable": self.kind in RETRYABLE,
            "rule": self.rule,
            "platformCode": self.platform_code,
            "platformMessage": self.platform_message,
            "httpStatus": self.http_status,
        }
        return {name: value for name, value in fields.items() if value is not None}

    @staticmethod
    def from_fields(fields: Mapping[str, Any], *, published_after_all: bool = False, of_a_copy: bool = False) -> "PlatformFailure":
        return PlatformFailure(
            fields["class"],
            fields["message"],
            code=fields["code"],
            remediation=fields["remediation"],
            rule=fields.get("rule"),
            platform_code=fields.get("platformCode"),
            platform_message=fields.get("platformMessage"),
            http_status=fields.get("httpStatus"),
            published_after_all=published_after_all,
            of_a_copy=of_a_copy,
        )


class PerhapsAnothers(PlatformFailure):
    """The account shows a post that the run may have made, or another one of the same text; `whose` says what is known of that."""

    def __init__(self, kind: FailureKind, whose: str) -> None:
        super().__init__(kind, f"the account shows a post that is either this one, or another of the same text {whose}")
