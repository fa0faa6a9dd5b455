"""What counts as one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.infra.ip_addresses import address_bucket


@pytest.mark.parametrize(
    ("ip", "bucket"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("fe80::9%eth0", "fe80::/64"),
        ("192.0.2.01", "unknown"),
        ("1.2.3.4, 5.6.7.8", "unknown"),
    ],
)
def test_what_counts_as_one_address(ip: str, bucket: str) -> None:
    assert address_bucket(ip) == bucket


@given(st.text())
def test_there_is_a_bucket_for_everything(text: str) -> None:
    assert address_bucket(text)
