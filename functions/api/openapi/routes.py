"""The routes with their declarations, in a fixed order."""

import re
from collections.abc import Sequence

from flask import Flask

from functions.api.request.endpoint import Declaration


def routes_of(app: Flask) -> Sequence[tuple[str, str, str, Declaration]]:
    found: list[tuple[str, str, str, Declaration]] = []
    for rule in app.url_map.iter_rules():
        declaration: Declaration = vars(app.view_functions[rule.endpoint])["declaration"]
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: f"{{{_camel(part[1])}}}", rule.rule)
        found += [
            (path, method.lower(), rule.endpoint, declaration) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return sorted(found)


def _camel(name: str) -> str:
    """As the API's own fields are called."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
