"""Human-readable description of a User-Agent header (docs/decisions/0023-device-names.md)."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

# Longer ones are truncated: the names occur in the first 100 to 200 characters, and the run time of the
# patterns grows faster than the text.
_LONGEST = 256
_MOST_KEPT = 1024
_LONGEST_VERSION = 4

# Names of ua-parser that differ from the usual ones.
_PROGRAMS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "HeadlessChrome": "Headless Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
}
# Descriptions of programs that no rule names.
_KINDS = (("python", "Python script"), ("bot/", "Bot"), ("crawler", "Bot"), ("spider", "Bot"))
_SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
_PHONES = ("iPhone", "iPad")


def describe_user_agent(user_agent: str) -> str:
    """Return program and system, such as "Firefox 140 on Linux"; a guess, never a credential.

    Only names that are part of ua-parser's rules are returned. The description appears in emails and lists,
    and the client must not be able to insert text into them.
    """
    return _named(user_agent[:_LONGEST])


def warm_up() -> None:
    """Load the rules, which takes a moment, before the first request needs them."""
    _named("Mozilla/5.0")


def spelled(rule: Any) -> str:
    """Return the pattern of a rule of ua-parser, which compiles it in place on first use."""
    return str(getattr(rule.pattern, "pattern", rule.pattern))


@lru_cache(_MOST_KEPT)
def _named(text: str) -> str:
    program, version, system = _rules()(text)
    kind = next((name for mark, name in _KINDS if mark in text.lower()), "")
    said = _PROGRAMS.get(program, program) or kind
    parts = (f"{said} {version}".strip(), _system(system, text))
    return " on ".join(part for part in parts if part) or "Unknown device"


def _system(name: str, text: str) -> str:
    if name == "iOS":
        return next((phone for phone in _PHONES if phone in text), name)
    return _SYSTEMS.get(name, name)


@cache
def _rules() -> Callable[[str], tuple[str, str, str]]:
    """Return a function that extracts program, major version and system; "" for what is unknown."""
    # Imported here, because commands and the start of a server do not need it.
    from ua_parser import Domain  # noqa: PLC0415
    from ua_parser.basic import Resolver  # noqa: PLC0415
    from ua_parser.loaders import load_lazy_builtins  # noqa: PLC0415

    programs, systems, _devices = load_lazy_builtins()
    resolve = Resolver((programs, systems, []))
    # Some rules take any word before "bot" or a version as a name. Names not contained in a rule are dropped.
    rules: tuple[Any, ...] = (*programs, *systems)
    names = "\n".join(f"{spelled(rule)}\n{rule.family}" for rule in rules)

    def tell(text: str) -> tuple[str, str, str]:
        found = resolve(text, Domain.USER_AGENT | Domain.OS)
        program = found.user_agent.family if found.user_agent else ""
        version = (found.user_agent.major if found.user_agent else None) or ""
        system = found.os.family if found.os else ""
        known = program if program in names else ""
        numbered = known and version.isascii() and version.isdecimal() and len(version) <= _LONGEST_VERSION
        return known, version if numbered else "", system if system in names else ""

    return tell
