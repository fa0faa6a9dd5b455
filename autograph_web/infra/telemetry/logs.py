"""Logging: each event is one escaped line, as text or JSON, with secrets redacted."""

import json
import logging
import re
import sys
import time
from collections.abc import MutableMapping
from contextlib import nullcontext, suppress
from functools import lru_cache
from logging import LogRecord
from typing import Any, TextIO, cast

import structlog

from autograph_web.infra.clock import SystemClock
from autograph_web.infra.context import RequestScope, occasion
from autograph_web.infra.health.failures import is_of_redis, trouble_of
from autograph_web.infra.telemetry.error_text import trace_of, without_values
from autograph_web.infra.telemetry.log_throttle import SHORT_S, LogThrottle

_HIDDEN = "[hidden]"
_HIDDEN_NAMES = (
    r"pass(?:word|wd)?|secret|token|ticket|cookie|authorization|code|otp|session"
    r"|autograph_(?:flash|device|challenge|trusted|link)"
)
# up to the closing quote, or to the end of a text that was truncated before it
_QUOTED = r"\"(?:[^\"\\]|\\[\s\S])*(?:\"|\Z)|'(?:[^'\\]|\\[\s\S])*(?:'|\Z)"
_SECRET_NAME = re.compile(_HIDDEN_NAMES, re.IGNORECASE)
_PATTERNS = (
    # before the names, or only the word "Bearer" of "Authorization: Bearer x" would be redacted
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer " + _HIDDEN),
    # name: value or name=value with any quoting, up to the value's end; bounded for predictable run time
    (
        re.compile(
            rf"(?i)((?<![\w-])[\w-]{{0,64}}(?:{_HIDDEN_NAMES})[\w-]{{0,64}}[\"']?\s*[:=]\s*)"
            rf"({_QUOTED}|[^\s,;&)}}\]]+)"
        ),
        r"\1" + _HIDDEN,
    ),
    # ["name", "value"]: the format of a submitted form on the websocket
    (
        re.compile(
            rf"(?i)([\"'][\w-]{{0,64}}(?:{_HIDDEN_NAMES})[\w-]{{0,64}}[\"']\s*,\s*)"
            rf"({_QUOTED})"
        ),
        r"\1" + _HIDDEN,
    ),
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"), _HIDDEN),
    (re.compile(r"\$(?:2[abxy]|bcrypt-sha256)\$\S+"), _HIDDEN),
    # an API key, complete or truncated; its id is kept, to identify the key
    (re.compile(r"(agk_[0-9A-Za-z]{11}_)[0-9A-Za-z]+"), r"\1" + _HIDDEN),
    # our own tokens: 43 or more consecutive characters of base64url
    (re.compile(r"(?<![\w-])[\w-]{43,}(?![\w-])"), _HIDDEN),
)
_LONGEST = 4000
_LONGEST_READ = 8000  # the patterns take a microsecond per character, and clients may cause long texts
_LONGEST_WORD, _BETWEEN_WORDS = 256, " \n,;&\"'"
_CLOCK = SystemClock()
_ACCESS = "autograph_web.access"
_OF_OTHERS = ("reflex", "engineio", "socketio")  # they log what clients sent


def redact(text: str) -> str:
    """Return `text` as one line of bounded length, with everything that looks like a credential redacted."""
    text = _cut(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    line = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line[:_LONGEST])


def _cut(text: str) -> str:
    """Return the beginning of a long text, up to the end of a word: part of a token is not recognizable."""
    if len(text) <= _LONGEST_READ:
        return text
    sure = _LONGEST_READ - _LONGEST_WORD
    word = max(text.rfind(mark, sure, _LONGEST_READ) for mark in _BETWEEN_WORDS)
    return text[: max(word + 1, sure)]


def configure_logging(level: str, form: str) -> None:
    """Route every logger of the process, ours and those of libraries, through one redacting handler."""
    handler = _Lines(_Formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Handlers that libraries install themselves would bypass the redaction. These two add one when they
    # start, unless their level has been set; below ERROR they log every message unredacted.
    for name in ("engineio.server", "socketio.server"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # At DEBUG it logs every statement with its parameters: email addresses, hashes, email content.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    for name in (
        "reflex",
        "reflex_base",
        "granian",
        "_granian",
        "socketio",
        "socketio.server",
        "engineio",
        "engineio.server",
        "sqlalchemy",
        "asyncio",
    ):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.ExceptionRenderer(lambda exc_info: trace_of(exc_info[1])),
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def access_line(event: str, served: RequestScope, **fields: str | float) -> None:
    """Write one line about a processed request or event, if the level permits.

    The fields must not contain client input: this is called for every request, and so bypasses the redaction
    and the rest of `logging`, which cost more than many requests.
    """
    root = logging.getLogger()
    if root.isEnabledFor(logging.INFO):
        for handler in root.handlers:
            if isinstance(handler, _Lines):
                handler.write_access(event, served, fields)


class _OncePerOutage(logging.Filter):
    """Logs a Redis failure at most once in ten seconds per logger, without a trace: every page has it."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = LogThrottle(time.monotonic, SHORT_S)

    def filter(self, record: LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_of_redis(error):
            return True
        trouble = trouble_of(error)
        if not self._seldom.allows(f"{record.name} {trouble}"):
            return False
        record.exc_info, record.trouble, record.error = None, trouble.value, type(error).__name__
        return True


class _Lines(logging.StreamHandler[TextIO]):
    """Writes log lines to standard error."""

    def __init__(self, formatter: "_Formatter") -> None:
        super().__init__(sys.stderr)
        self._form = formatter
        self.setFormatter(formatter)
        self.addFilter(_OncePerOutage())

    def write_access(self, event: str, served: RequestScope, fields: dict[str, Any]) -> None:
        """Write one access log line."""
        line = self._form.access(event, served, fields)
        # A broken log stream must not cause the request to fail.
        with suppress(OSError, ValueError), self.lock or nullcontext():
            self.stream.write(line + self.terminator)
            self.flush()


class _Formatter(logging.Formatter):
    """Renders a record, including its `extra` fields."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"
        self._renderer = (
            structlog.processors.JSONRenderer(sort_keys=True)
            if form == "json"
            else structlog.processors.KeyValueRenderer(key_order=["time", "level", "event"])
        )

    def format(self, record: LogRecord) -> str:
        event = _event(record) | {"time": _moment(int(record.created))}
        if record.exc_info:
            event["exception"] = redact(trace_of(record.exc_info[1]))
        return self._rendered(event)

    def access(self, event: str, served: RequestScope, fields: dict[str, Any]) -> str:
        """Return one access log line."""
        moment = _moment(int(_CLOCK.seconds()))
        whole = {"time": moment, "level": "info", "event": event, **fields, **_of(served), "logger": _ACCESS}
        if self._json:
            return json.dumps(whole)
        return " ".join([f"{name}={value!r}" for name, value in whole.items()])

    def _rendered(self, event: dict[str, Any]) -> str:
        return cast(str, self._renderer(None, "", cast(MutableMapping[str, Any], event)))


@lru_cache(maxsize=2)
def _moment(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(second))


def _of(served: RequestScope) -> dict[str, str]:
    told = {"request_id": served.request_id}
    if served.user_id:
        told["user_id"] = str(served.user_id)
    if served.trace_id:
        told["trace_id"] = served.trace_id
    return told


_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def _event(record: LogRecord) -> dict[str, Any]:
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    fields = {
        key: _HIDDEN if _SECRET_NAME.search(key) else redact(str(value)) for key, value in extra.items()
    }
    current, text = occasion(), _message(record)
    return {
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": redact(without_values(text) if record.name.startswith(_OF_OTHERS) else text),
        **fields,
        **(_of(current) if current else {}),
    }


def _message(record: LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)
