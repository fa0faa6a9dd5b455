"""DATABASE_URL for PostgreSQL: each of libpq's parameters is applied or refused, none ignored."""

import ssl
from pathlib import Path

import pytest

from autograph_web.infra.db.postgres_url import PostgresAddress, parse_postgres_url
from tests.support.servers.certificates import certificate_for_localhost

BASE = "postgresql://nora:hunter2@db.northwind.dev/accounts"


def parsed(options: str) -> PostgresAddress:
    return parse_postgres_url(f"{BASE}?{options}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@ep-cool-1.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=prefer",
        "postgresql://u:p@ep-cool-1-pooler.aws.neon.tech/neondb?sslmode=require&connect_timeout=15",
        "postgresql://u:p@h/neondb?options=endpoint%3Dep-cool-1&sslmode=require",
        "postgresql://postgres.abc:p@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true",
        "postgres://u:p@ec2-1.compute-1.amazonaws.com:5432/d1?sslmode=require",
        "postgresql://u%40srv:p@srv.postgres.database.azure.com:5432/postgres?sslmode=require",
        "postgres://avnadmin:p@pg-1.aivencloud.com:12691/defaultdb?sslmode=require",
        "postgresql://u:p@h/d?sslmode=verify-full&sslrootcert=system",
        "postgresql:///accounts?host=/run/postgresql&user=nora",
        "postgresql://u:p@ss@h/d",
    ],
)
def test_addresses_as_providers_hand_them_out_are_taken(url: str) -> None:
    assert parse_postgres_url(url).database


def test_every_part_is_kept() -> None:
    found = parsed("application_name=ag&connect_timeout=9&options=-csearch_path%3Daccounts&sslmode=require")
    assert found.places == (("db.northwind.dev", 5432),)
    assert (found.user, found.password, found.database) == ("nora", "hunter2", "accounts")
    assert found.settings == {"application_name": "ag", "options": "-csearch_path=accounts"}
    assert (found.wait, found.target, found.pooled) == (9, "any", False)
    assert found.context is not None
    assert "hunter2" not in repr(found) + str(found)


def test_how_sure_the_server_is_follows_sslmode(tmp_path: Path) -> None:
    _, authority = certificate_for_localhost(tmp_path)
    checks: dict[str, tuple[bool, ssl.VerifyMode]] = {
        "sslmode=require": (False, ssl.CERT_NONE),
        f"sslmode=require&sslrootcert={authority}": (False, ssl.CERT_REQUIRED),
        f"sslmode=verify-ca&sslrootcert={authority}": (False, ssl.CERT_REQUIRED),
        f"sslmode=verify-full&sslrootcert={authority}": (True, ssl.CERT_REQUIRED),
        "sslmode=verify-full": (True, ssl.CERT_REQUIRED),
        "sslrootcert=system": (True, ssl.CERT_REQUIRED),
    }
    for options, (host, authority_checked) in checks.items():
        context = parsed(options).context
        assert context is not None, options
        assert (context.check_hostname, context.verify_mode) == (host, authority_checked), options
    for mode in ("disable", "allow", "prefer"):
        assert (parsed(f"sslmode={mode}").context, parsed(f"sslmode={mode}").tls) == (None, mode)
    assert parsed("sslmode=verify-full&ssl_min_protocol_version=TLSv1.3").context is not None


def test_a_limit_of_the_address_goes_before_ours() -> None:
    assert "statement_timeout" in parsed("application_name=x").timeouts
    for options in ("-c%20statement_timeout%3D5s", "--statement-timeout%3D5s", "-cstatement_timeout%3D5s"):
        assert "statement_timeout" not in parsed(f"options={options}").timeouts


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("sslmode=verify_full", "sslmode must be one of"),
        ("sslmode=Require", "sslmode must be one of"),
        ("ssl=true", "has an unknown option ssl;"),
        ("sslmod=require", "has an unknown option sslmod;"),
        ("SSLMODE=require", "has an unknown option SSLMODE;"),
        ("sslmode=require&sslmode=disable", "duplicate option"),
        ("sslmode=", "sslmode without a value"),
        ("sslrootcert=/etc/ca.pem", "sslrootcert needs sslmode"),
        ("sslmode=prefer&sslcert=/etc/me.pem", "sslcert needs sslmode"),
        ("sslmode=require&sslrootcert=system", "needs sslmode=verify-full"),
        ("sslmode=verify-full&sslrootcert=/nowhere.pem", "sslrootcert must be a readable PEM file"),
        ("sslmode=require&sslkey=/etc/me.key", "without sslcert"),
        ("sslmode=require&ssl_min_protocol_version=SSLv3", "ssl_min_protocol_version must be one of"),
        ("channel_binding=require", "channel_binding=prefer&sslmode=verify-full"),
        ("gssencmode=require", "gssencmode must be one of"),
        ("load_balance_hosts=random", "load_balance_hosts must be one of"),
        ("client_encoding=LATIN1", "client_encoding must be one of"),
        ("connect_timeout=0", "connect_timeout must be a number"),
        ("connect_timeout=ten", "connect_timeout must be a number"),
        ("target_session_attrs=read-only", "this server needs to write"),
        (
            "options=-cdefault_transaction_isolation%3Dserializable",
            "must not set default_transaction_isolation",
        ),
        ("options=-c%20default_transaction_read_only%3Don", "must not set default_transaction_read_only"),
        ("options=-c%20timezone%3DAsia/Tokyo", "must not set timezone"),
        ("host=other", "host or port twice"),
        ("service=accounts", "has an unknown option service;"),
        ("schema=public", "has an unknown option schema;"),
        ("connection_limit=1", "has an unknown option connection_limit;"),
    ],
)
def test_what_cannot_be_done_is_refused(options: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        parsed(options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("password", ["hunter/2", "hunter?2", "hunter#2", "hunter/2?x=y", "[hunter2"])
def test_a_password_that_is_not_encoded_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(ValueError, match=r"percent-encoded|not a valid address") as refusal:
        parse_postgres_url(f"postgresql://nora:{password}@db.northwind.dev/accounts")
    assert "hunter" not in str(refusal.value)
