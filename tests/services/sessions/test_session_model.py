"""In any order of events, a token, cookie or key is accepted exactly as long as it should be.

Two processes share a database and a Redis. After every step both are asked about everything that was ever
issued, and a model that knows neither database nor Redis determines the expected answers.
"""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans, data, integers, sampled_from
from pydantic import SecretStr
from redis import Redis

from autograph_web.accounts.errors import SessionEnded
from autograph_web.admin.user_summary import Actor, Role
from autograph_web.api_keys.errors import ApiKeyExpired, ApiKeyInvalid, ApiKeyRevoked
from autograph_web.api_keys.inputs import ApiKeyInput
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.inputs import SecondStepInput, SignInInput
from autograph_web.container import Services, build_services
from autograph_web.infra.errors import NotFound
from autograph_web.infra.redis.embedded import EmbeddedRedis
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.sessions.errors import InvalidToken, ReauthenticationRequired, TokenReused
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from autograph_web.settings import Settings
from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.mail.mailbox import Mailbox
from tests.support.product.session_model import AccountModel, KeyModel, RefreshModel, SessionModel, Shown
from tests.support.servers.inspection import kill
from tests.support.servers.postgres_connection import PostgresConnection, empty
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, context, make_settings, register
from tests.support.services.password_reset import NEW_PASSWORD, ask_and_open, choose

_HOUR = 3600
IDLE_S, REMEMBERED_S, LONGEST_S = 10 * _HOUR, 40 * _HOUR, 60 * _HOUR
ACCESS_S, REFRESH_S = _HOUR, 30 * _HOUR
KEY_S = 86_400
LIVES = {
    "session_idle_ttl": IDLE_S,
    "session_idle_remembered_ttl": REMEMBERED_S,
    "session_absolute_ttl": LONGEST_S,
    "access_token_ttl": ACCESS_S,
    "refresh_token_ttl": REFRESH_S,
}
MOST_SESSIONS = 12
Fresh = Callable[[], str]
"""Returns the address of an empty database."""


class Machine(RuleBasedStateMachine):
    """One account, two processes, and every action on them."""

    def __init__(self, folder: Path, fresh_database: Fresh, redis: EmbeddedRedis) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock, self.mailbox, self.redis = FakeClock(), Mailbox(), redis
        self.window: Any = Redis.from_url(redis.url)  # pyright: ignore[reportUnknownMemberType]
        self.window.flushall()
        given = make_settings(folder, database_url=fresh_database(), redis_url=redis.url, **LIVES)
        self.processes = [self.do(self._open(given)) for _ in range(2)]
        self.turn = 0
        self.phone: Authenticator | None = None
        self.account = AccountModel(PASSWORD)
        self.user_id = self.do(register(self.services)).id
        # Without another administrator, ours could neither be locked nor lose the role.
        boss = self.do(register(self.services, "boss@northwind.dev")).id
        self.operator = Actor("test", context())
        self.do(self.services.user_actions.set_role(self.operator, boss, Role.ADMIN))

    def do(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(doing)

    @property
    def services(self) -> Services:
        """The processes take turns."""
        self.turn += 1
        return self.processes[self.turn % 2]

    @property
    def now(self) -> float:
        return self.clock.seconds()

    # What issues credentials.

    @precondition(lambda self: not self.account.locked and len(self.account.sessions) < MOST_SESSIONS)
    @rule(browser=booleans(), remember=booleans())
    def sign_in(self, browser: bool, remember: bool) -> None:
        self._open_session(self._prove(remember), browser)

    @precondition(lambda self: not self.account.locked and len(self.account.keys) < 4)
    @rule(days=sampled_from([None, 1]))
    def make_key(self, days: int | None) -> None:
        data = ApiKeyInput.model_validate({"name": "Backup", "scopes": {"read"}, "expires_in_days": days})
        issued = self.do(self.services.api_keys.create(context(), self._fresh_viewer(), data))
        expires = None if days is None else self.now + days * KEY_S
        self.account.keys.append(KeyModel(issued.key.id, issued.text, expires))

    @precondition(lambda self: self.account.refresh)
    @rule(choice=data(), stolen=booleans())
    def refresh(self, choice: Any, stolen: bool) -> None:
        self._refresh(
            choice.draw(sampled_from(self.account.refresh)), "192.0.2.66" if stolen else "192.0.2.1"
        )

    # What revokes credentials.

    @precondition(lambda self: self._in_force())
    @rule(choice=data())
    def sign_out(self, choice: Any) -> None:
        shown, principal = self._some_viewer(choice)
        self.do(self.services.sessions.end(context(), principal))
        shown.session.over = True

    @precondition(lambda self: self._in_force())
    @rule(choice=data())
    def sign_out_everywhere(self, choice: Any) -> None:
        _, principal = self._some_viewer(choice)
        self.do(self.services.sessions.end_all(context(), principal))
        self.account.end_all()

    @precondition(lambda self: self._in_force())
    @rule(choice=data())
    def sign_out_others(self, choice: Any) -> None:
        shown, principal = self._some_viewer(choice)
        self.do(self.services.devices.sign_out_others(context(), principal))
        for session in self.account.sessions:
            session.over = session.over or session is not shown.session

    @precondition(lambda self: self._in_force())
    @rule(choice=data())
    def sign_out_one(self, choice: Any) -> None:
        _, principal = self._some_viewer(choice)
        other, chosen = self._some_viewer(choice)
        try:
            self.do(self.services.devices.sign_out(context(), principal, chosen.session_id))
        except NotFound:
            raise AssertionError("a session that is alive was not found") from None
        other.session.over = True

    @precondition(lambda self: any(not key.revoked for key in self.account.keys) and not self.account.locked)
    @rule(choice=data())
    def revoke_key(self, choice: Any) -> None:
        key = choice.draw(sampled_from([key for key in self.account.keys if not key.revoked]))
        self.do(self.services.api_keys.revoke(context(), self._fresh_viewer(), key.id))
        key.revoked = True

    @precondition(lambda self: self._in_force())
    @rule(choice=data(), others=booleans())
    def change_password(self, choice: Any, others: bool) -> None:
        shown, principal = self._some_viewer(choice)
        data = PasswordChangeInput.model_validate(
            {
                "current_password": self.account.password,
                "new_password": self._other_password(),
                "end_other_sessions": others,
            }
        )
        if self.phone is not None and not principal.assurance.is_two_step:
            with pytest.raises(ReauthenticationRequired):
                self.do(self.services.password_change.change(context(), principal, data))
            return
        grant = self.do(self.services.password_change.change(context(), principal, data))
        self.account.password = self._other_password()
        if others:
            self.account.end_all()
        self._open_session(grant, shown.session.browser)
        shown.session.over = True

    @precondition(lambda self: not self.account.locked)
    @rule()
    def reset_password(self) -> None:
        self._pass(1201)  # the rate limit is three links per mailbox and hour
        token = self.do(ask_and_open(self.services, self.mailbox))
        self.do(choose(self.services, token, self._other_password()))
        self.account.password = self._other_password()
        self.account.end_all()
        for key in self.account.keys:
            key.revoked = True

    @rule()
    def lock_or_unlock(self) -> None:
        administration = self.services.user_actions
        if self.account.locked:
            assert self.do(administration.unlock(self.operator, self.user_id))
        else:
            assert self.do(administration.lock(self.operator, self.user_id))
            self.account.end_all()
        self.account.locked = not self.account.locked

    @rule()
    def change_role(self) -> None:
        role = Role.USER if self.account.role == Role.ADMIN else Role.ADMIN
        assert self.do(self.services.user_actions.set_role(self.operator, self.user_id, role))
        self.account.role = role.value
        self.account.end_all()

    @precondition(lambda self: not self.account.locked)
    @rule()
    def turn_second_factor_on_or_off(self) -> None:
        principal = self._fresh_viewer()
        if self.phone is not None:
            self.do(self.services.enrolment.disable(context(), principal))
            self.phone = None
            return
        setup = self.do(self.services.enrolment.begin(context(), principal))
        phone = Authenticator.open(setup.provisioning_uri)
        self.do(self.services.enrolment.enable(context(), principal, phone.code(self.now)))
        for session in self.account.sessions[:-1]:  # all but that of the fresh viewer
            session.over = True
        self.phone = phone

    @precondition(lambda self: self._in_force())
    @rule()
    def die_after_the_commit(self) -> None:
        """A process commits the end of every session and dies before it has updated Redis."""
        self.do(self._end_and_die(self.services))
        self.account.end_all()

    # What affects the whole installation.

    @rule()
    def empty_redis(self) -> None:
        self.window.flushall()

    @rule()
    def restart_redis(self) -> None:
        kill(self.redis)
        self.redis.start()
        self._pass(2)

    @rule(seconds=sampled_from([PERIOD_S, 6 * _HOUR, IDLE_S + _HOUR, KEY_S + 1, LONGEST_S + _HOUR]))
    def let_time_pass(self, seconds: int) -> None:
        self._pass(seconds)

    @rule(times=integers(1, 3))
    def look_again(self, times: int) -> None:
        """Check again: a check must change nothing."""
        for _ in range(times):
            self.everything_is_as_it_should_be()

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        for services in self.processes:
            for shown in self.account.shown:
                self._check(services, shown)
            for key in self.account.keys:
                accepted = self._accepted(services.api_keys.authenticate(context(), key.text))
                assert accepted == self.account.accepts_key(key, self.now)

    def teardown(self) -> None:
        for token in list(self.account.refresh):
            self._refresh(token, "192.0.2.1")
        for services in self.processes:
            self.do(services.close())
        self.window.close()
        self.runner.close()

    async def _open(self, given: Settings) -> Services:
        built = build_services(given, self.clock, None, self.mailbox)
        await built.health.look()
        await built.flags.read()
        self.mailbox.watch(built)
        return built

    async def _end_and_die(self, services: Services) -> None:
        async with services.database.unit() as connection:
            await services.sessions.end_every(connection, self.user_id, "logout_all")

    def _accepted(self, asking: Coroutine[Any, Any, Any]) -> bool:
        try:
            self.do(asking)
        except (SessionEnded, InvalidToken, ApiKeyInvalid, ApiKeyExpired, ApiKeyRevoked):
            return False
        return True

    def _check(self, services: Services, shown: Shown) -> None:
        sessions = services.sessions
        ask = sessions.authenticate_cookie if shown.expires is None else sessions.authenticate_token
        accepted, right = self._accepted(ask(shown.text)), self.account.accepts(shown, self.now)
        assert right is None or accepted == right
        if accepted:
            shown.session.used(self.now)
        elif right is None:
            shown.session.over = True

    def _in_force(self) -> list[Shown]:
        return [shown for shown in self.account.shown if self.account.accepts(shown, self.now)]

    def _some_viewer(self, choice: Any) -> tuple[Shown, SessionPrincipal]:
        shown = choice.draw(sampled_from(self._in_force()))
        sessions = self.services.sessions
        ask = sessions.authenticate_cookie if shown.expires is None else sessions.authenticate_token
        return shown, self.do(ask(shown.text))

    def _fresh_viewer(self) -> SessionPrincipal:
        """Sign in again from scratch, as changing sign-in methods requires."""
        grant = self._prove(remember=False)
        self._open_session(grant, browser=True)
        return self.do(self.services.sessions.authenticate_cookie(self.account.shown[-1].text))

    def _prove(self, remember: bool) -> AuthenticationGrant:
        data = SignInInput(email=EMAIL, password=SecretStr(self.account.password), remember_me=remember)
        outcome = self.do(self.services.sign_in.start(context(), data))
        if self.phone is None:
            assert isinstance(outcome, AuthenticationGrant)
            return outcome
        assert isinstance(outcome, ChallengeRequired)
        self._pass(PERIOD_S)  # each code works once
        code = SecretStr(self.phone.code(self.now))
        step = SecondStepInput(email=EMAIL, code=code, mfa_token=SecretStr(outcome.token))
        return self.do(self.services.second_factor_step.verify(context(), step))

    def _open_session(self, grant: AuthenticationGrant, browser: bool) -> None:
        idle = REMEMBERED_S if grant.remember else IDLE_S
        until = self.now + idle
        session = SessionModel(browser, grant.remember, idle, self.now + LONGEST_S, until, until, self.now)
        self.account.sessions.append(session)
        if browser:
            opened = self.do(self.services.sessions.open_for_browser(context(), grant))
            self.account.shown.append(Shown(opened.cookie, session))
        else:
            self._add_pair(self.do(self.services.tokens.open_for_client(context(), grant)), session)

    def _add_pair(self, pair: Any, session: SessionModel) -> RefreshModel:
        self.account.shown.append(Shown(pair.access_token, session, self.now + ACCESS_S))
        added = RefreshModel(pair.refresh_token, session, self.now + REFRESH_S)
        self.account.refresh.append(added)
        return added

    def _refresh(self, token: RefreshModel, ip: str) -> None:
        alive = token.session.is_alive(self.now)
        repeats = token.repeats(self.now) and ip == token.user
        try:
            pair = self.do(self.services.tokens.refresh(context(ip), token.text))
        except TokenReused:
            assert token.used is not None
            assert not (alive and repeats)
            token.session.over = True
        except (SessionEnded, InvalidToken):
            assert not alive or self.now >= token.expires
        else:
            assert alive is not False
            if token.successor is not None:
                assert repeats
                assert pair.refresh_token == token.successor.text
                self.account.shown.append(Shown(pair.access_token, token.session, self.now + ACCESS_S))
                return
            assert self.now < token.expires
            token.used, token.user = self.now, ip
            token.session.idle_high = max(token.session.idle_high, self.now + token.session.idle)
            token.successor = self._add_pair(pair, token.session)

    def _other_password(self) -> str:
        return PASSWORD if self.account.password == NEW_PASSWORD else NEW_PASSWORD

    def _pass(self, seconds: int) -> None:
        """Let time pass, for Redis as well: it uses the machine's own clock."""
        self.clock.advance(seconds)
        for key in self.window.scan_iter("*"):
            left = self.window.pttl(key)
            if 0 < left <= seconds * 1000:
                self.window.delete(key)
            elif left > 0:
                self.window.pexpire(key, left - seconds * 1000)


def play(machine: Callable[[], Machine], examples: int, steps: int) -> None:
    """Run a fixed number of sequences with a fixed number of steps, the same ones every time."""
    profile = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=tuple(HealthCheck),  # pyright: ignore[reportArgumentType]
    )
    run_state_machine_as_test(machine, settings=profile)  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_on_sqlite(tmp_path: Path, migrated_sqlite_file: Path, own_redis: EmbeddedRedis) -> None:
    def fresh() -> str:
        file = tmp_path / "test.sqlite3"
        for left in tmp_path.glob("test.sqlite3*"):
            left.unlink()
        return f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite_file, file)}"

    play(lambda: Machine(tmp_path, fresh, own_redis), examples=16, steps=20)


@pytest.mark.slow
def test_on_postgres(
    tmp_path: Path, shared_postgres: PostgresConnection, shared_postgres_url: str, own_redis: EmbeddedRedis
) -> None:
    def fresh() -> str:
        empty(shared_postgres)
        return shared_postgres_url

    play(lambda: Machine(tmp_path, fresh, own_redis), examples=5, steps=20)
