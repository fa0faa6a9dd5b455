"""Extracts the token from a link that mail programs and clipboards may have modified."""

import re
from urllib.parse import unquote

from autograph_web.accounts.errors import LinkUnknown

MARK = "token="
"""The text that precedes the token, in the fragment of every link."""

_START = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_-]){_START.pattern}(?![A-Za-z0-9_-])")
# Quoted-printable encodes the equals sign before the token as this.
_ESCAPE = re.compile(rf"3D(?={_START.pattern}(?![A-Za-z0-9_-]))")
# Longer than the links that rewriting mail gateways produce, and any text pasted with them (characters).
_LONGEST = 8192
_MOST_ESCAPES = 3
# A line may end within a link, in quoted-printable with "=" (RFC 2045 section 6.7); the next line may begin
# with quotation marks of a reply.
_LINE_END = re.compile(r"=?\r?\n[>|\s]*")
_AROUND = "\"'<>()[]{}*~` \t\r\n"
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def read_token(text: str) -> str:
    """Return the token in `text`: alone, or within a link as mail programs modify it.

    Punctuation and quotes around it are ignored; the link may be escaped (RFC 3986 section 2.1), broken into
    lines, or wrapped in the link of a mail gateway.

    Raises:
        LinkUnknown: The text contains no token.
    """
    if len(text) > _LONGEST:
        raise LinkUnknown
    text = _unescaped(text.translate(_INVISIBLE))
    whole = "".join(_LINE_END.sub("", text).split())
    for candidate in (text, whole):
        _, mark, rest = candidate.rpartition(MARK)
        rest = _ESCAPE.sub("", rest.lstrip(_AROUND) if mark else rest, count=1)
        found = _TOKEN.match(rest) if mark else _TOKEN.search(rest)
        if found:
            return found[0]
    # Text that follows the token directly has been joined to it: a token is never longer.
    start = _START.match(whole.rpartition(MARK)[2])
    if start is None or MARK not in whole:
        raise LinkUnknown
    return start[0]


def _unescaped(text: str) -> str:
    for _ in range(_MOST_ESCAPES):
        if "%" not in text:
            break
        text = unquote(text)
    return text
