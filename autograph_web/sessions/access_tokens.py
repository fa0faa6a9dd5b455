"""Access and refresh tokens as JSON Web Tokens (RFC 7519), profile of RFC 9068, hardened after RFC 8725.

PyJWT signs and encodes; decoding and validation are implemented here (docs/decisions/0016).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from typing import Any, cast
from uuid import UUID

from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_decode, base64url_encode

from autograph_web.infra.clock import Clock
from autograph_web.infra.crypto.keyring import Key, Keyring
from autograph_web.infra.randomness import Randomness, random_uuid
from autograph_web.sessions.errors import InvalidToken

ACCESS, REFRESH = "at+jwt", "rt+jwt"
AUDIENCE = "autograph"
_LONGEST = 4096
# Exceptions that decoding malformed input may raise; JSON nested too deeply raises RecursionError.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
_REQUIRED = {
    ACCESS: {"sub", "email", "role", "iss", "aud", "iat", "exp", "jti", "sid", "ver"},
    REFRESH: {"sub", "iss", "aud", "iat", "exp", "jti", "sid"},
}
_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token; identifiers are 32 hex digits, `expires_at` is in Unix seconds."""

    user_id: str
    session_id: str
    token_id: str
    expires_at: int
    epoch: int


class TokenSigner:
    """Issues and verifies HS256 tokens with a keyring; the server fixes the algorithm, never the token."""

    def __init__(self, keyring: Keyring, issuer: str, clock: Clock, randomness: Randomness) -> None:
        self._keyring, self._issuer, self._clock, self._randomness = keyring, issuer, clock, randomness

    def issue(
        self, kind: str, user_id: UUID, session_id: UUID, seconds: int, **claims: Any
    ) -> tuple[str, UUID]:
        """Return a token of `kind` (`ACCESS` or `REFRESH`) valid for `seconds`, and its jti."""
        return self.issue_at(int(self._clock.seconds()), kind, user_id, session_id, seconds, claims)

    def issue_at(
        self, now: int, kind: str, user_id: UUID, session_id: UUID, seconds: int, claims: dict[str, Any]
    ) -> tuple[str, UUID]:
        """Do the same as `issue`, as of `now` (seconds since the Unix epoch)."""
        token_id = random_uuid(self._randomness)
        said = Claims(user_id.hex, session_id.hex, token_id.hex, now + seconds, 0)
        return self._spelled(self._keyring.current, kind, said, now, claims), token_id

    def again(self, kind: str, said: Claims, issued_at: int) -> list[str]:
        """Return a token without further claims as encoded at `issued_at`, once for each configured key."""
        return [self._spelled(key, kind, said, issued_at, {}) for key in self._keyring.keys]

    def _spelled(self, key: Key, kind: str, said: Claims, issued_at: int, more: dict[str, Any]) -> str:
        payload = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(UUID(hex=said.user_id)),
            "sid": str(UUID(hex=said.session_id)),
            "jti": str(UUID(hex=said.token_id)),
            "iat": issued_at,
            "exp": said.expires_at,
            **more,
        }
        signed = _header_of(kind, key.kid) + b"." + _encoded(payload)
        return (signed + b"." + _signature(key, signed)).decode("ascii")

    def verify(self, kind: str, token: str) -> Claims:
        """Return the claims of a valid token of `kind`.

        Raises:
            InvalidToken: It is malformed, forged, expired, not yet valid or of another kind.
        """
        try:
            payload = self._payload(kind, token)
            claims, issued_at = _claims(payload), int(payload["iat"])
        except _MALFORMED:
            raise InvalidToken from None
        now = self._clock.seconds()
        if not issued_at - 60 <= now < claims.expires_at:
            raise InvalidToken
        return claims

    def _payload(self, kind: str, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        key = self._keyring.find(_kid_of(kind, header)) if len(token) <= _LONGEST else None
        # Signatures are compared in encoded form: base64 leaves spare bits, and a token has only one valid
        # encoding. The payload is parsed only after the signature has been verified.
        if key is None or not compare_digest(
            _signature(key, signed.encode("ascii")), signature.encode("ascii")
        ):
            raise InvalidToken
        claims = json.loads(base64url_decode(payload))
        if claims["iss"] != self._issuer or claims["aud"] != AUDIENCE or not _REQUIRED[kind] <= claims.keys():
            raise InvalidToken
        return cast(dict[str, Any], claims)


def _claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        user_id=UUID(payload["sub"]).hex,
        session_id=UUID(payload["sid"]).hex,
        token_id=UUID(payload["jti"]).hex,
        expires_at=int(payload["exp"]),
        epoch=int(payload.get("ver", 0)),
    )


@lru_cache(maxsize=64)  # a valid header is fixed for each kind and key
def _kid_of(kind: str, header: str) -> str:
    fields = json.loads(base64url_decode(header))
    # Valid headers have exactly these members: no other algorithm, no "crit", no key URL (RFC 8725 section
    # 3).
    if fields != {"alg": "HS256", "typ": kind, "kid": fields["kid"]}:
        raise InvalidToken
    return str(fields["kid"])


@lru_cache(maxsize=8)
def _header_of(kind: str, kid: str) -> bytes:
    return _encoded({"alg": "HS256", "typ": kind, "kid": kid})


def _signature(key: Key, signed: bytes) -> bytes:
    return base64url_encode(_HS256.sign(signed, key.material))


def _encoded(value: object) -> bytes:
    return base64url_encode(json.dumps(value, separators=(",", ":")).encode("utf-8"))
