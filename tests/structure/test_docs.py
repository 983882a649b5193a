"""Do the guides tell everything that there is? Codes, rules, options, settings, scopes, limits, links."""

import re
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask

from functions.api.app import create_app
from functions.api.request.endpoint import Declaration
from functions.targets import TARGETS
from shared.api_keys.key import Scope
from shared.core import settings
from shared.core.errors import ApiError
from shared.core.platforms import PLATFORMS
from shared.core.settings import LOCAL_ONLY, Settings
from shared.platforms.registry import rules_of
from shared.tasks.queues import QUEUES
from shared.templates.template import TEMPLATES
from tests.conftest import ROOT
from tests.fakes.world import World

GUIDES = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*GUIDES, *ROOT.glob("*.md"), *(ROOT / folder / "README.md" for folder in ("functions", "shared", "emulator", "tests"))]
# Google's own.
PROVIDED = {"GOOGLE_CLOUD_PROJECT", "K_SERVICE", "STORAGE_EMULATOR_HOST"}


def guide(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def subclasses(of: type) -> list[type]:
    return [kind for direct in of.__subclasses__() for kind in (direct, *subclasses(direct))]


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(World().api_ports)


def declarations(app: Flask) -> dict[str, Declaration]:
    found: dict[str, Declaration] = {}
    for rule in app.url_map.iter_rules():
        [method] = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found[f"{method} {rule.rule}"] = vars(app.view_functions[rule.endpoint])["declaration"]
    return found


def test_every_error_code_is_explained_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", guide("errors"), re.MULTILINE))
    assert rows == {kind.code: str(kind.status) for kind in (ApiError, *subclasses(ApiError))}


def test_every_code_of_a_run_is_explained() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "shared").rglob("*.py"))
    known = set(re.findall(r'code="([a-z_]+)"', source)) - {kind.code for kind in subclasses(ApiError)}
    assert [code for code in sorted(known) if f"`{code}`" not in guide("publishing")] == []


def test_every_option_of_a_target_is_explained() -> None:
    text = guide("publishing")
    missing = [
        f"{platform}.{field.alias or name}"
        for platform in PLATFORMS
        for name, field in rules_of(platform).options.model_fields.items()
        if f"`{field.alias or name}`" not in text
    ]
    assert missing == []


def test_every_rule_is_explained() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "shared").rglob("*.py"))
    named = set(re.findall(r'(?:Problem\(\s*|rule=)f?"([a-z{}._]+)"', source)) | set(re.findall(r'"(x\.[a-z_]+)"\)', source))
    limits = re.findall(r'yield "([a-z_]+)", f?"', (ROOT / "shared" / "platforms" / "media_limits.py").read_text())
    assert {"x.gif_alone", "{platform}.text_required", "x.thread_text_too_long"} <= named
    assert {"frame_rate", "size"} <= set(limits)
    text = guide("rules")
    general = {rule: "{platform}." + rule.partition(".")[2] for rule in named}
    told = {rule for rule in named if f"`{rule}`" in text or f"`{general[rule]}`" in text}
    assert sorted(rule for rule in named - told if "{rule}" not in rule) == []
    assert [
        limit for limit in limits if f"`{{platform}}.video_{limit}`" not in text and f"`{{platform}}.image_{limit}`" not in text
    ] == []
    known = {rule for rule in re.findall(r"`([a-z]+\.[a-z_]+)`", text) if not rule.endswith(".md")}
    made = {"instagram.too_many_hashtags", "instagram.too_many_mentions", "error.rule"}
    assert known - made <= named


def test_every_setting_is_explained() -> None:
    models = [kind for kind in vars(settings).values() if isinstance(kind, type) and issubclass(kind, Settings)]
    names = {field.alias for model in models for field in model.model_fields.values() if field.alias} - PROVIDED - set(LOCAL_ONLY)
    text = guide("deploying")
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_queue_and_function_is_named() -> None:
    text = guide("deploying")
    assert [
        queue.name for queue in QUEUES if not queue.name.startswith(("publish-", "ingest-")) and f"`{queue.name}`" not in text
    ] == []
    table = (ROOT / "functions" / "README.md").read_text()
    rows = dict(re.findall(r"^\| \[(\w+)\]\(\w+/\) \|.*?\| (\d+) s \|", table, re.MULTILINE))
    assert rows == {target.name: str(target.timeout_seconds) for target in TARGETS}


def test_every_scope_is_explained() -> None:
    assert re.findall(r"^\| `([a-z:]+)` \|", guide("api-keys"), re.MULTILINE) == list(get_args(Scope))


def test_every_limit_of_an_endpoint_is_told(app: Flask) -> None:
    told: dict[str, int] = {}
    for names, limit in re.findall(r"^\| (`[A-Z].*?) \| (\d+) \|$", guide("rate-limiting"), re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`([^`]+)`", names), int(limit))
    limits = {
        re.sub(r"<(?:\w+:)?\w+>", "{id}", name): one.limit for name, one in declarations(app).items() if one.limit is not None
    }
    assert told == limits


def test_every_template_is_listed_with_its_config() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", guide("templates"), re.MULTILINE))
    wanted = {
        slug: ", ".join(
            f"`{name}`" if field.is_required() else f"`{name}?`"
            for name, field in template.config.model_fields.items()
            if name not in ("theme", "accent")
        )
        for slug, template in TEMPLATES.items()
    }
    assert rows == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        to = (page.parent / file).resolve() if file else page
        assert to.exists(), f"{target}: there is no {to.name}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", to.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings], target


def test_every_guide_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [page.name for page in GUIDES if f"(docs/{page.name})" not in text] == []
