"""Logging: one escaped line an event, as text or JSON, with nothing secret in it."""

import logging
import re
from collections.abc import MutableMapping
from logging import LogRecord
from typing import Any, cast

import structlog

_HIDDEN = "[hidden]"
_HIDDEN_NAMES = (
    r"pass(?:word|wd)?|secret|token|ticket|cookie|authorization|code|otp|session"
    r"|autograph_(?:flash|device|challenge|trusted|link)"
)
_SECRET_NAME = re.compile(_HIDDEN_NAMES, re.IGNORECASE)
_PATTERNS = (
    # before the names, or "Authorization: Bearer x" would lose "Bearer" alone
    (re.compile(r"(?i)\bbearer\s+\S+"), "Bearer " + _HIDDEN),
    # name: value or name=value in whatever quoting, to the value's end; bounded, so that it stays quick
    (
        re.compile(
            rf"(?i)((?<![\w-])[\w-]{{0,64}}(?:{_HIDDEN_NAMES})[\w-]{{0,64}}[\"']?\s*[:=]\s*)"
            r"(\"(?:[^\"\\]|\\[\s\S])*\"|'(?:[^'\\]|\\[\s\S])*'|[^\s,;&)}\]]+)"
        ),
        r"\1" + _HIDDEN,
    ),
    # ["name", "value"]: how a submitted form travels over the websocket
    (
        re.compile(
            rf"(?i)([\"'][\w-]{{0,64}}(?:{_HIDDEN_NAMES})[\w-]{{0,64}}[\"']\s*,\s*)"
            r"(\"(?:[^\"\\]|\\[\s\S])*\"|'(?:[^'\\]|\\[\s\S])*')"
        ),
        r"\1" + _HIDDEN,
    ),
    (re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*"), _HIDDEN),
    (re.compile(r"\$(?:2[abxy]|bcrypt-sha256)\$\S+"), _HIDDEN),
    # an API key, whole or torn; its id stays, so that one can tell which
    (re.compile(r"(agk_[0-9A-Za-z]{11}_)[0-9A-Za-z]+"), r"\1" + _HIDDEN),
    # our own tokens: 43 and more characters of base64url without a break
    (re.compile(r"(?<![\w-])[\w-]{43,}(?![\w-])"), _HIDDEN),
)
_LONGEST = 4000


def redact(text: str) -> str:
    """Return `text` with everything that looks like a credential hidden, on one line, of bounded length."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    line = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line[:_LONGEST])


def configure_logging(level: str, form: str) -> None:
    """Send every logger of the process, ours and the libraries', through one redacting handler."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries that bring handlers of their own would get past the redaction. These two add one as soon as
    # they start, unless a level has been chosen for them; below ERROR they log every message as it came.
    for name in ("engineio.server", "socketio.server"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in (
        "reflex",
        "reflex_base",
        "granian",
        "_granian",
        "socketio",
        "engineio",
        "sqlalchemy",
        "asyncio",
    ):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.stdlib.render_to_log_kwargs,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Formatter(logging.Formatter):
    """Renders a record; what a caller logs as `extra` fields comes along."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._renderer = (
            structlog.processors.JSONRenderer(sort_keys=True)
            if form == "json"
            else structlog.processors.KeyValueRenderer(key_order=["time", "level", "event"])
        )

    def format(self, record: LogRecord) -> str:
        event = _event(record)
        event["time"] = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        if record.exc_info:
            event["exception"] = redact(self.formatException(record.exc_info))
        return cast(str, self._renderer(None, "", cast(MutableMapping[str, Any], event)))


_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def _event(record: LogRecord) -> dict[str, Any]:
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    fields = {
        key: _HIDDEN if _SECRET_NAME.search(key) else redact(str(value)) for key, value in extra.items()
    }
    return {
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": redact(_message(record)),
        **fields,
    }


def _message(record: LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)
