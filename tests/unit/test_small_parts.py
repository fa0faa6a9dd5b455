"""Entropy, clock, session records, cookies, email addresses."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.accounts.emails import normalize_email, parse_email
from autograph_web.accounts.errors import EmailInvalid, EmailTaken, LinkRefused
from autograph_web.authn.methods.totp.errors import CodeOfReplaced, SetupCodeOfOther
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.errors import DomainError, RateLimited
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.randomness import SystemRandomness, random_token, random_uuid
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.sessions.cookies import CookieParts, new_cookie, read_cookie
from autograph_web.sessions.record import SessionRecord
from autograph_web.sessions.viewer import Viewer
from tests.support.errors import all_errors
from tests.support.randomness import RecordedEntropy


def test_the_clock_tells_the_time_in_utc() -> None:
    clock = SystemClock()

    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - clock.seconds()) < 5


def test_a_token_is_256_bits_of_base64url() -> None:
    token = random_token(SystemRandomness())

    assert len(token) == 43
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_two_tokens_are_never_the_same() -> None:
    assert len({random_token(SystemRandomness()) for _ in range(1000)}) == 1000


def test_a_uuid_is_of_version_4() -> None:
    assert {random_uuid(RecordedEntropy()).version for _ in range(20)} == {4}


@given(st.builds(SessionRecord, st.uuids().map(lambda u: u.hex), st.uuids().map(lambda u: u.hex)))
def test_a_record_survives_redis(record: SessionRecord) -> None:
    assert SessionRecord.decode(record.encode().encode()) == record


def test_a_viewer_is_made_of_its_record() -> None:
    session, user = uuid4(), uuid4()
    record = SessionRecord(
        session_id=session.hex, user_id=user.hex, email="é@x.dev", role="user", mfa_enabled=False,
        epoch=1, remember=True, method="password", cookie_hash="h", signed_in_at=1, expires_at=2, amr="pwd",
    )  # fmt: skip
    viewer = record.viewer("token", 9)

    assert isinstance(viewer, Viewer)
    assert (viewer.session_id, viewer.user_id, viewer.token_id) == (session, user, "token")
    assert viewer.expires_at == datetime.fromtimestamp(2, UTC)
    assert record.alive(1.9)
    assert not record.alive(2)


def test_a_cookie_can_be_taken_apart() -> None:
    user, session = uuid4(), uuid4()
    value, digest = new_cookie(user, session, SystemRandomness())

    assert read_cookie(value) == CookieParts(user.hex, session.hex, digest)


@pytest.mark.parametrize(
    "value", ["", "A" * 85, "A" * 87, "A" * 85 + "=", "A" * 85 + "B", "é" * 86, "+" * 86]
)
def test_what_is_no_cookie_of_ours_has_no_parts(value: str) -> None:
    assert read_cookie(value) is None


@given(st.text(max_size=100) | st.text("ABCabc_-=09", min_size=86, max_size=86))
def test_a_cookie_has_one_spelling_only(value: str) -> None:
    parts = read_cookie(value)
    if parts is not None:
        raw = UUID(parts.user_id).bytes + UUID(parts.session_id).bytes
        assert value.startswith(urlsafe_b64encode(raw[:30]).decode())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mina@northwind.dev", "mina@northwind.dev"),
        (" Mina@Northwind.DEV ", "Mina@northwind.dev"),
        ("mina+news@northwind.dev", "mina+news@northwind.dev"),
        ("mína@bücher.example.com", "mína@bücher.example.com"),
        ("mina@xn--bcher-kva.example.com", "mina@bücher.example.com"),
        ("mina@home.local", "mina@home.local"),
    ],
)
def test_an_address_is_kept_as_it_was_written(text: str, shown: str) -> None:
    assert parse_email(text).text == shown


@pytest.mark.parametrize(
    "text",
    ["", " ", "mina", "mina@", "@northwind.dev", "a@b@c.dev", "a b@northwind.dev", "mina@northwind",
     "mina@localhost", "mina@-x.dev", "mina@x..dev", ".mina@x.dev", "mina@[127.0.0.1]", '"a b"@x.dev',
     "mina@x.dev\r\nBcc: all@x.dev", "mina\0@x.dev",
     "mina@" + "a" * 64 + ".dev", "mina@" + "a." * 160 + "dev", "\ud800@x.dev"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(EmailInvalid):
        parse_email(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MINA@X.DEV", "mina@x.dev"),
        ("ｍｉｎａ@x.dev", "mina@x.dev"),
        ("STRAẞE@x.dev", "straße@x.dev"),
        ("mina＠x.dev", "mina@x.dev"),
        ("é@x.dev", "e\u0301@x.dev"),
        ("ΣΊΣΥΦΟΣ@x.dev", "σίσυφοσ@x.dev"),
        ("ﬁnn@x.dev", "finn@x.dev"),
        ("\t mina@x.dev\n", "mina@x.dev"),
    ],
)
def test_spellings_of_one_address_are_the_same(one: str, other: str) -> None:
    assert normalize_email(one) == normalize_email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mina@x.dev", "mina@y.dev"),
        ("mına@x.dev", "mina@x.dev"),
        ("straße@x.dev", "strasse@x.dev"),
        ("mina@faß.de", "mina@fass.de"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert normalize_email(one) != normalize_email(other)


@given(st.text(max_size=400))
def test_what_is_folded_is_fit_for_a_database(text: str) -> None:
    folded = normalize_email(text)

    assert len(folded) <= 320
    assert "\0" not in folded


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


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    # Those that know more than the kind whose code they have, and what several kinds have in common.
    refined = (RateLimitExceeded, CodeOfReplaced, SetupCodeOfOther, LinkRefused)
    codes = [kind.code for kind in kinds if kind not in refined]
    assert len(codes) == len(set(codes)) == len(all_errors())


@pytest.mark.parametrize("kind", all_errors().values(), ids=list(all_errors()))
def test_every_refusal_has_a_whole_sentence(kind: type[DomainError]) -> None:
    detail = kind(retry_after=7).detail

    assert detail[0].isupper()
    assert detail.endswith((".", "?"))
    assert "{" not in detail
    assert "}" not in detail
    assert 400 <= kind.status <= 599
    assert kind.code == kind.code.lower()


def test_a_sentence_tells_the_wait_and_the_reasons() -> None:
    assert RateLimited(retry_after=12).detail.endswith("in 12 s.")
    assert EmailTaken(reasons=("Really {0}.",)).detail.endswith("Really {0}.")
