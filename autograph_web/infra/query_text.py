"""Query parameters as users type them by hand."""

from typing import Annotated

from pydantic import AfterValidator


def _with_plus(text: str) -> str:
    """Return an address whose `+` arrived as a space because the query was not percent-encoded."""
    return text if "<" in text else text.strip().replace(" ", "+")


AddressText = Annotated[str, AfterValidator(_with_plus)]
"""An email address or a part of one; it contains no space, except with a display name."""
