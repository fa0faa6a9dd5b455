"""The names derived from a User-Agent, and what an attacker cannot make of it."""

import re
from typing import Any

import pytest
from ua_parser.loaders import load_lazy_builtins

from autograph_web.infra import user_agent as devices
from autograph_web.infra.user_agent import describe_user_agent

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
MAC, APPLE = "Macintosh; Intel Mac OS X 10_15_7", "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE, IPAD = "iPhone; CPU iPhone OS 18_5 like Mac OS X", "iPad; CPU OS 17_5 like Mac OS X"
LONGEST = 256


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "Chrome 141 on Windows"),
        (f"Mozilla/5.0 ({MAC}) {CHROME} Safari/537.36 Edg/141.0.0.0", "Edge 141 on macOS"),
        (f"Mozilla/5.0 (Windows NT 10.0) {CHROME} Safari/537.36 OPR/122.0.0.0", "Opera 122 on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on Linux"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox 140 on Ubuntu"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome 141 on ChromeOS"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {CHROME} Mobile Safari/537.36", "Chrome 141 on Android"),
        (f"Mozilla/5.0 ({MAC}) {APPLE} Version/18.1 Safari/605.1.15", "Safari 18 on macOS"),
        (f"Mozilla/5.0 ({IPHONE}) {APPLE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari 18 on iPhone"),
        (f"Mozilla/5.0 ({IPAD}) {APPLE} CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome 126 on iPad"),
        (f"Mozilla/5.0 ({IPHONE}) {APPLE} FxiOS/140.0 Mobile/15E148 Safari/604", "Firefox 140 on iPhone"),
        ("curl/8.5.0", "curl 8"),
        ("Wget/1.21.4", "Wget 1"),
        ("python-requests/2.32.3", "Python Requests 2"),
        ("python-httpx/0.28.1", "Python script"),
        ("Go-http-client/2.0", "Go-http-client 2"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot 2"),
        ("Mozilla/5.0 (compatible; SomebodysBot/2.1)", "Bot"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ("", "Unknown device"),
        ("x", "Unknown device"),
    ],
)
def test_programs_are_called_what_they_are(agent: str, name: str) -> None:
    assert describe_user_agent(agent) == name


@pytest.mark.parametrize(
    "agent",
    [
        "YourAccountIsHackedBot/1.0",
        "Mozilla/5.0 (compatible; Call-evil.example-now-Bot/2.1; +https://evil.example)",
        "evil.example/1.0 Safari",
        "<b>bold</b>/1.0",
        "Mozilla/5.0 (Windows NT 10.0) Firefox/99999999999999999999",
        "Mozilla/5.0 (X11; Linux) Firefox/\u0661\u0664\u0660.0",
        "Mozilla/5.0\r\nX: y (evil.example Build/1) Firefox/1",
        "\0\ud800\udfff",
    ],
)
def test_a_stranger_writes_nothing_into_a_name(agent: str) -> None:
    name = describe_user_agent(agent)
    assert len(name) < 64
    assert name.isascii()
    assert not re.search("evil|hacked|bold|99999|[<>\\r\\n\\0]", name, re.IGNORECASE)


def test_only_the_beginning_is_looked_at() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) " + "x" * LONGEST
    for more in ("Firefox/140.0", "Firefox/140.0" * 10_000):
        assert describe_user_agent(agent + more) == describe_user_agent(agent) == "Linux"


def test_what_was_once_told_is_kept_within_bounds() -> None:
    kept = devices._named  # pyright: ignore[reportPrivateUsage]
    for number in range(3000):
        describe_user_agent(f"curl/{number}.0")
    assert kept.cache_info().currsize == kept.cache_info().maxsize
    assert kept.cache_info().currsize <= 1024


def test_the_worst_that_the_rules_can_be_given_comes_to_an_end() -> None:
    # Fragments of the rules themselves, repeated, cause the most backtracking. A rule with exponential time
    # would not return from any of these.
    programs, systems, _ = load_lazy_builtins()
    rules: tuple[Any, ...] = (*programs, *systems)
    pieces = sorted(
        {piece for rule in rules for piece in re.findall(r"[A-Za-z/;_-]{4,}", devices.spelled(rule))}
    )
    assert len(pieces) > 500
    for piece in pieces[::7]:
        for hostile in (piece * 100, f"Mozilla/5.0 ({piece}" + "1." * 200, piece + " a" * 200 + "!"):
            assert describe_user_agent(hostile)
    for hostile in ("(", ";", "/", " ", "1.", "\n", "\0", "a-", "_", "Android "):
        assert describe_user_agent(hostile * 30_000)
