"""Access tokens: their claims, and everything that makes one invalid."""

import base64
import hmac
import json
from typing import Any
from uuid import uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.sessions.access_tokens import ACCESS, REFRESH, TokenSigner
from autograph_web.sessions.errors import InvalidToken
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, OLDER_SECRET, SECRET, STRANGERS_SECRET

URL = "https://accounts.northwind.dev"
RING = Keyring([SECRET, OLDER_SECRET], "access and refresh tokens")
CLOCK = FakeClock()
SIGNER = TokenSigner(RING, URL, CLOCK, SystemRandomness())
USER, SESSION = uuid4(), uuid4()
MORE = {"email": EMAIL, "role": "user", "ver": 3}


def fresh(kind: str = ACCESS) -> str:
    return SIGNER.issue(kind, USER, SESSION, 3600, **(MORE if kind == ACCESS else {}))[0]


def payload_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def forge(
    payload: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    key: bytes = RING.current.material,
    digest: str = "sha256",
) -> str:
    """Sign arbitrary claims, with the right key by default."""
    head = {"alg": "HS256", "typ": ACCESS, "kid": RING.current.kid} | (header or {})
    message = f"{encoded(head)}.{encoded(payload_of(fresh()) | (payload or {}))}"
    mac = hmac.digest(key, message.encode(), digest)
    return f"{message}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def assert_refused(token: str, kind: str = ACCESS) -> None:
    with pytest.raises(InvalidToken):
        SIGNER.verify(kind, token)


def test_an_access_token_says_what_the_contract_names() -> None:
    token = fresh()
    claims = payload_of(token)

    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "at+jwt", "kid": RING.current.kid}
    assert set(claims) == {"sub", "email", "role", "iss", "aud", "iat", "exp", "jti", "sid", "ver"}
    assert (claims["iss"], claims["aud"], claims["email"]) == (URL, "autograph", EMAIL)
    assert claims["exp"] - claims["iat"] == 3600


def test_a_valid_token_gives_its_claims() -> None:
    claims = SIGNER.verify(ACCESS, fresh())

    assert (claims.user_id, claims.session_id, claims.epoch) == (USER.hex, SESSION.hex, 3)


@pytest.mark.parametrize("kind", [ACCESS, REFRESH])
def test_an_independent_library_accepts_what_we_sign(kind: str) -> None:
    claims = jwt.decode(
        fresh(kind),
        RING.current.material,
        algorithms=["HS256"],
        audience="autograph",
        issuer=URL,
        options={"verify_exp": False, "verify_iat": False},  # those use the machine's clock, not ours
    )

    assert (claims["sub"], claims["sid"]) == (str(USER), str(SESSION))


def test_what_an_independent_library_signs_is_accepted() -> None:
    header = {"typ": ACCESS, "kid": RING.current.kid}

    token = jwt.encode(payload_of(fresh()), RING.current.material, algorithm="HS256", headers=header)

    assert SIGNER.verify(ACCESS, token).user_id == USER.hex


def test_what_forge_makes_is_accepted_unless_changed() -> None:
    assert SIGNER.verify(ACCESS, forge())


def test_no_two_tokens_have_one_jti() -> None:
    assert payload_of(fresh())["jti"] != payload_of(fresh())["jti"]


@pytest.mark.parametrize(("kind", "other"), [(ACCESS, REFRESH), (REFRESH, ACCESS)])
def test_a_token_is_good_for_its_own_kind_only(kind: str, other: str) -> None:
    assert SIGNER.verify(kind, fresh(kind))
    assert_refused(fresh(kind), other)


@pytest.mark.parametrize("typ", ["JWT", "", "AT+JWT", "application/at+jwt", None, 1])
def test_another_typ_is_refused(typ: object) -> None:
    assert_refused(forge(header={"typ": typ}))


@pytest.mark.parametrize(("algorithm", "digest"), [("HS384", "sha384"), ("HS512", "sha512")])
def test_another_algorithm_is_refused(algorithm: str, digest: str) -> None:
    assert_refused(forge(header={"alg": algorithm}, digest=digest))
    assert_refused(forge(header={"alg": algorithm}))
    assert_refused(forge(digest=digest))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "RS256"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_an_unsigned_token_is_refused(algorithm: str, signature: str) -> None:
    header = {"alg": algorithm, "typ": ACCESS, "kid": RING.current.kid}
    assert_refused(f"{encoded(header)}.{encoded(payload_of(fresh()))}.{signature}")


@pytest.mark.parametrize("kid", ["", "unknown", "0" * 12, None, 7, "../../dev/null", ["x"]])
def test_a_kid_that_is_not_ours_is_refused(kid: object) -> None:
    assert_refused(forge(header={"kid": kid}))


def test_a_token_of_the_older_key_is_good() -> None:
    older = Keyring([OLDER_SECRET], "access and refresh tokens").current
    assert SIGNER.verify(ACCESS, forge(header={"kid": older.kid}, key=older.material))


def test_a_key_under_the_name_of_another_is_refused() -> None:
    older = Keyring([OLDER_SECRET], "access and refresh tokens").current
    assert_refused(forge(key=older.material))
    assert_refused(forge(key=Keyring([STRANGERS_SECRET], "access and refresh tokens").current.material))
    assert_refused(forge(key=Keyring([SECRET], "device cookies").current.material))
    assert_refused(forge(key=SECRET.encode()))


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}]
)
def test_extensions_that_must_be_understood_are_refused(header: dict[str, Any]) -> None:
    assert_refused(forge(header=header))


@pytest.mark.parametrize("claim", ["sub", "email", "role", "iss", "aud", "iat", "exp", "jti", "sid", "ver"])
def test_every_claim_is_required(claim: str) -> None:
    payload = payload_of(fresh())
    del payload[claim]
    message = f"{forge().split('.')[0]}.{encoded(payload)}"
    assert_refused(f"{message}.{RING.sign(message.encode()).partition('.')[2]}")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://evil.example"), ("iss", f"{URL}/"), ("iss", 1), ("aud", "other"), ("aud", []),
        ("aud", None), ("sub", "me"), ("sub", 1), ("sid", ""), ("jti", "x"), ("exp", "soon"), ("exp", None),
        ("iat", "x"), ("iat", None), ("iat", []), ("ver", "x"), ("ver", None), ("exp", []), ("exp", 1e400),
    ],
)  # fmt: skip
def test_a_claim_of_another_kind_is_refused(claim: str, value: object) -> None:
    assert_refused(forge({claim: value}))


def test_a_token_ends_with_its_last_second() -> None:
    now = int(CLOCK.seconds())

    assert SIGNER.verify(ACCESS, forge({"exp": now + 1}))
    assert_refused(forge({"exp": now}))
    assert_refused(forge({"exp": now - 1}))


def test_a_token_from_the_future_is_refused_beyond_a_minute_of_clock_difference() -> None:
    now = int(CLOCK.seconds())

    assert SIGNER.verify(ACCESS, forge({"iat": now + 60}))
    assert_refused(forge({"iat": now + 61}))


def test_a_token_has_one_spelling_only() -> None:
    token = fresh()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [token[:-1] + letter for letter in alphabet if letter != token[-1]]
    head, _, signature = token.rpartition(".")

    for other in (*spellings, token + "=", token + "\n", f"{head}.{signature}=", f" {token}", token + "."):
        assert_refused(other)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_letter_anywhere_is_refused(part: int) -> None:
    parts = fresh().split(".")
    middle = len(parts[part]) // 2
    letter = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + letter + parts[part][middle + 1 :]
    assert_refused(".".join(parts))


def test_a_header_nested_too_deeply_is_refused() -> None:
    header = base64.urlsafe_b64encode(b"[" * 3000).decode()
    assert_refused(f"{header}.e30.AAAA")


def test_an_oversized_token_is_refused() -> None:
    assert_refused(forge({"padding": "x" * 4096}))


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b", "a.b.c.d", "eyJ9.e30.", "\0", "é.é.é", "\ud800", "e30.e30.e30"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert_refused(token)


@given(st.text(max_size=200))
def test_no_text_is_a_token(text: str) -> None:
    assert_refused(text)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip  # noqa: E501
def test_no_payload_of_our_own_key_breaks_the_check(value: Any) -> None:
    head = encoded({"alg": "HS256", "typ": ACCESS, "kid": RING.current.kid})
    message = f"{head}.{encoded(value)}"
    signature = RING.sign(message.encode()).partition(".")[2]
    assert_refused(f"{message}.{signature}")
