"""An authenticator that shares no code with the product: it reads QR codes and computes codes by itself.

It uses the programs zbarimg (ZBar) and oathtool (OATH Toolkit) if they are installed, otherwise two packages.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

import mintotp
import zxingcpp
from PIL import Image

PERIOD_S = 30

Reader = Callable[[bytes], str]
Calculator = Callable[[str, int], str]


def zbarimg(png: bytes) -> str:
    """Return the text of a QR code, read by ZBar."""
    command = ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sdisable", "-Sqrcode.enable", "-"]
    found = subprocess.run(command, input=png, capture_output=True, check=True, timeout=30)
    return found.stdout.decode().removesuffix("\n")


def zxing(png: bytes) -> str:
    """Return the text of a QR code, read by ZXing."""
    found = zxingcpp.read_barcode(Image.open(BytesIO(png)).convert("L"))
    assert found is not None
    return found.text


def oathtool(key: str, seconds: int) -> str:
    """Return the code of a moment, computed by the OATH Toolkit; `ps` does not show the key."""
    command = ["oathtool", "--totp", "--base32", f"--now=@{seconds}", "-"]
    found = subprocess.run(command, input=key.encode(), capture_output=True, check=True, timeout=30)
    return found.stdout.decode().strip()


def minimal_totp(key: str, seconds: int) -> str:
    """Return the code of a moment, computed by mintotp."""
    return str(cast(Any, mintotp).hotp(key, seconds // PERIOD_S))


READERS: list[Reader] = [*([zbarimg] if shutil.which("zbarimg") else []), zxing]
CALCULATORS: list[Calculator] = [*([oathtool] if shutil.which("oathtool") else []), minimal_totp]


@dataclass(frozen=True)
class Authenticator:
    """One entry of an authenticator app."""

    key: str
    account: str = ""
    issuer: str = ""

    @classmethod
    def scan(cls, png: bytes) -> Self:
        """Add the entry encoded in a QR code."""
        return cls.open(READERS[0](png))

    @classmethod
    def open(cls, uri: str) -> Self:
        """Add the entry of an otpauth URI."""
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        wanted = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        issuer, _, account = unquote(parts.path.removeprefix("/")).partition(":")
        assert wanted["issuer"] == issuer
        return cls(wanted["secret"], account, issuer)

    def code(self, seconds: float) -> str:
        """Return the code shown at a moment."""
        return CALCULATORS[0](self.key, int(seconds))

    def wrong_code(self, seconds: float) -> str:
        """Return six digits that are shown neither now nor within two minutes either way."""
        shown = {self.code(seconds + away * PERIOD_S) for away in range(-4, 5)}
        return next(code for code in map(str, range(271_828, 271_838)) if code not in shown)
