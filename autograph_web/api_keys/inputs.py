"""Inputs for API keys."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from autograph_web.api_keys.errors import ApiKeyExpiryInvalid, ApiKeyNameInvalid
from autograph_web.api_keys.key import Scope
from autograph_web.infra.errors import InvalidInput
from autograph_web.infra.timestamps import Moment

DEFAULT_DAYS = 90
LONGEST_NAME = 64
LIFETIMES = {"7": 7, "30": 30, "90": 90, "365": 365, "never": None}
"""The lifetimes that the form offers, in days by submitted value."""
_MOST_DAYS = 3650
# Control and line characters would break a log or an email, surrogates cannot be encoded,
# and characters that change the writing direction could disguise a name as another.
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class ApiKeyInput(BaseModel):
    """A name, scopes, and an expiry: a time or days from now; null for never, 90 days by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(examples=["Nightly backup"])]
    scopes: Annotated[frozenset[Scope], Field(min_length=1, examples=[["read"]])]
    expires_in_days: Annotated[int | None, Field(ge=1, le=_MOST_DAYS, strict=True)] = DEFAULT_DAYS
    expires_at: Moment | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if {"expires_at", "expires_in_days"} <= self.model_fields_set:
            raise ValueError("give expires_at or expires_in_days, not both")
        return self

    def end(self, now: datetime) -> datetime | None:
        """Return when the key expires, or None for never.

        Raises:
            ApiKeyExpiryInvalid: That is in the past, or more than ten years away.
        """
        latest = now + timedelta(days=_MOST_DAYS)
        if "expires_at" not in self.model_fields_set:
            days = self.expires_in_days
            return None if days is None else now + timedelta(days=days)
        if self.expires_at is not None and not now < self.expires_at <= latest:
            raise ApiKeyExpiryInvalid
        return self.expires_at


def parse_name(text: str) -> str:
    """Return a key's name in its stored form: NFC, without surrounding white space.

    Raises:
        ApiKeyNameInvalid: It is empty, longer than 64 characters, invisible, or contains control characters.
    """
    name = unicodedata.normalize("NFC", text).strip()
    kinds = {unicodedata.category(letter) for letter in name}
    visible = any(kind[0] in "LNPS" for kind in kinds)
    if not visible or len(name) > LONGEST_NAME or kinds & _REFUSED or _TURNING & set(name):
        raise ApiKeyNameInvalid
    return name


def scope_field(scope: Scope) -> str:
    """Return the name of the form's checkbox for a scope."""
    return f"scope_{scope.value}"


FORM_FIELDS = ("name", "expires", *map(scope_field, Scope))
"""The names of the form's fields."""


def read_form(fields: Mapping[str, str]) -> ApiKeyInput:
    """Return the input that the form's fields represent.

    Raises:
        ApiKeyNameInvalid: The name is not acceptable.
        InvalidInput: No scope was chosen, or the expiry is not one of those offered.
    """
    name = parse_name(fields.get("name", ""))
    scopes = frozenset(scope for scope in Scope if fields.get(scope_field(scope)))
    if not scopes:
        raise InvalidInput(field="scopes")
    if fields.get("expires") not in LIFETIMES:
        raise InvalidInput
    return ApiKeyInput(name=name, scopes=scopes, expires_in_days=LIFETIMES[fields["expires"]])
