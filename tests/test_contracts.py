"""What the documentation promises matches the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograph_web.api.app import build_api
from autograph_web.audit.event_types import EventCategory, EventType
from autograph_web.settings import Settings, renamed_settings
from tests.support.product.errors import all_errors

ROOT = Path(__file__).parent.parent
DEPENDENCIES = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
USUAL_NAMES = {
    "port": "PORT",
    "database_url": "DATABASE_URL",
    "redis_url": "REDIS_URL",
    "smtp_url": "SMTP_URL",
    **{name: name.upper() for name in Settings.model_fields if name.startswith("otel_")},
}

# The implemented calls of the REST contract, and the event types that each of them can cause.
CALLS = {
    "POST /register",
    "POST /login",
    "POST /token",
    "POST /refresh",
    "POST /logout",
    "POST /logout-all",
    "GET /sessions",
    "DELETE /sessions",
    "DELETE /sessions/{session_id}",
    "GET /me",
    "POST /password-reset/request",
    "POST /password-reset/confirm",
    "POST /password-change",
    "GET /activity",
    "GET /activity/export",
    "POST /email-verification/request",
    "POST /email-verification/confirm",
    "POST /email-change/request",
    "POST /email-change/confirm",
    "POST /email-change/undo",
    "GET /account/export",
    "DELETE /account",
    "POST /mfa/setup",
    "POST /mfa/enable",
    "POST /mfa/verify",
    "POST /mfa/disable",
    "POST /mfa/recovery-codes",
    "GET /mfa/trusted-devices",
    "DELETE /mfa/trusted-devices/{device_id}",
    "GET /api-keys",
    "POST /api-keys",
    "DELETE /api-keys/{key_id}",
    "GET /admin/users",
    "POST /admin/users",
    "GET /admin/users/{user_id}",
    "POST /admin/users/{user_id}/lock",
    "POST /admin/users/{user_id}/unlock",
    "POST /admin/users/{user_id}/role",
    "DELETE /admin/users/{user_id}/sessions",
    "POST /admin/users/{user_id}/mfa/reset",
    "POST /admin/users/{user_id}/limits/lift",
    "POST /admin/addresses/unlock",
    "GET /admin/audit",
    "GET /admin/audit/export",
    "GET /admin/statistics",
    "GET /admin/flags",
    "PUT /admin/flags/{name}",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
}
KINDS = {
    "registration_success",
    "registration_failed",
    "login_success",
    "login_failed",
    "sign_in_refused",
    "login_mfa_required",
    "login_rate_limited",
    "reauthenticated",
    "token_refreshed",
    "token_reuse_detected",
    "logout",
    "logout_all",
    "password_reset_requested",
    "password_reset_completed",
    "password_reset_failed",
    "session_revoked",
    "password_changed",
    "email_verification_requested",
    "email_verified",
    "email_change_requested",
    "email_changed",
    "email_change_undone",
    "data_exported",
    "account_deleted",
    "mfa_setup_initiated",
    "mfa_enabled",
    "mfa_enable_failed",
    "mfa_verify_success",
    "mfa_verify_failed",
    "mfa_disabled",
    "recovery_code_used",
    "recovery_codes_regenerated",
    "api_key_created",
    "api_key_revoked",
    "api_key_refused",
    "device_trusted",
    "trusted_device_revoked",
    "account_created_by_admin",
    "account_locked",
    "account_unlocked",
    "role_changed",
    "sessions_ended_by_admin",
    "mfa_reset_by_admin",
    "flag_changed",
    "limits_lifted",
}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    variable = USUAL_NAMES.get(name, f"AUTOGRAPH_{name.upper()}")
    shortened = variable.removeprefix("AUTOGRAPH")
    assert f"`{variable}`" in CONFIGURATION or f"`{shortened}`" in CONFIGURATION


@pytest.mark.parametrize(
    ("file", "command"),
    [("security.md", "revocation"), ("configuration.md", "limits"), ("api.md", "operations")],
)
def test_the_documentation_holds_what_a_command_prints(file: str, command: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "autograph_web", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout
    assert printed.stdout in (ROOT / "docs" / file).read_text("utf-8")


def test_every_documented_setting_exists() -> None:
    known = {USUAL_NAMES.get(name, f"AUTOGRAPH_{name.upper()}") for name in Settings.model_fields}
    named = set(re.findall(r"`(AUTOGRAPH_[A-Z_]+)`", CONFIGURATION))
    assert named <= known | set(renamed_settings())
    assert set(renamed_settings()) <= named


@pytest.mark.parametrize("file", ["requirements.in", "requirements-tracing.in", "requirements-dev.in"])
def test_every_dependency_has_its_reason_in_the_documentation(file: str) -> None:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    names = [re.split(r"[\s;=<>\[]", line)[0] for line in lines if line and not line.startswith(("#", "-r"))]
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", DEPENDENCIES)] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-tracing.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_comes_from_the_index(file: str) -> None:
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "-r ")):
            assert re.match(r"^[A-Za-z0-9_.\-]+(\[[a-z,]+\])?==[^\s@]+", line), line


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text("utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_files_that_documents_name_exist() -> None:
    places = (ROOT, ROOT / "autograph_web", ROOT / "tests", ROOT / "docs", ROOT / "deploy")
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"`([\w.-]+/[\w./-]+\.py)\b", document.read_text("utf-8")):
            assert any((place / name).exists() for place in places), f"{document.name}: {name}"


def test_rest_has_the_calls_of_its_contract() -> None:
    paths = build_api().openapi()["paths"]
    assert {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} == CALLS


def test_the_audit_log_has_the_kinds_of_its_contract() -> None:
    assert {kind.value for kind in EventType} == KINDS


@pytest.mark.parametrize("kind", list(EventType))
def test_every_kind_reads_as_plain_words(kind: EventType) -> None:
    assert kind.label[0].isupper()
    assert "_" not in kind.label


def test_every_kind_is_in_exactly_one_group() -> None:
    assert sorted(kind for group in EventCategory for kind in group.kinds) == sorted(EventType)


@pytest.mark.parametrize("code", sorted(all_errors()))
def test_every_refusal_has_a_sentence(code: str) -> None:
    detail = all_errors()[code](retry_after=29).detail
    assert detail.endswith((".", "!"))
    assert "{" not in detail
    assert len(detail.split()) > 1
