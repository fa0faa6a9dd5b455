"""What a client sends over the websocket of a page never appears in the log, not even at DEBUG."""

from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest
from simple_websocket import ConnectionClosed

from tests.journeys.forged_socket import (
    ACCOUNT,
    API_KEYS,
    CHANGE_EMAIL,
    FORGOTTEN,
    NEW_PASSWORD,
    NOT_ME,
    REGISTER,
    SECURITY,
    SIGN_IN,
    VERIFY_EMAIL,
    forged,
)
from tests.support.servers.live_server import LiveServer

WORD = "kanarienvogel"
TORN = f"""{WORD}' "{WORD}" {WORD}, ({WORD}) [{WORD}] {{{WORD}}} `{WORD}` = {WORD}; {WORD}\\"""
STATES = {
    SIGN_IN: "/login",
    REGISTER: "/register",
    FORGOTTEN: "/password-reset",
    NEW_PASSWORD: "/password-reset/confirm",
    NOT_ME: "/not-me",
    VERIFY_EMAIL: "/verify-email",
    CHANGE_EMAIL: "/change-email",
    SECURITY: "/settings/security",
    ACCOUNT: "/settings/account",
    API_KEYS: "/settings/api-keys",
}
HANDLERS = {
    "submit": "form",
    "verify": "form",
    "send": "form",
    "choose": "form",
    "enable": "form",
    "change_password": "form",
    "create": "form",
    "note_email": "email",
    "paste": "form",
}
FORMS: tuple[Any, ...] = (
    {"email": f"{WORD}@{WORD}.dev", "password": TORN, "code": WORD, "token": TORN, "link": TORN},
    {"email": [TORN], "password": {WORD: TORN}, "code": [WORD], WORD: TORN, TORN: WORD},
    {"email": f"{WORD}\ud800", "password": f"{WORD}\udfff", "code": f"{WORD}\0"},
    [[WORD, TORN], TORN],
    TORN,
    {"__reflex_form_data__": [["email", WORD], ["password", TORN], [WORD, TORN], 7]},
)
FRAMES = (
    f'42/_event,["event",{{"name":"{SIGN_IN}.submit","payload":{{"form":{{"password":"{WORD}',
    f'42/_event,["event",{{"name":"{SIGN_IN}.submit","payload":{{"form":{{"password":{WORD}}}}}}}]',
    f'42/_event,["{WORD}",{{"password":"{WORD}"}}]',
    f'42/_event,["event","{WORD}"]',
    f'42/_event,["event",{{"name":["{WORD}"],"payload":"{WORD}"}}]',
    f'42/_event,7["event",{{"name":"{WORD} {WORD}","password":"{WORD}"}}]',
    f'42/{WORD},["event",{{"password":"{WORD}"}}]',
    f'40/_event,{{"state_schema":"{WORD}","event":"{WORD}"}}',
    f'451-/_event,["event",{{"_placeholder":true,"num":0,"password":"{WORD}"}}]',
    f"4{WORD}",
    WORD,
    WORD * 6000,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveServer]:
    """A server with the most verbose log."""
    with LiveServer(tmp_path_factory.mktemp("talkative"), AUTOGRAPH_LOG_LEVEL="DEBUG") as server:
        yield server


def leaks(server: LiveServer) -> list[str]:
    return [line[:600] for line in server.log.splitlines() if WORD in line.lower()]


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.rpartition("ui___")[2])
async def test_forms_of_any_shape(server: LiveServer, state: str) -> None:
    place = {"pathname": STATES[state], "asPath": f"{STATES[state]}?{WORD}={TORN}", "query": {WORD: TORN}}
    for form in FORMS:
        async with forged(server.base_url) as socket:
            await socket.hydrate(STATES[state])
            with suppress(ConnectionClosed):
                for handler, name in HANDLERS.items():
                    for payload in ({name: form}, {name: form, WORD: TORN}):
                        event = {"name": f"{state}.{handler}", "payload": payload, "router_data": place}
                        await socket.emit("event", event)
                await socket.settle()
    assert leaks(server) == []


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame[:40])
async def test_frames_that_are_malformed(server: LiveServer, frame: str) -> None:
    async with forged(server.base_url) as socket:
        await socket.hydrate("/login")
        with suppress(ConnectionClosed):
            await socket.say(frame)
            await socket.is_closed()
    assert leaks(server) == []


async def test_the_server_logs_at_debug(server: LiveServer) -> None:
    assert "level='debug'" in server.log
