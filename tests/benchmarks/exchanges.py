"""What the clients of a load send, and how they check that the response is correct."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.client import Answer, Wrong, get, post


def expect(right: bool, what: str, answer: Answer) -> None:
    """Void the run unless `right`."""
    if not right:
        raise Wrong(f"{what}: {answer.body[:300].decode(errors='replace')}")


@dataclass(frozen=True, slots=True)
class Reading:
    """GET `path` with a bearer token, answered with the JSON of its principal."""

    token: str
    expected: str
    path: str = "/me"

    def request(self) -> bytes:
        return get(self.path, self.token)

    def hear(self, answer: Answer) -> None:
        expect(answer.status == 200 and self.expected.encode() in answer.body, "the wrong account", answer)


class Wandering:
    """One of several readings at random, each time."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings
        self._asked = readings[0]

    def request(self) -> bytes:
        self._asked = random.choice(self._readings)
        return self._asked.request()

    def hear(self, answer: Answer) -> None:
        self._asked.hear(answer)


@dataclass(slots=True)
class Login:
    """POST /login with the correct password, answered with a token pair, the last of which is kept."""

    email: str
    password: str
    address: str
    pair: Any = None

    def request(self) -> bytes:
        return post("/login", {"email": self.email, "password": self.password}, self.address)

    def hear(self, answer: Answer) -> None:
        self.pair = answer.json()
        expect(is_pair(self.pair), "no token pair", answer)


@dataclass(frozen=True, slots=True)
class Registration:
    """POST /register for the account of a login, answered with the account."""

    login: Login

    def request(self) -> bytes:
        data = {"email": self.login.email, "password": self.login.password}
        return post("/register", data, self.login.address)

    def hear(self, answer: Answer) -> None:
        account: Any = answer.json(201)
        expect(account["email"] == self.login.email, "another account", answer)


@dataclass(slots=True)
class Rotation:
    """POST /refresh repeatedly, each time with the token of the last response."""

    token: str
    address: str

    def request(self) -> bytes:
        return post("/refresh", {"refresh_token": self.token}, self.address)

    def hear(self, answer: Answer) -> None:
        pair: Any = answer.json()
        expect(is_pair(pair) and pair["refresh_token"] != self.token, "no new token pair", answer)
        self.token = pair["refresh_token"]


def is_pair(pair: Any) -> bool:
    """Return True if this is a response with tokens."""
    return pair["token_type"] == "bearer" and pair["access_token"].count(".") == 2 and pair["expires_in"] > 0
