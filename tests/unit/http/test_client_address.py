"""The client address of a request, behind any number of proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.http.forwarded import client_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "address"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", 0, "192.0.2.1"),
        ("[2001:db8::1]", "", 0, "2001:db8::1"),
        ("2001:DB8:0::1", "", 0, "2001:db8::1"),
        ("", "198.51.100.1", 0, "unknown"),
        ("unix:", "", 0, "unknown"),
        ("10.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", " 198.51.100.1 ,10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::2]", 1, "2001:db8::2"),
        ("10.0.0.1", "", 1, "unknown"),
        ("10.0.0.1", "198.51.100.1", 2, "unknown"),
        ("10.0.0.1", "198.51.100.1, nonsense", 1, "unknown"),
        ("10.0.0.1", "198.51.100.1,", 1, "unknown"),
    ],
)
def test_only_what_trusted_proxies_added_counts(peer: str, forwarded: str, hops: int, address: str) -> None:
    assert client_of(peer, [forwarded] if forwarded else [], hops).ip == address


HEADERS = st.sampled_from(["x-forwarded-for", "forwarded"])


GARBAGE = st.text() | st.text(',;="\\ :[]%for1.', max_size=60)


@given(st.text(), GARBAGE, st.integers(0, 3), HEADERS)
def test_there_is_an_address_for_everything(peer: str, forwarded: str, hops: int, header: str) -> None:
    assert client_of(peer, [forwarded], hops, header).ip


@given(GARBAGE, st.sampled_from(["192.0.2.1", "2001:db8::1"]), HEADERS)
def test_without_proxies_a_header_changes_nothing(forwarded: str, peer: str, header: str) -> None:
    assert client_of(peer, [forwarded], 0, header).ip == peer
