"""Time-based codes compared with the RFCs and with third-party authenticators."""

from base64 import b32decode
from urllib.parse import unquote

import pyotp
import pytest
from pyotp.hotp import HOTP
from pyotp.totp import TOTP

from autograph_web.authn.methods.totp import algorithm as totp
from tests.support.clients.authenticator import CALCULATORS, READERS, Authenticator, Calculator, Reader
from tests.support.services.randomness import RecordedEntropy

SECRET = b"12345678901234567890"
EMAIL = "mina@northwind.dev"

# RFC 6238 appendix B, SHA-1: Unix time and the last six of the eight digits.
RFC_6238 = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]
# RFC 4226 appendix D: the codes of the counts 0 to 9.
RFC_4226 = [
    *("755224", "287082", "359152", "969429", "338314"),
    *("254676", "287922", "162583", "399871", "520489"),
]
STEP = 60_000_000  # any step: it is shown from second 30 * STEP up to, not including, 30 * (STEP + 1)
BEGIN, LAST = 30 * STEP, 30 * STEP + 29


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_the_vectors_of_rfc_6238_match_at_their_times(seconds: int, code: str) -> None:
    assert totp.matching_step(SECRET, code, seconds) == seconds // 30


@pytest.mark.parametrize(("count", "code"), list(enumerate(RFC_4226)))
def test_the_vectors_of_rfc_4226_match_as_steps(count: int, code: str) -> None:
    assert totp.matching_step(SECRET, code, 30 * (count + 1)) == count


@pytest.mark.parametrize("compute", CALCULATORS)
@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_the_authenticators_of_the_tests_agree_with_the_rfc(
    compute: Calculator, seconds: int, code: str
) -> None:
    assert compute(totp.as_key(SECRET), seconds) == code


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [
        (BEGIN - 31, False),
        (BEGIN - 30.001, False),
        (BEGIN - 30, True),
        (BEGIN - 1, True),
        (BEGIN, True),
        (LAST, True),
        (LAST + 1, True),
        (LAST + 30, True),
        (LAST + 30.999, True),
        (LAST + 31, False),
        (LAST + 32, False),
    ],
)
def test_a_code_counts_for_one_step_either_side_of_its_own(seconds: float, accepted: bool) -> None:
    code = Authenticator(totp.as_key(SECRET)).code(BEGIN)

    assert totp.matching_step(SECRET, code, seconds) == (STEP if accepted else None)


@pytest.mark.parametrize("code", ["", "0", "00000", "0000000", "000000 ", "abcdef"])
def test_nothing_but_the_very_code_matches(code: str) -> None:
    assert totp.matching_step(SECRET, code, BEGIN) is None


def test_leading_zeros_are_part_of_the_code() -> None:
    assert totp.matching_step(SECRET, "005924", 1_234_567_890) is not None
    assert totp.matching_step(SECRET, "5924", 1_234_567_890) is None


def test_a_secret_has_160_bits_of_the_entropy_it_is_given() -> None:
    randomness = RecordedEntropy()
    first, second = totp.new_secret(randomness), totp.new_secret(randomness)

    assert [first, second] == randomness.drawn
    assert len(first) == 20
    assert b32decode(totp.as_key(first)) == first
    assert len(totp.as_key(first)) == 32


def test_the_uri_is_spelt_exactly_so() -> None:
    uri = totp.provisioning_uri(SECRET, EMAIL, "AutoGraph v3")

    key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert uri == f"otpauth://totp/AutoGraph%20v3:{EMAIL}?secret={key}&issuer=AutoGraph%20v3"


@pytest.mark.parametrize("email", [EMAIL, "mina+work@northwind.dev", "mïna@nörthwind.dev", "a?b&c=d@x.dev"])
def test_other_libraries_read_the_uri(email: str) -> None:
    uri = totp.provisioning_uri(SECRET, email, "AutoGraph v3")
    parsed = pyotp.parse_uri(uri)

    assert isinstance(parsed, TOTP)
    assert (parsed.name, parsed.issuer) == (email, "AutoGraph v3")
    assert (parsed.digits, parsed.interval) == (6, 30)
    assert parsed.secret == totp.as_key(SECRET)
    assert parsed.at(59) == "287082"
    assert Authenticator.open(uri) == Authenticator(totp.as_key(SECRET), email, "AutoGraph v3")
    assert unquote(uri).count(email) == 1


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("email", [EMAIL, "mina+work@northwind.dev", f"{'m' * 64}@{'northwind.' * 20}dev"])
def test_the_qr_code_can_be_scanned(read: Reader, email: str) -> None:
    uri = totp.provisioning_uri(SECRET, email, "AutoGraph v3")
    png = totp.qr_png(uri)

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert read(png) == uri


@pytest.mark.parametrize("steps", [-20, -8, -2, 2, 3, 11, 20])
def test_the_time_of_another_code_is_told(steps: int) -> None:
    now = 30 * STEP + 7
    code = HOTP(totp.as_key(SECRET)).at(STEP + steps)
    assert totp.matching_step(SECRET, code, now) is None
    assert totp.clock_difference(SECRET, code, now) == 30 * steps


@pytest.mark.parametrize("steps", [-5_000, -21, -1, 0, 1, 21, 5_000])
def test_no_time_is_told_of_codes_that_are_good_or_far_away(steps: int) -> None:
    code = HOTP(totp.as_key(SECRET)).at(STEP + steps)
    assert totp.clock_difference(SECRET, code, 30 * STEP + 7) is None
