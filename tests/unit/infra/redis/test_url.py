"""Which sentinels are asked for the master of a Redis behind Sentinel."""

from pathlib import Path

import pytest

from autograph_web.infra.redis.url import Sentinels, one_address, parse_redis_url
from tests.support.servers.certificates import certificate_for_localhost


def test_an_address_of_one_server_names_no_sentinels() -> None:
    for url in ("redis://:pw@redis.northwind.dev:6379/0", "rediss://redis", "unix:///run/redis.sock"):
        assert parse_redis_url(url) is None
        assert one_address(url) == url


def test_sentinels_are_named_with_the_master_they_watch() -> None:
    assert parse_redis_url("redis+sentinel://a:26380,b,[2001:db8::1]:26381/accounts") == Sentinels(
        addresses=(("a", 26380), ("b", 26379), ("2001:db8::1", 26381)),
        master="accounts",
        database=0,
        tls=False,
        username=None,
        password=None,
        sentinel_username=None,
        sentinel_password=None,
        ca_file=None,
    )


def test_both_have_credentials_of_their_own(tmp_path: Path) -> None:
    _, authority = certificate_for_localhost(tmp_path)
    url = (
        "rediss+sentinel://app:p%40ss,word@a/accounts/3"
        f"?sentinel_username=asker&sentinel_password=s%26p&ssl_ca_certs={authority}"
    )
    sentinels = parse_redis_url(url)
    assert sentinels is not None
    assert sentinels.addresses == (("a", 26379),)
    assert (sentinels.username, sentinels.password, sentinels.database) == ("app", "p@ss,word", 3)
    assert (sentinels.sentinel_username, sentinels.sentinel_password) == ("asker", "s&p")
    assert (sentinels.tls, sentinels.ca_file) == (True, str(authority))


def test_whoever_knows_one_server_only_gets_the_first_address() -> None:
    assert one_address("redis+sentinel://x:secret@a:1,b:2/accounts") == "redis://a:1"
    assert one_address("redis+sentinel://[::1]/accounts") == "redis://[::1]:26379"


@pytest.mark.parametrize(
    "url",
    [
        "rediss://default:AbCd==@eu2-calm-1.upstash.io:6379",
        "rediss://:p4ss@ec2-3-1-1-1.compute-1.amazonaws.com:7710?ssl_cert_reqs=none",
        "rediss://:key%3D@name.redis.cache.windows.net:6380/0",
        "redis://h?db=2&client_name=accounts",
        "unix:///run/redis.sock?db=1",
        "redis://u:p@ss@h:6379",  # the last @ ends the password
    ],
)
def test_addresses_as_providers_hand_them_out_are_taken(url: str) -> None:
    assert parse_redis_url(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("redis://h?ssl_cert_reqs=none", "has an unknown option ssl_cert_reqs"),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs must be one of"),
        ("rediss://h?ssl_check_hostnames=false", "has an unknown option ssl_check_hostnames"),
        ("rediss://h?ssl_ca_certs=/nowhere.pem", "must be PEM files"),
        ("rediss://h?ssl_keyfile=/nowhere.pem", "without ssl_certfile"),
        ("redis://h?socket_timeout=60", "has an unknown option socket_timeout"),
        ("redis://h?db=1&db=2", "duplicate option"),
        ("redis://h/1?db=2", "twice"),
        ("redis://h/accounts", "isn't a number"),
        ("redis://h?db=", "without a value"),
        ("redis://h:port", "not a valid address"),
        ("redis://h:70000", "not a valid address"),
        ("redis://u:pa/ss@h", "percent-encoded"),
        ("redis://u:pa?ss@h", "percent-encoded"),
        ("redis://u:pa#ss@h", "percent-encoded"),
        ("redis+sentinel://a:port/accounts", "not a valid address"),
        ("unix://", "has no socket path"),
    ],
)
def test_what_would_be_ignored_or_misread_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        parse_redis_url(url)
    assert "ss@h" not in str(refusal.value)
