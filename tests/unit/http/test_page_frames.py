"""What a page may send over its websocket, and how everything else is handled."""

import json
import time
from typing import Any

import pytest

from autograph_web.http.page_frames import Arguments, NotOurs, Reader
from autograph_web.infra.ratelimit.bounds import HYDRATE_UNITS, LONGEST_FRAME, LONGEST_PAGE_ERROR

HYDRATE, SUBMIT, LOAD = "state.hydrate_and_load", "state.ours.submit", "state.ours.load"
READER = Reader(
    {
        HYDRATE: Arguments(frozenset({"vars", "hashes"}), frozenset()),
        SUBMIT: Arguments(frozenset({"form"}), frozenset({"form"})),
        LOAD: Arguments(frozenset(), frozenset()),
    }
)
PLACE = {"pathname": "/login", "asPath": "/login?next=%2F", "query": {"next": "/"}}


def event(name: str, payload: Any = None, **more: Any) -> str:
    body = {"name": name, "payload": payload or {}, "router_data": PLACE, **more}
    return "42/_event," + json.dumps(["event", body])


def connect(body: Any = None) -> str:
    return "40/_event," + ("" if body is None else json.dumps(body))


@pytest.mark.parametrize("frame", ["1", "3", "41/_event,"])
def test_what_the_protocol_needs_passes(frame: str) -> None:
    assert READER.read(frame).text == frame


def test_an_event_of_a_page_passes_and_says_what_it_said() -> None:
    said = READER.read(event(SUBMIT, {"form": {"email": "mina@northwind.dev", "x": [1, None]}}))

    kind, body = json.loads(said.text.removeprefix("42/_event,"))
    assert kind == "event"
    payload = {"form": {"email": "mina@northwind.dev", "x": [1, None]}}
    assert body == {"name": SUBMIT, "payload": payload, "router_data": PLACE}
    assert not said.unknown


def test_what_the_server_says_of_a_connection_no_page_says() -> None:
    forged = {**PLACE, "ip": "198.18.0.1", "headers": {"cookie": "x"}, "token": "other", "sid": "other"}

    said = READER.read(event(LOAD, router_data=forged, token="other", event_actions={}))

    assert json.loads(said.text.removeprefix("42/_event,"))[1].keys() == {"name", "payload", "router_data"}
    assert json.loads(said.text.removeprefix("42/_event,"))[1]["router_data"] == PLACE


def test_a_page_that_connects_passes_with_its_first_event() -> None:
    first = {"name": HYDRATE, "payload": {"hashes": ["a"]}, "router_data": PLACE}

    said = READER.read(connect({"event": first, "state_schema": "x" * 99, "more": 1}))

    kept = json.loads(said.text.removeprefix("40/_event,"))
    assert kept == {"event": first, "state_schema": "x" * 64}
    assert said.connects
    assert said.units == 2 * HYDRATE_UNITS
    assert READER.read(connect()).text == connect()
    assert READER.read(connect({})).connects


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"hashes": ["a", "b"], "vars": {"state.x": 1}}, {"hashes": ["a", "b"]}),
        ({"hashes": []}, {"hashes": []}),
        ({"hashes": None, "vars": "text"}, {}),
        ({"hashes": [1]}, {}),
        ({"hashes": "text"}, {}),
        ({}, {}),
    ],
)
def test_a_page_that_connects_sets_no_vars(payload: dict[str, Any], kept: dict[str, Any]) -> None:
    said = READER.read(event(HYDRATE, payload))

    assert json.loads(said.text.removeprefix("42/_event,"))[1]["payload"] == kept


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("state.update_vars_internal", {"vars": {}}),
        ("state.ours.setvar", {"var_name": "x", "value": 1}),
        ("", {}),
        (f"{SUBMIT} ", {"form": {}}),
        (SUBMIT, {}),
        (SUBMIT, {"form": {}, "more": 1}),
        (LOAD, {"self": 1}),
    ],
)
def test_what_no_page_may_call_goes_no_further(name: str, payload: dict[str, Any]) -> None:
    said = READER.read(event(name, payload))

    assert (said.text, said.unknown) == ("", name)
    first = {"name": name, "payload": payload, "router_data": PLACE}
    assert READER.read(connect({"event": first})).text == ""


def test_the_name_of_what_is_unknown_is_cut() -> None:
    assert len(READER.read(event("x" * 60_000)).unknown) < 200


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("", "unknown_frame"),
        ("2", "unknown_frame"),
        ("2probe", "unknown_frame"),
        ("5", "unknown_frame"),
        ("99", "unknown_frame"),
        ("b4AAA", "unknown_frame"),
        ("4" * 100, "unknown_frame"),
        ("40", "unknown_frame"),
        ("42[]", "unknown_frame"),
        ('42/elsewhere,["event"]', "unknown_frame"),
        ('43/_event,1["x"]', "unknown_frame"),
        ('451-/_event,["event",{"_placeholder":true,"num":0}]', "unknown_frame"),
        ("42/_event,[", "malformed_json"),
        ('42/_event,17["event",{}]', "malformed_json"),
        ("42/_event," + "[" * 50_000, "malformed_json"),
        ("42/_event," + "9" * 50_000, "malformed_json"),
        (event(SUBMIT, {"form": float("nan")}), "malformed_json"),
        ("42/_event,{}", "malformed_event"),
        ('42/_event,["event"]', "malformed_event"),
        ('42/_event,["event",{},{}]', "malformed_event"),
        ('42/_event,["event","text"]', "malformed_event"),
        ('42/_event,["event",{"name":7}]', "malformed_event"),
        ('42/_event,["event",{"name":"x","payload":"y"}]', "malformed_event"),
        ('42/_event,["connect",{"QUERY_STRING":"token=other"}]', "unknown_event"),
        ('42/_event,["disconnect","x"]', "unknown_event"),
        ('42/_event,["ping",{}]', "unknown_event"),
        (event(LOAD, router_data={"pathname": 7}), "malformed_place"),
        (event(LOAD, router_data={"asPath": "/" * 9000}), "malformed_place"),
        (event(LOAD, router_data=[1]), "malformed_event"),
        (event(LOAD, router_data={"query": [1]}), "malformed_event"),
        ("42/_event," + " " * LONGEST_FRAME, "too_long"),
        (connect([1]), "malformed_event"),
        (connect({"event": "x"}), "malformed_event"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_what_no_page_sends_is_refused(frame: str, why: str) -> None:
    with pytest.raises(NotOurs, match=f"^{why}$"):
        READER.read(frame)


def test_what_a_page_reports_of_itself_is_cut_and_goes_no_further() -> None:
    info = 'TypeError: can\'t access property "", ' * 1500
    began = time.process_time()
    by_handler = READER.read(event("state.x.handle_frontend_exception", {"info": info}))
    by_event = READER.read(
        '42/_event,["client_error",' + json.dumps({"error_type": "x", "message": info}) + "]"
    )

    assert time.process_time() - began < 1
    assert (by_handler.text, by_event.text) == ("", "")
    assert by_handler.page_error == info[:LONGEST_PAGE_ERROR]
    assert len(by_event.page_error) == LONGEST_PAGE_ERROR
    assert READER.read(event("state.x.handle_frontend_exception", {"info": 7})).page_error == "7"


def test_more_text_costs_more() -> None:
    short, long = (READER.read(event(SUBMIT, {"form": "x" * size})).units for size in (1, 5000))

    assert 1 <= short <= 3
    assert long > short + 15
    assert READER.read(event(HYDRATE)).units == HYDRATE_UNITS
    assert READER.read("3").units < 1
