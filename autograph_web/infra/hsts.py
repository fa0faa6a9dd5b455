"""Parses the operator's value for `Strict-Transport-Security` (RFC 6797 section 6.1)."""

_YEAR_S = 31_536_000
_SHAPE = "must be `off`, or max-age=SECONDS with `; includeSubDomains` and `; preload` after it if wanted"


def hsts_header(text: str) -> str:
    """Return the normalized value of the header.

    Raises:
        ValueError: The value is invalid; or it requests preloading, which is hard to reverse, without meeting
            the requirements of the browsers' list (https://hstspreload.org).
    """
    first, *others = [part.strip().lower() for part in text.split(";")]
    name, _, seconds = first.partition("=")
    if name.strip() != "max-age" or not (seconds.strip().isascii() and seconds.strip().isdigit()):
        raise ValueError(_SHAPE)
    wanted = set(others)
    if not wanted <= {"includesubdomains", "preload"} or len(wanted) != len(others):
        raise ValueError(_SHAPE)
    if "preload" in wanted and not ("includesubdomains" in wanted and int(seconds) >= _YEAR_S):
        raise ValueError(f"`preload` needs includeSubDomains and max-age={_YEAR_S} or more")
    parts = [f"max-age={int(seconds)}"]
    parts += ["includeSubDomains"] if "includesubdomains" in wanted else []
    parts += ["preload"] if "preload" in wanted else []
    return "; ".join(parts)
