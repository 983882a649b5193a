"""The API as it is served: through functions-framework's own web application, on the world in memory."""

from collections.abc import Iterator
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient

from tests.api import served
from tests.fakes.world import World


@pytest.fixture
def client(world: World) -> FlaskClient:
    served.world = world
    return functions_framework.create_app("api", served.__file__).test_client()


@pytest.fixture(autouse=True)
def _every_answer_is_declared() -> Iterator[None]:
    """Whatever a test asks, each answer is one that its route declares."""
    served.violations.clear()
    yield
    assert served.violations == []


@pytest.fixture
def key(world: World) -> str:
    return world.user(connect=["x:x_main", "instagram:ig_a", "instagram:ig_b"])


@pytest.fixture
def stored_before(world: World, key: str) -> list[str]:
    """Every document there is before the request."""
    return world.paths()


def error_of(answer: Any) -> dict[str, Any]:
    return answer.get_json()["error"]
