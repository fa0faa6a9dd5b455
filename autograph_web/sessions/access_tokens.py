"""Access and refresh tokens as JSON Web Tokens (RFC 7519), profile of RFC 9068, hardened after RFC 8725."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import jwt

from autograph_web.core.clock import Clock
from autograph_web.core.entropy import Entropy, random_uuid
from autograph_web.core.errors import InvalidToken
from autograph_web.core.keyring import Keyring

ACCESS, REFRESH = "at+jwt", "rt+jwt"
AUDIENCE = "autograph"
_LONGEST = 4096
# What taking nonsense apart may raise; JSON nested too deeply is a RecursionError.
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
_REQUIRED = {
    ACCESS: ("sub", "email", "role", "iss", "aud", "iat", "exp", "jti", "sid", "ver"),
    REFRESH: ("sub", "iss", "aud", "iat", "exp", "jti", "sid"),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says; identifiers are 32 hex digits."""

    user_id: str
    session_id: str
    token_id: str
    expires_at: int
    epoch: int


class TokenSigner:
    """Makes and checks HS256 tokens with a keyring; the algorithm is ours to say, never the token's."""

    def __init__(self, keyring: Keyring, issuer: str, clock: Clock, entropy: Entropy) -> None:
        self._keyring, self._issuer, self._clock, self._entropy = keyring, issuer, clock, entropy
        # PyJWT checks times against the machine's clock; ours is checked below instead.
        self._options = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf")}

    def issue(
        self, kind: str, user_id: UUID, session_id: UUID, seconds: int, **claims: Any
    ) -> tuple[str, UUID]:
        """Return a token of `kind` (`ACCESS` or `REFRESH`) valid for `seconds`, and its jti."""
        now, token_id = int(self._clock.seconds()), random_uuid(self._entropy)
        payload = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(token_id),
            "iat": now,
            "exp": now + seconds,
            **claims,
        }
        key = self._keyring.current
        headers = {"typ": kind, "kid": key.kid}
        return jwt.encode(payload, key.material, algorithm="HS256", headers=headers), token_id

    def verify(self, kind: str, token: str) -> Claims:
        """Return the claims of a valid token of `kind`.

        Raises:
            InvalidToken: Whatever is wrong with it.
        """
        try:
            payload = self._payload(kind, token)
            claims, issued_at = _claims(payload), int(payload["iat"])
        except (*_MALFORMED, jwt.PyJWTError):
            raise InvalidToken from None
        now = self._clock.seconds()
        if not issued_at - 60 <= now < claims.expires_at:
            raise InvalidToken
        return claims

    def _payload(self, kind: str, token: str) -> dict[str, Any]:
        header, _, rest = token.partition(".")
        if len(token) > _LONGEST or not _canonical(rest.rpartition(".")[2]):
            raise InvalidToken
        key = self._keyring.find(_kid_of(kind, header))
        if key is None:
            raise InvalidToken
        return jwt.decode(
            token,
            key.material,
            algorithms=["HS256"],
            audience=AUDIENCE,
            issuer=self._issuer,
            options=cast(Any, {**self._options, "require": list(_REQUIRED[kind])}),
        )


def _claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        user_id=UUID(payload["sub"]).hex,
        session_id=UUID(payload["sid"]).hex,
        token_id=UUID(payload["jti"]).hex,
        expires_at=int(payload["exp"]),
        epoch=int(payload.get("ver", 0)),
    )


@lru_cache(maxsize=64)  # there is one header for each kind and key
def _kid_of(kind: str, header: str) -> str:
    fields = json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    # Ours have exactly these members: no other algorithm, no "crit", no key to fetch (RFC 8725 section 3).
    if fields != {"alg": "HS256", "typ": kind, "kid": fields["kid"]}:
        raise InvalidToken
    return str(fields["kid"])


def _canonical(signature: str) -> bool:
    # base64 leaves spare bits in the last character: without this, one token has several spellings. The
    # other two parts are signed as they are spelled.
    decoded = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    return urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii") == signature
