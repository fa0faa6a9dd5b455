"""The benchmark's own arithmetic: a wrong number looks as good as a right one."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from tests.benchmarks.client import Wrong, for_answers, for_seconds, get
from tests.benchmarks.exchanges import Login, Reading, Rotation, Wandering
from tests.benchmarks.figures import Timed, percentile, spread
from tests.benchmarks.interleaving import share_goal
from tests.benchmarks.report import COMMAND, Goal, Row, markers, put_into, table
from tests.benchmarks.two_step import Phone, Phones
from tests.support.clients.authenticator import PERIOD_S
from tests.support.product.sources import ROOT

BEGIN, END = markers(COMMAND)


def test_percentiles_are_values_that_were_measured() -> None:
    waits = [number / 1000 for number in range(1, 101)]
    assert (percentile(waits, 50), percentile(waits, 99), percentile([7.0], 99)) == (0.05, 0.099, 7.0)
    assert Timed.of(waits, 2.0) == Timed(100, 50.0, 0.05, 0.099)


def test_a_spread_names_the_median_and_both_ends() -> None:
    assert spread([4700, 4920, 4812], "/s") == "4,812/s (4,700–4,920)"


def test_the_table_goes_between_the_markers_and_nothing_else_changes(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_into(document, table([Row("A", "m", ["1/s"], ["2/s"], [0.5], [Goal("≥ 3/s", met=False)])]))
    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n|")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "| A | m | 1/s | 2/s | 0.50 (0.50–0.50) | ✗ ≥ 3/s |" in text
    assert "old" not in text


def test_rows_stand_in_their_order_whenever_they_were_measured() -> None:
    rows = [Row(letter, "m", [], [], [], []) for letter in "AGF"]
    assert [line[2] for line in table(rows).splitlines()[2:]] == ["A", "F", "G"]


def test_a_rate_asked_for_on_a_known_machine_is_a_share_on_any_other() -> None:
    assert share_goal([0.59], 6_000, 10_279) == Goal(
        "≥ .58 of bare (6,000/s where bare does 10,279)", met=True
    )
    assert not share_goal([0.58, 0.7, 0.4], 6_000, 10_279).met


async def test_somebody_who_wanders_reads_for_each_and_checks_the_one_that_was_asked() -> None:
    async with _server(200, {"email": "a@example.com"}) as port:
        right, wrong = Reading("one", '"a@example.com"'), Reading("two", '"b@example.com"')
        assert (await for_answers(port, [Wandering([right, right])], 10)).answers == 10
        with pytest.raises(ExceptionGroup) as raised:
            await for_answers(port, [Wandering([right, wrong])], 1_000)
        assert raised.group_contains(Wrong, match="the wrong account")


def test_a_document_without_markers_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "other.md"
    document.write_text("text")
    with pytest.raises(ValueError, match="markers"):
        put_into(document, "table")
    assert document.read_text() == "text"


def test_the_published_table_has_its_place() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.index(BEGIN) < text.index(END)


async def test_a_load_counts_every_answer_and_checks_it() -> None:
    async with _server(200, {"email": "a@example.com"}) as port:
        talks = [Reading("token", '"a@example.com"')] * 4
        assert (await for_answers(port, talks, 10)).answers == 10
        assert (await for_answers(port, talks, 10, first=4)).answers == 10
        assert (await for_seconds(port, talks, 0.05)).rate > 0
        with pytest.raises(ExceptionGroup) as raised:
            await for_answers(port, [Reading("token", '"b@example.com"')], 1)
        assert raised.group_contains(Wrong, match="the wrong account")


def test_no_code_is_used_twice_and_none_before_its_time() -> None:
    now = int(time.time()) // PERIOD_S
    phone = Phone(Login("a@example.com", "p", "192.0.2.1"), "JBSWY3DPEHPK3PXP", used=now - 1)
    codes = {phone.next_code(), phone.next_code()}
    assert len(codes) == 2
    with pytest.raises(Wrong, match="every code"):
        [phone.next_code() for _ in range(2)]


def test_the_account_used_longest_ago_comes_next() -> None:
    all_three = [Phone(Login(f"{name}@example.com", "p", "192.0.2.1"), "", 0) for name in "abc"]
    phones = Phones(all_three)
    assert [phones.next() for _ in range(4)] == [*all_three, all_three[0]]


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refusal_voids_the_run(status: int) -> None:
    async with _server(status, {"code": "no"}) as port:
        talks = (Reading("", "no"), Login("a@example.com", "p", "192.0.2.1"), Rotation("t", "192.0.2.1"))
        for talk in talks:
            with pytest.raises(ExceptionGroup) as raised:
                await for_answers(port, [talk], 1)
            assert raised.group_contains(Wrong)


async def test_a_rotation_goes_on_with_the_newest_token_and_refuses_the_same() -> None:
    pair = {"access_token": "a.b.c", "refresh_token": "second", "token_type": "bearer", "expires_in": 1}
    async with _server(200, pair) as port:
        talk = Rotation("first", "192.0.2.1")
        await for_answers(port, [talk], 1)
        assert talk.token == "second"
        with pytest.raises(ExceptionGroup):
            await for_answers(port, [talk], 1)


class _Canned(asyncio.Protocol):
    """Gives every request the same response, in two pieces."""

    def __init__(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        self._pieces = (head + body[:1], body[1:])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        first, second = self._pieces
        self._transport.write(first)
        asyncio.get_running_loop().call_later(0.001, self._transport.write, second)


@asynccontextmanager
async def _server(status: int, value: object) -> AsyncGenerator[int]:
    """The port of a server that gives every request the same response."""
    body = json.dumps(value).encode()
    server = await asyncio.get_running_loop().create_server(lambda: _Canned(status, body), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
        await asyncio.sleep(0.02)  # until the server has closed the dropped connections, too


def test_a_request_without_a_token_carries_no_credential() -> None:
    assert b"Authorization" not in get("/me")
    assert b"Authorization: Bearer t\r\n" in get("/me", "t")
