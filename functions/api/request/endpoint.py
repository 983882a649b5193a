"""The one way into every route. Each step may refuse, and nothing of a later step has happened then:

1 request id            app.py                     7 content type and size     body.py
2 route (404, 405)      Flask                      8 validation                here, by the route's own model
3 authentication        admission.py               9 idempotency               the resource's verb
4 subscription          admission.py              10 work                      the resource's verb
5 tier's window         limits.py                 11 request log               here, or with the work's own commit
6 endpoint's window     limits.py

A route declares what it takes, gives and refuses: tests hold every answer to it, and the API's description is made from it.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from flask import Response, jsonify, request
from pydantic import BaseModel

from functions.api.ports import Ports
from functions.api.request.admission import Call, Credential, admit, keep_log
from functions.api.request.body import read_json
from functions.api.request.validation import MAX_DETAILS, RequestBody, RequestQuery, validated
from shared.api_keys.key import Scope
from shared.core.errors import (
    ApiError,
    Detail,
    Forbidden,
    PayloadTooLarge,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedContentType,
    ValidationFailed,
)

_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)

View = Callable[..., Response]


@dataclass(frozen=True)
class Declaration:
    """`takes` is the model of the JSON body, `asks` that of the query, None for none; `gives` the model of each successful answer
    by its status, None where there is no body; `errors` what the route's own work refuses with; `limit` the requests a minute that
    its own window admits; `scope` what a scoped key must have."""

    credential: Credential
    asks: type[RequestQuery] | None
    takes: type[BaseModel] | None
    body_is_optional: bool
    gives: Mapping[int, type[BaseModel] | None]
    errors: tuple[type[ApiError], ...]
    limit: int | None
    scope: Scope | None

    @property
    def all_errors(self) -> frozenset[type[ApiError]]:
        """The route's own, and those of the steps before it."""
        known = (Unauthorized, Forbidden)
        of_credential = {"anybody": (), "poller": (), "id_token": (Unauthorized,)}.get(self.credential, known)
        of_body = () if self.takes is None else (ValidationFailed, PayloadTooLarge, UnsupportedContentType)
        of_query = () if self.credential == "anybody" and self.asks is None else (ValidationFailed,)
        return frozenset({*self.errors, *of_credential, *of_query, *of_body, RateLimitExceeded, ServiceUnavailable, ApiError})


@dataclass(frozen=True)
class Reply:
    """What a route answers, JSON or bytes of the type that its headers say; `logged` if its own commit held the log entry."""

    status: int
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    logged: bool = False


def endpoint(
    ports: Ports,
    *,
    credential: Credential,
    gives: Mapping[int, type[BaseModel] | None],
    asks: type[RequestQuery] | None = None,
    takes: type[BaseModel] | None = None,
    body_is_optional: bool = False,
    errors: tuple[type[ApiError], ...] = (),
    limit: int | None = None,
    scope: Scope | None = None,
) -> Callable[[Callable[..., Reply]], View]:
    """Guard a route and declare it. The route gets a `Call` first, and its path's parts by name."""
    declaration = Declaration(credential, asks, takes, body_is_optional, gives, errors, limit, scope)

    def guard(route: Callable[..., Reply]) -> View:
        @functools.wraps(route)
        def guarded(**parts: str) -> Response:
            call = admit(ports, credential, limit, scope)
            try:
                if asks is not None:
                    call = replace(call, asked=validated(asks, _query(), "query"))
                elif credential not in ("anybody", "poller"):
                    validated(RequestQuery, _query(), "query")
                if takes is not None:
                    call = _with_body(call, takes, optional=body_is_optional)
                reply = route(call, **parts)
            except ApiError as refusal:
                keep_log(call, refusal.status, ports, refusal.code)
                raise
            except Exception:
                keep_log(call, ApiError.status, ports, ApiError.code)
                raise
            if not reply.logged:
                keep_log(call, reply.status, ports)
            response = Response(reply.body) if isinstance(reply.body, bytes) else jsonify(reply.body)
            response.status_code = reply.status
            response.headers.update(dict(reply.headers))
            return response

        cast("Any", guarded).declaration = declaration
        return guarded

    return guard


def _query() -> dict[str, str]:
    """Raises ValidationFailed for a parameter that comes twice."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        told = [Detail(f"query.{name[:50]}", "Given more than once: give it once", "custom") for name in twice[:MAX_DETAILS]]
        raise ValidationFailed(details=told)
    return request.args.to_dict()


def is_idempotency_key(key: str | None) -> bool:
    return key is not None and _IDEMPOTENCY_KEY.fullmatch(key) is not None


def _with_body(call: Call, takes: type[BaseModel], *, optional: bool) -> Call:
    """Steps 7 and 8, and the header that step 9 needs."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not is_idempotency_key(key):
        message = "An Idempotency-Key has 1 to 255 printable ASCII characters"
        raise ValidationFailed(details=[Detail("headers.Idempotency-Key", message, "invalid_string")])
    body = read_json(request, optional=optional)
    model = takes.model_of(body) if issubclass(takes, RequestBody) else takes
    return replace(call, body=body, given=validated(model, body), idempotency_key=key)
