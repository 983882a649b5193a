"""Is this answer one that its route declared?"""

from typing import Any

from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError

from functions.api.request.endpoint import Declaration

DIALECTS = ("soke", "vidocu", "novakit", "sova")


def violation(app: Flask, response: Response) -> str | None:
    """What is undeclared about the answer to the present request."""
    if request.url_rule is None or (request.method == "OPTIONS" and response.status_code == 204):
        return None
    view: Any = app.view_functions[request.url_rule.endpoint]
    declaration: Declaration = view.declaration
    where = f"{request.method} {request.url_rule.rule} answered {response.status_code}"
    body = response.get_json(silent=True)
    if response.status_code < 400:
        if response.status_code not in declaration.gives:
            return f"{where}, which it does not declare"
        model = declaration.gives[response.status_code]
        return None if model is None else _misfit(where, model, body)
    codes = {(error.status, error.code) for error in declaration.all_errors}
    if request.blueprint in DIALECTS:
        # In words of its own.
        known = {error.status for error in declaration.all_errors}
        return None if response.status_code in known else f"{where}, which it does not declare"
    told = (response.status_code, body["error"]["code"])
    return None if told in codes else f"{where} {told[1]}, which it does not declare"


def _misfit(where: str, model: type[BaseModel], body: Any) -> str | None:
    try:
        shown = model.model_validate(body, strict=True).model_dump(exclude_unset=True)
    except ValidationError as error:
        return f"{where}, unlike {model.__name__}: {error}"
    return None if shown == body else f"{where} with more than {model.__name__} has: {body}"
