"""The accounts and sessions that the loads use, on the product and on the bare limits."""

from dataclasses import dataclass
from typing import Any

from tests.benchmarks.client import Connection, once, post
from tests.benchmarks.exchanges import Login, Reading, Registration, Rotation
from tests.benchmarks.hashing import Hashing
from tests.benchmarks.servers import Stack

CONNECTIONS = 16
_READERS = 2  # threads of wrk; their accounts differ, so an answer to the wrong one is noticed
_PASSWORD = "violet anchor {} meadow sky"


@dataclass(frozen=True, slots=True)
class Side:
    """What one server is loaded with."""

    readings: list[Reading]
    rotations: list[Rotation]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything the rows need."""

    stack: Stack
    hashing: Hashing
    logins: list[Login]
    ours: Side
    bare: Side


async def prepare(stack: Stack, hashing: Hashing) -> Prepared:
    """Register an account for each connection and sign all of them in."""
    logins = [_login(number) for number in range(CONNECTIONS)]
    await once(stack.ours.port, [Registration(login) for login in logins])
    await once(stack.ours.port, logins)
    opened = [await _open_bare(stack, login) for login in logins]
    return Prepared(
        stack, hashing, logins, _side([login.pair for login in logins], logins), _side(opened, logins)
    )


async def _open_bare(stack: Stack, login: Login) -> Any:
    connection = await Connection.open(stack.bare.port)
    answer = await connection.ask(post("/open", {"email": login.email}, login.address))
    connection.close()
    return answer.json()


def _login(number: int) -> Login:
    return Login(f"reader{number}@example.com", _PASSWORD.format(number), f"198.51.100.{number + 1}")


def _side(pairs: list[Any], logins: list[Login]) -> Side:
    both = list(zip(pairs, logins, strict=True))
    return Side(
        [Reading(pair["access_token"], f'"{login.email}"') for pair, login in both[:_READERS]],
        [Rotation(pair["refresh_token"], login.address) for pair, login in both],
    )
