"""What a session check needs, as cached in Redis."""

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.record import SessionRecord


@given(st.builds(SessionRecord, st.uuids().map(lambda u: u.hex), st.uuids().map(lambda u: u.hex)))
def test_a_record_survives_redis(record: SessionRecord) -> None:
    assert SessionRecord.decode(record.encode().encode()) == record


def test_a_viewer_is_made_of_its_record() -> None:
    session, user = uuid4(), uuid4()
    record = SessionRecord(
        session_id=session.hex, user_id=user.hex, email="é@x.dev", role="user", mfa_enabled=False,
        epoch=1, remember=True, method="password", cookie_hash="h", signed_in_at=1, expires_at=2, amr="pwd",
    )  # fmt: skip
    principal = record.principal("token", 9)

    assert isinstance(principal, SessionPrincipal)
    assert (principal.session_id, principal.user_id, principal.token_id) == (session, user, "token")
    assert principal.expires_at == datetime.fromtimestamp(2, UTC)
    assert record.alive(1.9)
    assert not record.alive(2)
