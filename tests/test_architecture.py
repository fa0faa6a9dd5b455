"""Which modules may import which, and which alone may use the environment, time, randomness and SQL."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.support.product.sources import Module, product_modules

LAYERS = (
    "infra",
    "mail",
    "audit",
    "flags",
    "accounts",
    "sessions",
    "authn",
    "api_keys",
    "authz",
    "profile",
    "recovery",
    "admin",
    "monitoring",
)
"""The domain packages: each may import itself and those listed before it."""

COMMON = ("settings", "infra")
TOOLS = ("cli", "__main__", "serve", "migrate", "frontend", "schema")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    **{part: LAYERS[: place + 1] for place, part in enumerate(LAYERS)},
    "settings": ("infra", "settings"),
    "schema": LAYERS,
    "container": (*LAYERS, "settings", "schema"),
    "runtime": ("container",),
    "lifespan": ("infra", "container", "runtime"),
    "http": (*LAYERS, "settings", "container", "runtime", "frontend", "http"),
    "front": (*COMMON, "frontend", "container", "runtime", "http", "api", "ui"),
    "api": (*LAYERS, "settings", "container", "runtime", "http", "api"),
    "reflex_patches": ("infra", "settings", "container", "runtime", "http", "reflex_patches"),
    "ui": (*LAYERS, "settings", "container", "runtime", "http", "reflex_patches", "ui"),
    "frontend": ("infra", "frontend"),
    "migrate": ("infra", "schema"),
    "serve": ("infra", "settings", "frontend"),
    "commands": (
        *(*LAYERS, "settings", "schema", "frontend", "migrate", "serve", "container"),
        "commands",
    ),
    "cli": ("infra", "commands"),
    "__main__": ("cli",),
    "app": (
        *COMMON,
        "frontend",
        "container",
        "lifespan",
        "runtime",
        "http",
        "reflex_patches",
        "api",
        "ui",
        "front",
    ),
    "autograph_web": ("settings", "app"),
}

SQL_HOMES = re.compile(r"\.(models|store)$|\.infra\.db\.(database|types)$|\.(schema|migrate)$")
SQL = re.compile(r"sqlmodel\b|sqlalchemy\.(select|insert|update|delete|text|func|and_|or_|case|exists|desc)$")
STORE = re.compile(r"autograph_web\.(\w+)\.(?:\w+\.)*store\b")
ENVIRONMENT_HOMES = re.compile(r"\.(settings|serve|cli)$|\.commands\.serving$|\.frontend\.build$")
ENVIRONMENT = re.compile(r"os\.(environ|getenv|putenv|environb)\b|dotenv\b")
RANDOMNESS_HOMES = re.compile(r"\.infra\.(clock|randomness)$")
RANDOMNESS = re.compile(
    r"time\.time(_ns)?$|datetime(\.datetime)?\.(now|utcnow|today)$|datetime\.date\.today$"
    r"|(secrets|random)(\.|$)|os\.urandom$|uuid\.uuid[14]$"
)
# Background work, which recurs by itself; commands, which can be run again; probes; and what can be omitted
# without harm. Every other use case, which has a waiting caller, is retried after a conflict.
NOT_BEGUN_ANEW = {
    "accounts.links": {"purge_expired"},
    "api_keys.keys": {"_touch", "purge_expired"},
    "audit.chain.linker": {"_link_some", "keep_keys", "_forget_some"},
    "mail.courier": {"_note_sent", "_postpone"},
    "infra.db.batches": {"change_in_batches"},
    "authn.methods.totp.method": {"purge_expired"},
    "authn.methods.trusted_device.trusted_devices": {"purge_expired"},
    "monitoring.health": {"_write"},
    "profile.email_change": {"purge_expired"},
    "schema": {"shortcomings"},
    "sessions.sessions": {"purge_expired"},
}
STORAGE = re.compile(r"(sqlmodel|sqlalchemy|redis)(\.|$)|autograph_web\..*\b(models|store)\b")
WEB_FRAMEWORKS = re.compile(r"(reflex\w*|fastapi|starlette)(\.|$)")

ENTRIES = ("autograph_web.__main__", "autograph_web.autograph_web")
"""Programs, and what Reflex and the server load by name: the two that read settings when imported."""
_METHODS, _FLOW = "autograph_web.authn.methods.", "autograph_web.authn.flow"

Rule = Callable[[Module], Iterator[str]]


def imports_only_what_stands_before_it(module: Module) -> Iterator[str]:
    if module.name == "autograph_web":
        return
    allowed = MAY_IMPORT.get(module.part, ())
    for name in module.imports:
        part = name.removeprefix("autograph_web.").split(".")[0]
        if part == "settings" and module.name.endswith(".module"):
            continue  # which uses them to build the services of its package
        if name.startswith("autograph_web.") and part in MAY_IMPORT and part not in allowed:
            yield name


def leaves_building_to_the_container(module: Module) -> Iterator[str]:
    """Services are built in one place; all other modules receive them, so they can be built differently."""
    if module.part not in ("container", "commands") and not module.name.endswith(".module"):
        yield from filter(re.compile(r"autograph_web\.\w+\.module\b").match, module.imports)


def has_a_place(module: Module) -> Iterator[str]:
    if module.name != "autograph_web" and module.part not in MAY_IMPORT:
        yield "the part is in no layer: give it one in MAY_IMPORT"


def keeps_web_frameworks_out_of_the_domain(module: Module) -> Iterator[str]:
    if module.part in (*LAYERS, "settings", "container", "lifespan", "runtime"):
        yield from filter(WEB_FRAMEWORKS.match, module.imports)


def keeps_storage_out_of_api_and_ui(module: Module) -> Iterator[str]:
    if module.part in ("api", "ui"):
        yield from filter(STORAGE.match, module.imports)


def keeps_sql_in_stores(module: Module) -> Iterator[str]:
    if not SQL_HOMES.search(module.name):
        yield from filter(SQL.match, module.uses)


def keeps_foreign_stores_out(module: Module) -> Iterator[str]:
    """What a package stores is read and written through its services; only queries join tables of several.

    The store of accounts is common to all that change an account in their unit of work.
    """
    if module.part in LAYERS and not module.name.endswith(".store"):
        for name in module.imports:
            home = STORE.match(name)
            if home and home[1] not in (module.part, "accounts"):
                yield name


def keeps_the_environment_in_settings(module: Module) -> Iterator[str]:
    if not ENVIRONMENT_HOMES.search(module.name):
        yield from filter(ENVIRONMENT.match, module.uses)


def keeps_time_and_randomness_in_infra(module: Module) -> Iterator[str]:
    if not RANDOMNESS_HOMES.search(module.name):
        yield from filter(RANDOMNESS.match, module.uses)


def keeps_domain_errors_out_of_infra(module: Module) -> Iterator[str]:
    """The common base raises errors of its own; the layers above say what they mean to a user."""
    if module.part == "infra" and module.name != "autograph_web.infra.errors":
        yield from (
            f"{node.name} belongs to the package that raises it"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef) and "DomainError" in {ast.unparse(base) for base in node.bases}
        )


def keeps_methods_apart(module: Module) -> Iterator[str]:
    """A method knows neither another method nor the flow, so that each can be added and removed alone."""
    parts = module.name.split(".")
    if parts[1:3] != ["authn", "methods"] or len(parts) < 4:
        return
    own = ".".join(parts[:4])
    for name in module.imports:
        foreign = name.startswith(_METHODS) and f"{name}.".startswith(f"{own}.") is False
        if foreign or name.startswith(_FLOW):
            yield name


def keeps_methods_out_of_the_flow(module: Module) -> Iterator[str]:
    """The flow knows methods by their capabilities (authn/ports.py), as does everything methods depend on."""
    lists_them = module.name == "autograph_web.authn.module"
    if module.part == "authn" and not lists_them and not module.name.startswith(_METHODS.rstrip(".")):
        yield from (name for name in module.imports if name.startswith(_METHODS.rstrip(".")))


def does_nothing_at_import(module: Module) -> Iterator[str]:
    """Importing the package changes no other package and reads no setting: it can be embedded."""
    if module.name in ENTRIES:
        return
    own = {node.name for node in module.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {name.id for name in ast.walk(module.tree) if isinstance(name, ast.Name) and _is_stored(name)}
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        called = node.value if isinstance(node, ast.Expr) else None
        yield from (ast.unparse(target) for target in targets if isinstance(target, ast.Attribute))
        if isinstance(called, ast.Call) and ast.unparse(called.func).split(".")[0] not in own:
            yield ast.unparse(called)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from (text for text in map(ast.unparse, ast.walk(node)) if text == "load_settings()")


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def begins_units_of_work_anew(module: Module) -> Iterator[str]:
    allowed = NOT_BEGUN_ANEW.get(module.name.removeprefix("autograph_web."), set[str]())
    for function in ast.walk(module.tree):
        if not isinstance(function, ast.AsyncFunctionDef) or function.name in allowed:
            continue
        opens = any(
            isinstance(node, ast.Call) and ast.unparse(node.func).endswith("database.unit")
            for node in ast.walk(function)
        )
        if opens and "retried" not in {ast.unparse(one) for one in function.decorator_list}:
            yield f"{function.name} needs @retried (infra/db/retry.py)"


RULES: tuple[Rule, ...] = (
    has_a_place,
    imports_only_what_stands_before_it,
    keeps_web_frameworks_out_of_the_domain,
    keeps_storage_out_of_api_and_ui,
    keeps_sql_in_stores,
    keeps_foreign_stores_out,
    keeps_the_environment_in_settings,
    keeps_time_and_randomness_in_infra,
    begins_units_of_work_anew,
    keeps_domain_errors_out_of_infra,
    keeps_methods_apart,
    keeps_methods_out_of_the_flow,
    does_nothing_at_import,
    leaves_building_to_the_container,
)

UNIT = """
class Tokens:
    async def use(self):
        async with self._on.database.unit() as connection:
            pass
"""
PLANTED: tuple[tuple[Rule, str, str], ...] = (
    (has_a_place, "newcomer.page", ""),
    (imports_only_what_stands_before_it, "infra.clock", "import autograph_web.audit.log"),
    (imports_only_what_stands_before_it, "accounts.store", "from autograph_web.sessions import store"),
    (imports_only_what_stands_before_it, "accounts.store", "from ..sessions import store"),
    (imports_only_what_stands_before_it, "sessions.sessions", "from autograph_web import container"),
    (imports_only_what_stands_before_it, "api.routes.session", "from autograph_web.ui.routes import LOGIN"),
    (imports_only_what_stands_before_it, "ui.guard", "def f():\n    from autograph_web.api import app"),
    (leaves_building_to_the_container, "ui.app", "from autograph_web.authn.module import build"),
    (imports_only_what_stands_before_it, "authn.flow.login", "import autograph_web.settings"),
    (keeps_web_frameworks_out_of_the_domain, "authn.flow.login", "from fastapi import Request"),
    (keeps_web_frameworks_out_of_the_domain, "infra.context", "import reflex as rx"),
    (keeps_web_frameworks_out_of_the_domain, "infra.context", "from reflex_base.config import get_config"),
    (keeps_storage_out_of_api_and_ui, "ui.dashboard.state", "from autograph_web.audit.models import Event"),
    (keeps_storage_out_of_api_and_ui, "api.authentication", "from autograph_web.sessions import store"),
    (keeps_storage_out_of_api_and_ui, "api.authentication", "import redis.asyncio"),
    (keeps_sql_in_stores, "authn.flow.login", "import sqlalchemy as sa\nx = sa.select(1)"),
    (keeps_sql_in_stores, "authn.flow.registration", "from sqlmodel import select"),
    (keeps_foreign_stores_out, "profile.export", "from autograph_web.sessions import store as sessions"),
    (keeps_foreign_stores_out, "admin.user_directory", "from autograph_web.mail.store import OUTBOX"),
    (keeps_the_environment_in_settings, "mail.outbox", "import os\nx = os.environ['A']"),
    (keeps_the_environment_in_settings, "mail.outbox", "from os import getenv"),
    (keeps_the_environment_in_settings, "mail.outbox", "import os as o\nx = o.getenv('A')"),
    (keeps_time_and_randomness_in_infra, "sessions.tokens", "import time\nx = time.time()"),
    (
        keeps_time_and_randomness_in_infra,
        "sessions.tokens",
        "from datetime import datetime as d\nx = d.now()",
    ),
    (keeps_time_and_randomness_in_infra, "sessions.tokens", "import datetime\nx = datetime.datetime.now()"),
    (keeps_time_and_randomness_in_infra, "sessions.tokens", "import secrets"),
    (keeps_time_and_randomness_in_infra, "sessions.tokens", "from uuid import uuid4"),
    (keeps_time_and_randomness_in_infra, "sessions.tokens", "from os import urandom"),
    (begins_units_of_work_anew, "sessions.tokens", UNIT),
    (does_nothing_at_import, "accounts.emails", "import email_validator\nemail_validator.NAMES.clear()"),
    (does_nothing_at_import, "accounts.emails", "import zxcvbn\nzxcvbn.matching.spell = None"),
    (
        does_nothing_at_import,
        "ui.app",
        "from autograph_web.settings import load_settings\nx = load_settings()",
    ),
    (
        keeps_methods_apart,
        "authn.methods.totp.enrolment",
        "from autograph_web.authn.methods.recovery_codes.method import RecoveryCodes",
    ),
    (keeps_methods_apart, "authn.methods.password.method", "import autograph_web.authn.flow.grants"),
    (
        keeps_methods_out_of_the_flow,
        "authn.flow.login",
        "from autograph_web.authn.methods import password",
    ),
    (
        keeps_methods_out_of_the_flow,
        "authn.revocation",
        "from autograph_web.authn.methods.totp.method import TotpMethod",
    ),
    (keeps_domain_errors_out_of_infra, "infra.flash", "class LinkUsed(DomainError):\n    pass"),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule) -> None:
    broken = [f"{module.name}: {what}" for module in product_modules() for what in rule(module)]
    assert broken == []


@pytest.mark.parametrize(("rule", "name", "source"), PLANTED)
def test_a_planted_violation_is_caught(rule: Rule, name: str, source: str) -> None:
    assert list(rule(Module(f"autograph_web.{name}", source)))


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


def test_innocent_neighbours_pass() -> None:
    source = "from datetime import datetime\nfrom uuid import UUID\nx = self._clock.now()\nos = {}\n"
    module = Module("autograph_web.authn.flow.registration", source)
    assert [what for rule in RULES for what in rule(module)] == []
