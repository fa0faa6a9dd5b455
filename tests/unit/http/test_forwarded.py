"""The client address of a request, in every form that proxies write."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.http.forwarded import client_of
from autograph_web.infra.ip_addresses import canonical_address, is_loopback

XFF, FORWARDED = "x-forwarded-for", "forwarded"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("203.0.113.7:_edge-4", "203.0.113.7"),
        (" 203.0.113.7\t", "203.0.113.7"),
        ("2001:DB8:0:0::A", "2001:db8::a"),
        ("[2001:db8::a]", "2001:db8::a"),
        ("[2001:db8::a]:443", "2001:db8::a"),
        ("[2001:db8::a]:_p", "2001:db8::a"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:8080", "fe80::1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("::FFFF:7f00:1", "127.0.0.1"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ("", None),
        ("unknown", None),
        ("_hidden", None),
        ("unix:", None),
        ("203.0.113.7:", None),
        ("203.0.113.7:123456", None),
        ("203.0.113.7:http", None),
        ("203.0.113.007", None),
        ("203.0.113", None),
        ("[203.0.113.7", None),
        ("2001:db8::a]:443", None),
        ("\u0661.1.1.1", None),
        ("1.1.1.1\n", None),
        ("1" * 100_000, None),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str | None) -> None:
    assert canonical_address(text) == address


@given(st.ip_addresses())
def test_a_canonical_address_is_read_as_itself(address: object) -> None:
    once = canonical_address(str(address))

    assert once is not None
    assert canonical_address(once) == once


@pytest.mark.parametrize(
    ("lines", "hops", "address"),
    [
        (["for=203.0.113.7"], 1, "203.0.113.7"),
        (["For=203.0.113.7:51234;proto=https"], 1, "203.0.113.7"),
        (['for="203.0.113.7:51234"'], 1, "203.0.113.7"),
        (['by=10.0.0.2 ; FOR = "[2001:db8::A]:4711" ; proto=https'], 1, "2001:db8::a"),
        (["for=[2001:db8::a]"], 1, "2001:db8::a"),
        (['for="2001:db8::\\a"'], 1, "2001:db8::a"),
        (["for=192.0.2.43, for=198.51.100.17;by=203.0.113.60"], 2, "192.0.2.43"),
        (["for=192.0.2.43", "for=198.51.100.17"], 2, "192.0.2.43"),
        (["for=6.6.6.6", "for=192.0.2.43, for=198.51.100.17"], 1, "198.51.100.17"),
        (["for=192.0.2.43,", ",for=198.51.100.17,"], 2, "192.0.2.43"),
        # What a client wrote itself cannot extend into what the proxy added.
        (['for="6.6.6.6', "for=192.0.2.43"], 1, "192.0.2.43"),
        (['for="6.6.6.6, for="[2001:db8::a]:80"'], 1, "2001:db8::a"),
        (['for=192.0.2.43;host="x, for=6.6.6.6"'], 1, "192.0.2.43"),
        (['for=192.0.2.43;host="x;for=6.6.6.6"'], 1, "192.0.2.43"),
        (['for=192.0.2.43;host="\\", for=6.6.6.6"'], 1, "192.0.2.43"),
        (["for=192.0.2.43;host=x;for=6.6.6.6"], 1, "unknown"),
        (["for=_gazonk"], 1, "unknown"),
        (["for=unknown"], 1, "unknown"),
        (["for="], 1, "unknown"),
        (["proto=https;by=192.0.2.1"], 1, "unknown"),
        (["therefor=192.0.2.43"], 1, "unknown"),
        (["192.0.2.43"], 1, "unknown"),
        (["for=192.0.2.43"], 2, "unknown"),
        ([], 1, "unknown"),
    ],
)
def test_the_header_of_rfc_7239(lines: list[str], hops: int, address: str) -> None:
    found = client_of("10.0.0.1", lines, hops, FORWARDED)

    assert found.ip == address
    assert bool(found.trouble) == (address == "unknown")


@pytest.mark.parametrize(
    ("lines", "hops", "address"),
    [
        (["203.0.113.7:51234"], 1, "203.0.113.7"),
        (['"[2001:db8::a]:443"'], 1, "2001:db8::a"),
        (["6.6.6.6", "192.0.2.43, 198.51.100.17"], 2, "192.0.2.43"),
        (["6.6.6.6", "192.0.2.43"], 1, "192.0.2.43"),
        (["for=192.0.2.43"], 1, "unknown"),
        (["x" * 100_000 + ", 192.0.2.43"], 1, "192.0.2.43"),
    ],
)
def test_the_header_that_most_proxies_write(lines: list[str], hops: int, address: str) -> None:
    assert client_of("10.0.0.1", lines, hops, XFF).ip == address


@pytest.mark.parametrize("part", ['"', '"\\', "for=", " ", 'a"b', ";for=\t", '\\"', "for\t=", ";", ","])
@pytest.mark.parametrize("header", [XFF, FORWARDED])
def test_no_header_takes_long_to_read(part: str, header: str) -> None:
    began = process_time()
    for _ in range(5):
        client_of("10.0.0.1", [part * 8000 + '"'], 1, header)

    assert process_time() - began < 0.5


def test_this_machine_is_known_in_every_spelling() -> None:
    assert all(is_loopback(one) for one in ("127.8.8.8", "::1", "[::1]:80", "::ffff:127.0.0.1", "::1%lo"))
    assert not any(is_loopback(one) for one in ("", "localhost", "10.0.0.1", "::ffff:10.0.0.1"))
