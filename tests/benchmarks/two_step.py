"""Sign-ins with a password and a code: the accounts, their authenticators, and the clients' requests."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.client import Answer, Connection, Wrong, every_one, post
from tests.benchmarks.exchanges import Login, Registration, expect, is_pair
from tests.support.clients.authenticator import PERIOD_S, minimal_totp

_PASSWORD = "copper lantern {} quiet harbour"
_AHEAD = 1  # a code of the next period is accepted already
_MOMENT_S = 2.0  # the margin in which a code could expire on its way


@dataclass(slots=True)
class Phone:
    """An account with two-step verification, and the newest period whose code it has used."""

    login: Login
    key: str
    used: int

    def next_code(self) -> str:
        """The next unused code: each is accepted for one sign-in only."""
        now = int(time.time()) // PERIOD_S
        self.used = max(self.used + 1, now)
        if self.used > now + _AHEAD:
            raise Wrong("every code of this account is used: a longer run needs more accounts")
        return minimal_totp(self.key, self.used * PERIOD_S)


class Phones:
    """All accounts of a run; the least recently used one comes next."""

    def __init__(self, phones: list[Phone]) -> None:
        self._waiting = deque(phones)

    def next(self) -> Phone:
        """The account whose turn it is."""
        self._waiting.rotate(-1)
        return self._waiting[-1]


async def prepare_phones(port: int, count: int) -> Phones:
    """Register accounts and enable two-step verification for each."""
    logins = [
        Login(f"phone{number}@example.com", _PASSWORD.format(number), f"203.0.113.{number + 1}")
        for number in range(count)
    ]
    await every_one(port, [Registration(login) for login in logins])
    await every_one(port, logins)
    connection = await Connection.open(port)
    phones = [await _turn_on(connection, login) for login in logins]
    connection.close()
    return Phones(phones)


async def _turn_on(connection: Connection, login: Login) -> Phone:
    async def ask(path: str, value: object) -> Any:
        answer = await connection.ask(post(path, value, login.address, login.pair["access_token"]))
        return answer.json()

    key = (await ask("/mfa/setup", {}))["secret"]
    left = PERIOD_S - time.time() % PERIOD_S
    if left < _MOMENT_S:
        await asyncio.sleep(left)
    # The code of the previous period: that leaves the current and the next one for signing in.
    used = int(time.time()) // PERIOD_S - 1
    await ask("/mfa/enable", {"code": minimal_totp(key, used * PERIOD_S)})
    return Phone(login, key, used)


class TwoStepLogin:
    """POST /login and then POST /mfa/verify, each time for the account whose turn it is."""

    def __init__(self, phones: Phones) -> None:
        self._phones, self._phone, self._mfa_token = phones, phones.next(), ""

    def request(self) -> bytes:
        login = self._phone.login
        if not self._mfa_token:
            return login.request()
        data = {"email": login.email, "mfa_token": self._mfa_token, "code": self._phone.next_code()}
        return post("/mfa/verify", data, login.address)

    def hear(self, answer: Answer) -> None:
        value: Any = answer.json()
        if not self._mfa_token:
            expect(value.get("mfa_required") is True, "no second step", answer)
            self._mfa_token = value["mfa_token"]
        else:
            expect(is_pair(value), "no token pair", answer)
            self._phone, self._mfa_token = self._phones.next(), ""
