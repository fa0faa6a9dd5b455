"""Who is asked for the master of a Redis behind Sentinel."""

from autograph_web.core.redis_address import Sentinels, one_address, parse_redis_url


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


def test_both_have_credentials_of_their_own() -> None:
    url = (
        "rediss+sentinel://app:p%40ss,word@a/accounts/3"
        "?sentinel_username=asker&sentinel_password=s%26p&ssl_ca_certs=/etc/ca.pem"
    )
    sentinels = parse_redis_url(url)
    assert sentinels is not None
    assert sentinels.addresses == (("a", 26379),)
    assert (sentinels.username, sentinels.password, sentinels.database) == ("app", "p@ss,word", 3)
    assert (sentinels.sentinel_username, sentinels.sentinel_password) == ("asker", "s&p")
    assert (sentinels.tls, sentinels.ca_file) == (True, "/etc/ca.pem")


def test_whoever_knows_one_server_only_gets_the_first_address() -> None:
    assert one_address("redis+sentinel://x:secret@a:1,b:2/accounts") == "redis://a:1"
    assert one_address("redis+sentinel://[::1]/accounts") == "redis://[::1]:26379"
