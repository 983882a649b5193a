"""docs/endpoints.md: how each endpoint behaves, in one place."""

from flask import Flask

from functions.api.openapi.operations import OPERATIONS
from functions.api.openapi.routes import routes_of

_WHO = {
    "api_key": "key",
    "id_token": "ID token",
    "subscriber": "ID token",
    "either": "key or ID token",
    "key_or_person": "key or ID token",
    "anybody": "none",
    "poller": "none",
    "soke_key": "key in `X-Soke-Key`",
    "bearer_key": "key as bearer",
    "sova_key": "key in `X-Api-Key`",
}
_REPEATED = {
    "safe": "yes, it only reads",
    "key": "yes, by key",
    "own_key": "by an `Idempotency-Key`",
    "state": "yes, the same state",
    "no": "no",
}


def table(app: Flask) -> str:
    lines = [
        "# Endpoints",
        "",
        "Made by `make openapi` from the routes' declarations, like `/v1/openapi.json`, which `/docs` shows.",
        "",
        "Safe to send again *by key*: the first answer comes back, for the same `Idempotency-Key` or, without one, the same body.",
        "",
        "| endpoint | name in an SDK | safe to send again | the answer comes | credential | scope | a minute | credits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for path, method, name, declaration in routes_of(app):
        known = OPERATIONS[name]
        comes = "once it is done" if known.waits else "at once; the work goes on" if known.goes_on else "at once"
        who = _WHO[declaration.credential]
        lines.append(
            f"| `{method.upper()} {path}` | `{known.id}` | {_REPEATED[known.repeated]} | {comes} | {who} "
            f"| {declaration.scope or ''} | {declaration.limit or ''} | {known.credits} |"
        )
    return "\n".join(lines) + "\n"
