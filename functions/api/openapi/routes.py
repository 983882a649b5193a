"""The routes with their declarations, in a fixed order."""

from collections.abc import Sequence

from flask import Flask

from functions.api.request.address import address_of
from functions.api.request.endpoint import Declaration


def routes_of(app: Flask) -> Sequence[tuple[str, str, str, Declaration]]:
    found: list[tuple[str, str, str, Declaration]] = []
    for rule in app.url_map.iter_rules():
        declaration: Declaration = vars(app.view_functions[rule.endpoint])["declaration"]
        path = address_of(rule.rule)
        found += [
            (path, method.lower(), rule.endpoint, declaration) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return sorted(found)
