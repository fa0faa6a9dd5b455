"""What may be set, and what a production start refuses."""

from pathlib import Path
from typing import Any

import pytest

from autograph_web.settings import Settings, SettingsError, load_settings
from tests.support.factories import SECRET

URL = "https://accounts.northwind.dev"
PRODUCTION: dict[str, str] = {
    "AUTOGRAPH_ENVIRONMENT": "production",
    "AUTOGRAPH_BASE_URL": URL,
    "AUTOGRAPH_SECRET_KEYS": SECRET,
}


def made(**given: Any) -> Settings:
    """Return settings with these values, whatever the environment says."""
    return Settings(**given)


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """Read settings from an environment of just these variables."""
    for name in ("PORT", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    load_settings.cache_clear()
    try:
        return load_settings()
    finally:
        load_settings.cache_clear()


def test_without_any_setting_it_starts_for_development(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = load(monkeypatch, AUTOGRAPH_DATA_DIR=str(tmp_path))

    assert (settings.environment, settings.base_url) == ("development", "http://localhost:3000")
    assert settings.sqlalchemy_url == f"sqlite+aiosqlite:///{tmp_path}/autograph.sqlite3"
    assert settings.bcrypt_cost == 12
    assert not settings.secure


def test_production_starts_with_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **PRODUCTION)

    assert settings.secure
    assert settings.master_secrets == (SECRET,)
    assert settings.origins == {URL}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"AUTOGRAPH_SECRET_KEYS": ""}, "AUTOGRAPH_SECRET_KEYS"),
        ({"AUTOGRAPH_SECRET_KEYS": "changeme"}, "AUTOGRAPH_SECRET_KEYS"),
        ({"AUTOGRAPH_SECRET_KEYS": f"{SECRET},secret"}, "AUTOGRAPH_SECRET_KEYS"),
        ({"AUTOGRAPH_BASE_URL": ""}, "AUTOGRAPH_BASE_URL"),
        ({"AUTOGRAPH_BASE_URL": "http://accounts.northwind.dev"}, "AUTOGRAPH_BASE_URL"),
        ({"AUTOGRAPH_BASE_URL": "accounts.northwind.dev"}, "AUTOGRAPH_BASE_URL"),
        ({"AUTOGRAPH_ENVIRONMENT": "prod"}, "AUTOGRAPH_ENVIRONMENT"),
        ({"AUTOGRAPH_BCRYPT_COST": "3"}, "AUTOGRAPH_BCRYPT_COST"),
        ({"AUTOGRAPH_WORKERS": "many"}, "AUTOGRAPH_WORKERS"),
        ({"AUTOGRAPH_PASSWORD_MIN_LENGTH": "4"}, "AUTOGRAPH_PASSWORD_MIN_LENGTH"),
        ({"AUTOGRAPH_LOGIN_LIMIT": "0"}, "AUTOGRAPH_LOGIN_LIMIT"),
        ({"PORT": "99999"}, "PORT"),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(monkeypatch, **PRODUCTION | changes)

    line = str(refusal.value)
    assert line.startswith(named)
    assert "\n" not in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "url",
    [
        "ftp://northwind.dev",
        "https://",
        "https://northwind.dev/app",
        "northwind.dev",
        "//northwind.dev",
        "https://northwind.dev?x=1",
        "https://northwind.dev#x",
        "https://mina@northwind.dev",
    ],
)
def test_a_base_url_that_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be an origin"):
        made(base_url=url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (f"{URL}/", URL),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("HTTPS://Accounts.Northwind.Dev", URL),
        (f"{URL}:443", URL),
    ],
)
def test_a_base_url_is_kept_as_browsers_spell_the_origin(url: str, origin: str) -> None:
    settings = made(base_url=url)

    assert settings.base_url == origin
    assert origin in settings.origins


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@db/x", "postgresql+asyncpg://u:p@db/x"),
        ("postgresql://u:p@db:5432/x?sslmode=require", "postgresql+asyncpg://u:p@db:5432/x?sslmode=require"),
        ("postgresql+asyncpg://u@/x?host=/tmp", "postgresql+asyncpg://u@/x?host=/tmp"),
        ("sqlite:////var/lib/a.db", "sqlite+aiosqlite:////var/lib/a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
    ],
)
def test_a_database_may_be_named_in_any_usual_spelling(given: str, used: str) -> None:
    assert made(database_url=given).sqlalchemy_url == used


def test_development_also_answers_to_the_usual_names_of_this_machine() -> None:
    settings = made(port=4000)

    assert settings.base_url == "http://localhost:4000"
    assert {"http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"} <= settings.origins


def test_other_origins_are_allowed_by_name_only() -> None:
    settings = made(
        environment="production",
        base_url=URL,
        secret_keys=(SECRET,),
        allowed_origins="https://a.dev, https://b.dev,",
    )

    assert settings.origins == {URL, "https://a.dev", "https://b.dev"}


def test_the_usual_variables_have_their_usual_names(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PORT="8080", DATABASE_URL="postgres://db/x", REDIS_URL="redis://r")

    assert (settings.port, settings.redis_url) == (8080, "redis://r")
    assert settings.sqlalchemy_url == "postgresql+asyncpg://db/x"


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        made().port = 1
