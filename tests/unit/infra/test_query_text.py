"""Reading hand-written queries: times in RFC 3339, addresses with a plus."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from autograph_web.admin.inputs import AuditInput
from autograph_web.api.schemas.admin import UsersQuery
from autograph_web.api_keys.inputs import ApiKeyInput
from autograph_web.infra.timestamps import Moment

_READ = TypeAdapter[datetime](Moment)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-03-01 12:00:00.000Z",
        "2026-03-01T14:00:00+02:00",
        "2026-03-01T14:00:00 02:00",
        "2026-03-01T07:30:00-04:30",
    ],
)
def test_every_spelling_of_rfc_3339_is_a_moment(text: str) -> None:
    assert _READ.validate_python(text) == NOON


@pytest.mark.parametrize(
    "given",
    [0, 1.5, "0", "1767225600", "1e9", "2026-03-01", "2026-03-01T12:00Z", "20260301T120000Z", "", True, None],
)
def test_a_number_or_a_date_alone_is_no_moment(given: object) -> None:
    with pytest.raises(ValidationError):
        _READ.validate_python(given)


def test_a_key_does_not_end_at_a_number_of_seconds_either() -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    given = {"name": "deploy", "scopes": ["read"]}
    with pytest.raises(ValidationError, match="expires_at"):
        ApiKeyInput.model_validate({**given, "expires_at": int(soon.timestamp())})


@pytest.mark.parametrize("text", ["a+b@x.dev", "a b@x.dev", " a b@x.dev "])
def test_a_plus_of_an_address_is_kept(text: str) -> None:
    assert UsersQuery(email=text).email == "a+b@x.dev"
    assert AuditInput(person=text).person == "a+b@x.dev"
    assert AuditInput(person="Ann B <a+b@x.dev>").person == "Ann B <a+b@x.dev>"
