"""Lifetimes of sessions and tokens, in seconds."""

from autograph_web.settings.section import DAY, HOUR, MINUTE, Seconds, Section, renamed


class SessionSettings(Section):
    """Session and token settings."""

    access_token_ttl: Seconds = renamed("access_token_ttl", "access_token_seconds", HOUR, ge=60, le=DAY)
    refresh_token_ttl: Seconds = renamed(
        "refresh_token_ttl", "refresh_token_seconds", 30 * DAY, ge=HOUR, le=90 * DAY
    )
    # The last use is recorded with a delay of up to six minutes: a shorter limit would sign out active users.
    session_idle_ttl: Seconds = renamed("session_idle_ttl", "session_idle_seconds", DAY, ge=10 * MINUTE)
    session_idle_remembered_ttl: Seconds = renamed(
        "session_idle_remembered_ttl", "remembered_idle_seconds", 30 * DAY, ge=10 * MINUTE
    )
    session_absolute_ttl: Seconds = renamed(
        "session_absolute_ttl", "session_absolute_seconds", 30 * DAY, ge=60
    )
