"""Does the code keep the shape that the architecture promises?"""

import ast
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from functions.api.app import create_app
from functions.sweeper.main import OUTBOXES
from functions.targets import TARGETS
from shared.tasks.queues import QUEUES
from tests.conftest import ROOT
from tests.fakes.world import SETTINGS, World

SOURCES = [path for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")]
BANNED_NAMES = {"utils", "helpers", "common", "misc", "manager", "base", "service"}
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **SETTINGS}

# What a deployed function must not load, because it does not use it; every module costs start-up time.
DENIED = {
    "api": (
        "google.cloud.storage",
        "requests_hardened",
        "pymediainfo",
        "typst",
        "openai",
        "shared.publishing.publish",
        "shared.platforms.x.publish",
    ),
    "ingest": ("firebase_admin", "pydantic_settings", "pymediainfo", "imagesize", "shared.publishing", "functions.api"),
    "templates": ("firebase_admin", "pydantic_settings", "pymediainfo", "requests_hardened", "shared.publishing", "functions.api"),
    "transcribe": ("firebase_admin", "pydantic_settings", "pymediainfo", "typst", "requests_hardened", "shared.publishing"),
    "encode": ("firebase_admin", "pydantic_settings", "openai", "typst", "requests_hardened", "shared.publishing"),
    "jobs": ("firebase_admin", "pydantic_settings", "openai", "typst", "requests_hardened", "shared.publishing", "functions.api"),
    "orchestrator": (
        "google.cloud.storage",
        "firebase_admin",
        "pydantic_settings",
        "shared.publishing.publish",
        "shared.platforms.x",
    ),
    "publisher": ("firebase_admin", "pydantic_settings", "pymediainfo", "requests_hardened", "functions.api"),
    "webhooks": (
        "google.cloud.storage",
        "firebase_admin",
        "pydantic_settings",
        "openai",
        "typst",
        "shared.publishing",
        "functions.api",
    ),
    "refresher": ("google.cloud.storage", "firebase_admin", "shared.publishing.publish", "shared.platforms.x.publish"),
    "sweeper": ("google.cloud.storage", "firebase_admin", "shared.publishing.publish"),
}
# Modules loaded by importing a function's main.py; a new dependency shows here before it shows as a slow start.
MODULE_BUDGET = {
    "api": 1360,
    "ingest": 1200,
    "templates": 1200,
    "transcribe": 2200,
    "encode": 1200,
    "orchestrator": 1080,
    "publisher": 1200,
    "jobs": 1200,
    "webhooks": 1200,
    "refresher": 1080,
    "sweeper": 1080,
}


@pytest.fixture(scope="module", params=[target.name for target in TARGETS])
def imported(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    """A function's name, and what a fresh interpreter holds after importing it."""
    script = (
        f"import functions.{request.param}.main, functions.{request.param}.wiring as wiring, json, sys, threading\n"
        "made = sum(f.cache_info().currsize for f in vars(wiring).values() if hasattr(f, 'cache_info'))\n"
        "print(json.dumps({'modules': sorted(sys.modules), 'made': made, 'threads': threading.active_count()}))"
    )
    ran = subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return request.param, json.loads(ran.stdout)


def test_no_client_is_made_at_import_time(imported: tuple[str, dict[str, object]]) -> None:
    assert (imported[1]["made"], imported[1]["threads"]) == (0, 1)


def test_each_function_imports_only_what_it_needs(imported: tuple[str, dict[str, object]]) -> None:
    name, facts = imported
    modules = facts["modules"]
    assert isinstance(modules, list)
    assert [denied for denied in DENIED[name] if denied in modules] == []
    assert len(modules) <= MODULE_BUDGET[name]


@pytest.mark.parametrize("name", [target.name for target in TARGETS])
def test_a_deployed_function_with_an_override_dies_with_one_sentence(name: str) -> None:
    env = ENVIRONMENT | {"K_SERVICE": name}
    script = f"import functions.{name}.main"
    ran = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "unset SOKU_SANDBOX_URL" in ran.stderr.splitlines()[-1]


def test_every_route_is_guarded_and_declared() -> None:
    app = create_app(World().api_ports)
    views = {rule.rule: vars(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    assert [rule for rule, view in views.items() if "declaration" not in view] == []
    assert {rule for rule, view in views.items() if view["declaration"].credential in ("anybody", "poller")} == {
        "/health",
        "/ready",
        # Stores nothing: it sends a person on to the page that completes what they began.
        "/v1/integrations/<platform>/callback",
        # What the API can do, and the page that shows it.
        "/v1/openapi.json",
        "/docs",
        "/docs/<asset>",
        # Metadata of a job whose id nobody can guess, as Sova's document has it.
        "/sova/api/v1/jobs/<id:job_id>",
        # A picture, for pages that show it.
        "/v1/templates/<slug>/preview",
    }


def test_every_queue_has_a_function_and_no_public_one() -> None:
    private = {target.name for target in TARGETS if not target.public}
    assert {queue.target for queue in QUEUES} <= private
    assert private - {queue.target for queue in QUEUES} == {"sweeper"}, "called by Cloud Scheduler"


def test_every_function_is_a_target_and_every_target_a_function() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert folders == {target.name for target in TARGETS}
    assert all(callable(getattr(import_module("functions.main"), target.name)) for target in TARGETS)


def test_every_query_is_declared_in_the_indexes() -> None:
    """A query on one field is served by its own index: in a collection unless exempted, in a group only if declared."""
    declared = json.loads((ROOT / "firestore.indexes.json").read_text())
    overrides = {(o["collectionGroup"], o["fieldPath"]): o for o in declared["fieldOverrides"]}
    found = [call for path in SOURCES for call in ast.walk(ast.parse(path.read_text())) if _is_query(call)]
    queries = {ast.unparse(call) for call in found}
    # Whoever adds a query adds it here and, if it needs one, its index.
    assert queries == {
        "Query('apiKeys', where=(('uid', '==', uid),), order_by='createdAt', descending=True, limit=limit, after=after)",
        "Query('apiKeys', where=(('uid', '==', uid), ('revokedAt', '==', None)), limit=MAX_LISTED)",
        "Query(collection, where=where, order_by='keyId', limit=BATCH, group=True, after=after)",
        "Query(collection, where=where, order_by='createdAt', descending=True, limit=limit + 1, after=after)",
        "Query('webhooks', where=[('uid', '==', uid)], limit=2 * MAX_ENDPOINTS)",
        "Query(collection, where=until, order_by='nextAttemptAt', limit=limit)",
        "Query(f'{path}/runs', limit=MAX_TARGETS)",
        "Query('jobs', where=where, order_by='createdAt', descending=True, limit=limit, after=after)",
        "Query('media', where=where, order_by='createdAt', descending=True, limit=limit + 1, after=after)",
        "Query(f'{credits_path(uid)}/ledger', order_by='createdAt', descending=True, limit=limit, after=after)",
        "Query('uploads', where=where, limit=MAX_OPEN)",
        "Query(automations_path(uid), limit=MAX_AUTOMATIONS)",
        "Query('postSubmissions', where=where, order_by=by, descending=True, limit=limit + 1, after=after)",
        "Query(f'{submission_path(post_id)}/runs', limit=MAX_TARGETS)",
        # Each field's own index serves it.
        "Query('postSubmissions', where=where, limit=MAX_NAMED)",
        "Query('runs', where=there, limit=MOST, group=True)",
        "Query('runs', where=where, order_by='completedAt', descending=True, limit=1, group=True)",
        "Query('runs', where=in_intent, limit=MOST, group=True)",
        "Query('runs', where=since, limit=MOST, group=True)",
        "Query(outbox.collection, where=(due,), order_by=outbox.field, limit=BATCH, group=outbox.group, after=after)",
    }
    for outbox in OUTBOXES:
        if outbox.group:
            assert {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"} in overrides[outbox.collection, outbox.field]["indexes"]
    composite = [[f["fieldPath"] for f in i["fields"]] for i in declared["indexes"] if i["queryScope"] == "COLLECTION_GROUP"]
    latest = ["uid", "platform", "accountId", "status", "completedAt"]
    made_by = ["platform", "accountId", "platformPostId"]
    assert composite == [["accountId", "phase"], ["accountId", "completedAt"], latest, made_by]
    posts = [[f["fieldPath"] for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "postSubmissions"]
    filters: list[list[str]] = [[], ["state"], ["facets"], ["state", "facets"]]
    assert sorted(posts) == sorted(["uid", *named, by] for by in ("createdAt", "dueAt") for named in filters)
    jobs = [[f["fieldPath"] for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "jobs"]
    assert jobs == [["uid", *named, "createdAt"] for named in ([], ["status"], ["facets"], ["status", "facets"])]
    uploads = [[f["fieldPath"] for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "uploads"]
    assert uploads == [["uid", "expireAt"]]
    keys = [[(f["fieldPath"], f["order"]) for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "apiKeys"]
    assert keys == [[("uid", "ASCENDING"), ("createdAt", "DESCENDING")]]
    media = [[(f["fieldPath"], f["order"]) for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "media"]
    assert media == [[("uid", "ASCENDING"), ("deletedAt", "ASCENDING"), ("createdAt", "DESCENDING")]]
    log = [[f["fieldPath"] for f in i["fields"]] for i in declared["indexes"] if i["collectionGroup"] == "apiRequests"]
    assert log == [[name, "createdAt"] for name in ("requestId", "status", "route", "apiKeyId")]
    for exempted in (
        ("postSubmissions", "uid"),
        ("postSubmissions", "openMediaIds"),
        ("jobs", "sweepAt"),
        ("jobs", "*"),
        ("apiKeys", "uid"),
        ("postSubmissions", "sweepAt"),
        ("apiKeys", "*"),
        ("postSubmissions", "*"),
    ):
        assert exempted not in overrides, "its own index serves a query"


def _is_query(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Query"


def test_documents_that_expire_have_a_policy_that_deletes_them() -> None:
    declared = json.loads((ROOT / "firestore.indexes.json").read_text())
    with_policy = {o["collectionGroup"] for o in declared["fieldOverrides"] if o.get("ttl")}
    assert with_policy == {"idempotency", "apiRequests", "oauthStates", "jobs", "uploads", "slots", "events", "deliveries"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_named_explained_and_short(path: Path) -> None:
    text = path.read_text()
    assert path.stem not in BANNED_NAMES
    assert len(text.splitlines()) <= 250
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with what question it answers"
