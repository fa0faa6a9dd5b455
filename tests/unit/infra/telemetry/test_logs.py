"""What the log must never contain, and that everything else is logged on one line."""

import io
import json
import logging
import time
from collections.abc import Callable, Generator
from contextlib import redirect_stderr
from uuid import UUID

import jwt
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from socketio import AsyncServer

from autograph_web.infra.randomness import random_token
from autograph_web.infra.telemetry.logs import configure_logging, redact
from autograph_web.sessions.cookies import new_cookie
from tests.support.runner.logging_setup import restored_logging
from tests.support.services.factories import PASSWORD
from tests.support.services.randomness import RecordedEntropy

JWT = jwt.encode({"sub": "mina"}, "k" * 32, "HS256")
_ENTROPY = RecordedEntropy()
TOKEN = random_token(_ENTROPY)
COOKIE = new_cookie(UUID(int=1), UUID(int=2), _ENTROPY)[0]
FLASH = random_token(_ENTROPY, 18)
HASH = "$bcrypt-sha256$v=2,t=2b,r=12$abcdefghijklmnopqrstuu$0123456789012345678901234567890"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2hunter2", "hunter2hunter2"),
        ("{'password': 'a secret with \"quotes\" in it'}", "in it"),
        ('{"password": "a b c d"}', "b c"),
        (r'{"password": "with \" an escaped quote"}', "escaped"),
        (r"{'password': 'with \' an escaped \" quote'}", "escaped"),
        ("{'new_password': 'gravel harbour'}", "gravel"),
        ("Password: hunter2hunter2", "hunter2"),
        ("PASSWORD='hunter2hunter2'", "hunter2"),
        ("refresh_token=abc123", "abc123"),
        (f"failed with {JWT}", JWT),
        (f"({JWT!r},)", JWT.split(".")[1]),
        (f"Authorization: Bearer {JWT}", JWT),
        ("authorization: bearer short", "short"),
        ("Bearer  two-spaces", "two-spaces"),
        (f"ticket {TOKEN} claimed", TOKEN),
        (f"/x?next=/a&ticket={TOKEN}", TOKEN),
        (f"Cookie: autograph_session={COOKIE}; autograph_flash={FLASH}", FLASH),
        (f"Cookie: autograph_session={COOKIE}", COOKIE),
        (f"[(b'cookie', b'autograph_session={COOKIE}')]", COOKIE),
        (f"[(b'cookie', b'autograph_flash={FLASH}')]", FLASH),
        (f"Set-Cookie: __Host-autograph_session={COOKIE}; Path=/", COOKIE),
        (f"hash is {HASH}", HASH[20:]),
        ("$2b$12$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuuabcdefghi", "abcdefghij"),
        ("code: 123456", "123456"),
        ("otp=123456", "123456"),
        ("secret_keys=abc,def", "abc"),
        ("code\n=\n123456", "123456"),
    ],
)
def test_a_secret_does_not_survive(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)


@pytest.mark.parametrize("text", ["user signed in", "GET /login 200", "took 12 ms", "café", "id=42"])
def test_what_is_no_secret_does(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_it_is_always_one_printable_line(text: str) -> None:
    line = redact(text)

    assert line.isprintable()
    assert len(line) <= 8 * 4000


@pytest.mark.parametrize("text", ["x y ", "a", "token", 'password="', "Bearer ", "eyJ", "$2b$", "token:'\\"])
def test_a_huge_text_is_cut_quickly(text: str) -> None:
    began = time.process_time()

    assert len(redact(text * (200_000 // len(text)))) <= 4000
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("begin", "secret"),
    [(" {'password': 'gravel ", "harbour violins"), (" ticket ", TOKEN), (" Bearer ", JWT)],
)
def test_what_is_cut_before_it_is_read_hides_what_it_cut_through(begin: str, secret: str) -> None:
    hidden = "password=x" + "y" * 200 + " "  # shrinks, which brings into view what was far behind it
    padding = hidden * 40

    for place in range(7990 - len(secret), 8010):
        line = redact(padding[: place - len(begin)] + begin + secret + "' and more" * 100)
        assert secret not in line
        assert secret[:12] not in line


@pytest.fixture
def lines() -> Generator[Callable[[str], list[str]]]:
    """Configures logging in a format; call the result to get what was written since."""
    output = io.StringIO()

    def read(form: str) -> list[str]:
        if not output.getvalue():
            with redirect_stderr(output):
                configure_logging("INFO", form)
        return output.getvalue().splitlines()

    with restored_logging():
        yield read


def log_everything() -> None:
    ours, theirs = structlog.get_logger("ours"), logging.getLogger("theirs")
    ours.info("signed_in", password=PASSWORD, user="mina", cookie=f"autograph_session={COOKIE}; x=y")
    theirs.warning("bad form %s", {"password": PASSWORD, "token": TOKEN})
    theirs.info("forged\nline password=%s", "hunter2hunter2")
    try:
        raise ValueError(f"password={PASSWORD!r}")
    except ValueError:
        ours.exception("broke", path="/x")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_logger_tells_a_secret(lines: Callable[[str], list[str]], form: str) -> None:
    lines(form)
    log_everything()
    written = "\n".join(lines(form))

    assert "signed_in" in written
    assert "mina" in written
    for word in (*PASSWORD.split(), TOKEN, COOKIE, "hunter2hunter2"):
        assert word not in written


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_event_is_one_line(lines: Callable[[str], list[str]], form: str) -> None:
    lines(form)
    log_everything()

    assert len(lines(form)) == 4


def test_a_json_line_can_be_read_by_programs(lines: Callable[[str], list[str]]) -> None:
    lines("json")
    log_everything()
    events = [json.loads(line) for line in lines("json")]

    assert events[0]["event"] == "signed_in"
    assert (events[0]["level"], events[0]["logger"], events[0]["user"]) == ("info", "ours", "mina")
    assert "ValueError" in events[3]["exception"]


def test_below_the_level_nothing_is_written(lines: Callable[[str], list[str]]) -> None:
    lines("text")
    structlog.get_logger("ours").debug("detail")

    assert lines("text") == []


def test_the_websocket_server_logs_through_our_handler_alone() -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging("DEBUG", "json")
        AsyncServer(async_mode="asgi", json=json)
        for name in ("engineio.server", "socketio.server"):
            assert logging.getLogger(name).handlers == []
            assert logging.getLogger(name).propagate
            assert not logging.getLogger(name).isEnabledFor(logging.WARNING), "it logs every message then"
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
