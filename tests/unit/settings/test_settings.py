"""Which settings exist, and which a production start refuses."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from autograph_web.infra.ratelimit.table import Limit, Rate, parse_rates
from autograph_web.settings import Settings, SettingsError, load_settings
from tests.support.services.factories import SECRET

URL = "https://accounts.northwind.dev"
PRODUCTION: dict[str, str] = {
    "AUTOGRAPH_ENVIRONMENT": "production",
    "AUTOGRAPH_BASE_URL": URL,
    "AUTOGRAPH_SECRET_KEYS": SECRET,
    "SMTP_URL": "smtp://mailer:hunter2@mail.northwind.dev",
}


def made(**given: Any) -> Settings:
    """Return settings with these values, regardless of the environment."""
    return Settings(**given)


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """Read settings from an environment of just these variables."""
    for name in ("PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL"):
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


def test_limits_are_set_by_the_names_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, AUTOGRAPH_LIMIT_LOGIN=" 7 / 30m ", AUTOGRAPH_LIMIT_MFA="3/1m,9/2h")

    assert settings.rates[Limit.LOGIN] == (Rate(7, 1800),)
    assert settings.rates[Limit.MFA] == (Rate(3, 60), Rate(9, 7200))
    assert settings.rates[Limit.REGISTER] == Limit.REGISTER.default
    assert settings.deprecated == []


@pytest.mark.parametrize(
    ("written", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400)]
)
def test_a_lifetime_is_a_duration(monkeypatch: pytest.MonkeyPatch, written: str, seconds: int) -> None:
    assert load(monkeypatch, AUTOGRAPH_ACCESS_TOKEN_TTL=written).access_token_ttl == seconds


def test_settings_are_read_by_their_old_names_which_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "AUTOGRAPH_SESSION_IDLE_SECONDS").write_text("1200")
    old = {"AUTOGRAPH_SECRETS_DIR": str(tmp_path), "AUTOGRAPH_ACCESS_TOKEN_SECONDS": "120"}
    settings = load(monkeypatch, **old)

    assert (settings.access_token_ttl, settings.session_idle_ttl) == (120, 1200)
    assert sorted(settings.deprecated) == [
        "AUTOGRAPH_ACCESS_TOKEN_SECONDS is deprecated: use AUTOGRAPH_ACCESS_TOKEN_TTL",
        "AUTOGRAPH_SESSION_IDLE_SECONDS is deprecated: use AUTOGRAPH_SESSION_IDLE_TTL",
    ]


def test_the_names_of_limits_of_the_version_before_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {"AUTOGRAPH_LOGIN_LIMIT": "2", "AUTOGRAPH_REGISTRATION_WINDOW_SECONDS": "60"}
    settings = load(monkeypatch, **old)

    assert settings.rates[Limit.LOGIN] == settings.rates[Limit.LOGIN_ACCOUNT] == (Rate(2, 900),)
    assert settings.rates[Limit.REGISTER] == (Rate(100, 60),)
    both = ("AUTOGRAPH_LIMIT_LOGIN=2/15m", "AUTOGRAPH_LIMIT_LOGIN_ACCOUNT=2/15m")
    assert settings.deprecated == [
        f"AUTOGRAPH_LOGIN_LIMIT is deprecated: set {' and '.join(both)}",
        "AUTOGRAPH_REGISTRATION_WINDOW_SECONDS is deprecated: set AUTOGRAPH_LIMIT_REGISTER=100/1m",
    ]


@given(st.lists(st.builds(Rate, st.integers(1, 10**8), st.integers(1, 86_400)), min_size=1, max_size=4))
def test_rates_read_as_they_are_written(rates: list[Rate]) -> None:
    apart = list({rate.window: rate for rate in rates}.values())
    assert parse_rates(",".join(map(str, apart))) == tuple(apart)


@given(st.text(alphabet="0123456789/smhd, .-x", max_size=12))
def test_rates_are_whole_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert all(rate.limit > 0 and rate.window > 0 for rate in parse_rates(text))


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
        ({"AUTOGRAPH_ACCESS_TOKEN_TTL": "soon"}, "AUTOGRAPH_ACCESS_TOKEN_TTL: must be a duration"),
        ({"AUTOGRAPH_ACCESS_TOKEN_TTL": "2d"}, "AUTOGRAPH_ACCESS_TOKEN_TTL"),
        ({"AUTOGRAPH_LIMIT_LOGIN": "0/15m"}, "AUTOGRAPH_LIMIT_LOGIN: must look like 5/15m"),
        ({"AUTOGRAPH_LIMIT_LOGIN": "5 tries"}, "AUTOGRAPH_LIMIT_LOGIN: must look like 5/15m"),
        ({"AUTOGRAPH_LIMIT_API_KEY": "5/1m,9/1h"}, "AUTOGRAPH_LIMIT_API_KEY: must be one rate"),
        ({"PORT": "99999"}, "PORT"),
        ({"REDIS_URL": "http://x:hunter2@redis.northwind.dev"}, "REDIS_URL: must start with redis://"),
        ({"REDIS_URL": "redis://[x:hunter2@redis.northwind.dev"}, "REDIS_URL: is not a valid address"),
        ({"REDIS_URL": "redis://x:hunter2@a:1,b:2/0"}, "REDIS_URL: several servers need Sentinel"),
        ({"REDIS_URL": "redis+cluster://x:hunter2@a:1,b:2"}, "REDIS_URL: Redis Cluster is not supported"),
        ({"REDIS_URL": "redis+sentinel://x:hunter2@a:1,b:2"}, "REDIS_URL: must have the form"),
        ({"REDIS_URL": "redis+sentinel://x:hunter2@/accounts"}, "REDIS_URL: must have the form"),
        ({"REDIS_URL": "redis+sentinel://x:hunter2@a/accounts/one"}, "REDIS_URL: must have the form"),
        ({"REDIS_URL": "redis+sentinel://x:hunter2@a/accounts?db=1"}, "REDIS_URL: has an unknown option db"),
        ({"DATABASE_URL": "postgresql://x:hunter2@a,b:port/x"}, "DATABASE_URL: has an invalid port"),
        ({"DATABASE_URL": "postgresql://x:hunter2@a,/x"}, "DATABASE_URL: has an empty host"),
        ({"DATABASE_URL": "postgresql://a,b/x?target_session_attrs=standby"}, "DATABASE_URL: target_session"),
        ({"SMTP_URL": ""}, "SMTP_URL must be a mail server in production"),
        ({"SMTP_URL": "mail.northwind.dev"}, "SMTP_URL"),
        ({"SMTP_URL": "http://mailer:hunter2@mail.northwind.dev"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://hunter2@mail.northwind.dev"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mailer:hunter2@mail.northwind.dev:port"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mailer:hunter2@mail.northwind.dev?tls=1"}, "SMTP_URL"),
        ({"SMTP_URL": "smtps://mailer:hunter2@mail.northwind.dev?starttls=never"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mailer:hunter2@mail.northwind.dev?starttls=perhaps"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mailer:hunter2@mail.northwind.dev?ca=/nowhere.pem"}, "SMTP_URL"),
        ({"AUTOGRAPH_MAIL_FROM": "AutoGraph"}, "AUTOGRAPH_MAIL_FROM"),
        ({"AUTOGRAPH_MAIL_FROM": "AutoGraph <a@b.de>\nBcc: <c@d.de>"}, "AUTOGRAPH_MAIL_FROM"),
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
    assert "hunter2" not in line


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
        (
            "postgresql://u@a,b:5433/x?sslmode=require",
            "postgresql+asyncpg://u@/x?sslmode=require&host=a,b&port=5432,5433&target_session_attrs=read-write",
        ),
        (
            "postgres://[::1]:5433,b/x?target_session_attrs=primary",
            "postgresql+asyncpg:///x?target_session_attrs=primary&host=::1,b&port=5433,5432",
        ),
        ("sqlite:////var/lib/a.db", "sqlite+aiosqlite:////var/lib/a.db"),
        ("sqlite+aiosqlite:///a.db", "sqlite+aiosqlite:///a.db"),
    ],
)
def test_a_database_may_be_named_in_any_usual_spelling(given: str, used: str) -> None:
    assert made(database_url=given).sqlalchemy_url == used


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("AUTOGRAPH_SECRET_KEYS", f'"{SECRET}"', "quotation marks"),
        ("AUTOGRAPH_SECRET_KEYS", f"{SECRET},'{SECRET}'", "quotation marks"),
        ("AUTOGRAPH_SECRET_KEYS", f"\ufeff{SECRET}", "invisible character"),
        ("AUTOGRAPH_SECRET_KEYS", f"{SECRET}\u200b", "invisible character"),
        ("AUTOGRAPH_METRICS_TOKEN", f"“{'m' * 40}”", "quotation marks"),
        ("AUTOGRAPH_METRICS_TOKEN", "m" * 40 + "\x07", "invisible character"),
        ("AUTOGRAPH_BASE_URL", f"'{URL}'", "quotation marks"),
        ("AUTOGRAPH_WORKERS", '"2"', "quotation marks"),
        ("AUTOGRAPH_DATA_DIR", '"/var/lib/autograph"', "quotation marks"),
        ("AUTOGRAPH_MAIL_FROM", '"Doors <doors@northwind.dev>"', "quotation marks"),
        ("DATABASE_URL", '"postgresql://u:hunter2@db/x', "quotation marks"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x\ny", "invisible character"),
        ("DATABASE_URL", "postgresql://u:hunter\udce42@db/x", "invisible character"),
        ("DATABASE_URL", "sqlite:///data/x.db?mode=ro", "without host or options"),
        ("DATABASE_URL", "sqlite://data/x.db", "without host or options"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?sslmode=verify_full", "sslmode must be one of"),
        ("REDIS_URL", "`redis://:hunter2@r`", "quotation marks"),
        ("SMTP_URL", "smtp://u:hunt/er2@mail.northwind.dev", "percent-encoded"),
    ],
)
def test_what_came_along_with_a_value_is_refused_by_the_name_of_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=why) as refusal:
        load(monkeypatch, **PRODUCTION | {name: value})
    line = str(refusal.value)
    assert line.startswith(f"{name}: ")
    assert not any(part in line for part in (SECRET, "hunter2", "er2", "mmmm"))


def test_space_around_a_value_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    padded = {name: f" \t{value}\u00a0\r\n" for name, value in PRODUCTION.items()}
    settings = load(monkeypatch, **padded, PORT=" 4000 ", AUTOGRAPH_DATA_DIR=f" {tmp_path} ")

    assert (settings.base_url, settings.port, settings.data_dir) == (URL, 4000, tmp_path)
    assert settings.master_secrets == (SECRET,)
    assert settings.smtp_server is not None


def test_a_name_in_front_of_an_address_may_be_quoted() -> None:
    given = '"Northwind, Inc." <doors@northwind.dev>'
    assert made(mail_from=given).mail_from == given


def test_a_secret_file_that_is_no_text_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "AUTOGRAPH_SECRET_KEYS").write_bytes(b"\xff\xfe" + SECRET.encode("utf-16-le"))
    with pytest.raises(SettingsError, match="AUTOGRAPH_SECRETS_DIR: it contains a file that is not UTF-8"):
        load(monkeypatch, AUTOGRAPH_SECRETS_DIR=str(tmp_path))


def test_development_also_answers_to_the_usual_names_of_this_machine() -> None:
    settings = made(port=4000)

    assert settings.base_url == "http://localhost:4000"
    assert {"http://localhost:4000", "http://127.0.0.1:4000", "http://[::1]:4000"} <= settings.origins


def test_other_origins_are_allowed_by_name_only() -> None:
    settings = made(
        environment="production",
        smtp_url="folder",
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


def test_letters_come_from_the_host_people_know() -> None:
    assert made(base_url=URL).mail_from == "AutoGraph <no-reply@accounts.northwind.dev>"
    assert made(base_url="http://192.0.2.1:8080").mail_from == "AutoGraph <no-reply@[192.0.2.1]>"
    assert made(base_url="http://[::1]:3000").mail_from == "AutoGraph <no-reply@[IPv6:::1]>"
    assert made(mail_from="Doors <doors@northwind.dev>").mail_from == "Doors <doors@northwind.dev>"


def test_letters_stay_in_the_folder_in_production_only_on_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **PRODUCTION | {"SMTP_URL": "folder"})

    assert settings.smtp_server is None
    assert not settings.shows_letters


@pytest.mark.parametrize(
    ("given", "shown"),
    [({}, True), ({"smtp_url": "folder"}, True), ({"smtp_url": "smtp://localhost:1025"}, False)],
)
def test_kept_letters_are_shown_in_development_without_a_server(given: dict[str, str], shown: bool) -> None:
    assert made(**given).shows_letters is shown


@pytest.mark.parametrize(
    ("base_url", "issuer", "label"),
    [
        ("", "AutoGraph v3", "AutoGraph v3"),
        (URL, "AutoGraph v3", "AutoGraph v3 (accounts.northwind.dev)"),
        (URL, " Northwind ", "Northwind (accounts.northwind.dev)"),
        (URL, "accounts.northwind.dev", "accounts.northwind.dev"),
        ("https://[2001:db8::1]", "Northwind", "Northwind"),
    ],
)
def test_authenticators_are_told_the_name_and_the_host(base_url: str, issuer: str, label: str) -> None:
    assert made(base_url=base_url, issuer=issuer).issuer_label == label


@pytest.mark.parametrize("issuer", ["", " ", "North: wind", "x" * 49])
def test_a_name_no_authenticator_takes_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="without a colon"):
        made(issuer=issuer)


def test_reserved_names_for_addresses_are_read_as_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    given = load(monkeypatch, AUTOGRAPH_RESERVED_EMAIL_DOMAINS=" home.arpa, .Test ,localhost")
    assert given.reserved_email_domains == ("home.arpa", "test", "localhost")
    with pytest.raises(SettingsError, match=r"home\.arpa"):
        load(monkeypatch, AUTOGRAPH_RESERVED_EMAIL_DOMAINS="northwind.dev")


@pytest.mark.parametrize("origin", ["*", "null", "https://app.northwind.dev/path", "app.northwind.dev"])
def test_an_allowed_origin_is_an_exact_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        Settings(allowed_origins=(origin,))  # pyright: ignore[reportCallIssue]


def test_an_allowed_origin_is_kept_as_browsers_spell_it() -> None:
    settings = Settings(allowed_origins=("https://App.Northwind.dev:443/",))  # pyright: ignore[reportCallIssue]

    assert "https://app.northwind.dev" in settings.origins
