"""Passwords: hashing, required strength, and the lifetime of reset links."""

from pydantic import Field

from autograph_web.settings.section import DAY, HOUR, Seconds, Section, renamed


class PasswordSettings(Section):
    """Password settings."""

    bcrypt_cost: int = Field(12, ge=4, le=16)
    hash_threads: int = Field(2, ge=1, le=32)
    password_min_length: int = Field(8, ge=8, le=64)
    password_min_score: int = Field(3, ge=0, le=4)
    password_reset_ttl: Seconds = renamed("password_reset_ttl", "password_reset_seconds", HOUR, ge=60, le=DAY)
