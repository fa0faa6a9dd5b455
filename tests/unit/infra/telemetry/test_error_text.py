"""When input causes a failure, the log describes the fault without the value."""

import json
import logging
from collections.abc import Callable

import pytest
import structlog
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from autograph_web.infra.telemetry.error_text import trace_of, without_values
from tests.support.runner.logging_setup import captured_log

SECRET = "correct horse, (battery) staple"
STRANGE = "battery"


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=3)
    count: int = 0


def _integer() -> object:
    return int(SECRET)


def _key() -> object:
    return dict[str, str]()[SECRET]


def _model() -> object:
    return Form.model_validate({"email": SECRET, "count": SECRET, SECRET: SECRET, STRANGE: SECRET})


def _model_from_json() -> object:
    return Form.model_validate_json(json.dumps({"email": [["password", SECRET]]}))


def _number() -> object:
    return float(SECRET)


def _database() -> object:
    said = f'duplicate key value violates unique constraint "users_email"\nDETAIL:  Key (email)=({SECRET}).'
    raise IntegrityError("INSERT INTO users", {"email": SECRET}, Exception(said), hide_parameters=True)


def _handed_on() -> object:
    try:
        return int(SECRET)
    except ValueError as error:
        raise RuntimeError("could not be read") from error


FAULTS = [_integer, _key, _model, _model_from_json, _number, _database, _handed_on]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_trace_names_the_place_and_no_value(fault: Callable[[], object], form: str) -> None:
    with captured_log("INFO", form) as log:
        try:
            fault()
        except Exception:
            logging.getLogger("autograph_web.test").exception("an event handler failed")
            structlog.get_logger("autograph_web.test").exception("another_failed")
    line = log.getvalue()
    assert line.count(fault.__name__) >= 2
    for word in ("correct", "horse", "battery", "staple"):
        assert word not in line


@pytest.mark.parametrize("name", ["reflex.app", "engineio.server", "socketio.server"])
def test_what_libraries_were_sent_is_left_out_of_their_messages(name: str) -> None:
    with captured_log("INFO", "text") as log:
        logging.getLogger(name).error("cannot handle %r", {"form": [["email", SECRET]]})
    assert "cannot handle" in log.getvalue()
    assert "battery" not in log.getvalue()


def test_input_that_did_not_validate_is_told_by_field_and_kind() -> None:
    with pytest.raises(ValueError, match="validation") as raised:
        _model()
    told = trace_of(raised.value)
    assert "email (string_too_long)" in told
    assert "count (int_parsing)" in told
    for name in (SECRET, STRANGE):
        assert f"[{len(name)} letters] (extra_forbidden)" in told
    assert STRANGE not in told


def test_names_in_the_program_stay() -> None:
    with pytest.raises(AttributeError) as raised:
        _ = raised.nothing  # type: ignore[attr-defined]
    assert "nothing" in trace_of(raised.value)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('got \'my pass\' for "a \\" b"', "got [7 letters] for [6 letters]"),
        ("Cannot read `x` of undefined", "Cannot read [1 letters] of undefined"),
        ("Key (email)=(mina@x.dev) exists", "Key (email)=[hidden] exists"),
        ("nothing to hide", "nothing to hide"),
        ("argument $1: 'my long pa... (an integer is required)", "argument $1: [hidden]"),
        ("argument $1: 'my... (invalid 'my long pass')", "argument $1: [hidden]"),
        ("got 'my long pa", "got [10 letters]"),
        ("can't read \"my long", "can't read [7 letters]"),
        ("x" * 1990 + " 'my secret value'", "x" * 1990 + " [8 letters]"),
    ],
)
def test_what_stands_in_quotes_is_left_out(text: str, left: str) -> None:
    assert without_values(text) == left
