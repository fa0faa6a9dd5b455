"""Safe redirect targets after sign-in: only our own pages."""

from urllib.parse import urlsplit

HOME_OF_THE_SIGNED_IN = "/dashboard"
_LONGEST = 512
# Not valid targets: these perform actions, or lead back to signing in.
_NOT_A_DESTINATION = ("/login", "/register", "/session/", "/link/", "/recovery/")


def safe_next(value: object) -> str:
    r"""Return `value` if it is a relative path of our own, else the dashboard.

    `//host`, `/\host`, schemes, control characters and white space are rejected, because browsers interpret
    some of them as another site (open redirect, CWE-601).
    """
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        return HOME_OF_THE_SIGNED_IN
    if not value.startswith("/") or value[1:2] in ("/", "\\") or "\\" in value or " " in value:
        return HOME_OF_THE_SIGNED_IN
    return _checked(value)


def _checked(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        return HOME_OF_THE_SIGNED_IN
    if parts.scheme or parts.netloc or parts.path.startswith(_NOT_A_DESTINATION):
        return HOME_OF_THE_SIGNED_IN
    return value
