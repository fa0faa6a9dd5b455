"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds, one step on either side."""

from base64 import b32encode
from hmac import compare_digest
from io import BytesIO
from urllib.parse import quote

import qrcode
from pyotp.hotp import HOTP
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage

from autograph_web.infra.randomness import Randomness

PERIOD_S = 30
DIGITS = 6
_SECRET_BYTES = 20  # 160 bits, as RFC 4226 section 4 recommends
_FAR_STEPS = 20
"""The largest clock difference that is reported, in time steps: ten minutes."""
_DRIFT = (0, -1, 1)  # RFC 6238 section 5.2: one step for transmission delay and a slow clock


def new_secret(randomness: Randomness) -> bytes:
    """Return a new 160-bit secret."""
    return randomness.bytes(_SECRET_BYTES)


def as_key(secret: bytes) -> str:
    """Return the secret for manual entry: base32 (RFC 4648 section 6), 32 letters and digits."""
    return b32encode(secret).decode("ascii")


def provisioning_uri(secret: bytes, email: str, issuer: str) -> str:
    """Return the otpauth URI that an authenticator scans ("Key Uri Format"); `issuer` has no colon."""
    issuer = quote(issuer, safe="")
    return f"otpauth://totp/{issuer}:{quote(email, safe='@')}?secret={as_key(secret)}&issuer={issuer}"


def qr_png(uri: str) -> bytes:
    """Return `uri` as a QR code, a PNG with the quiet zone that ISO/IEC 18004 requires."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=6, border=4, image_factory=PilImage)
    code.add_data(uri)
    code.make(fit=True)
    buffer = BytesIO()
    code.make_image().save(buffer, "PNG")
    return buffer.getvalue()


def matching_step(secret: bytes, code: str, seconds: float) -> int | None:
    """Return the time step at a Unix time that `code` matches, or None; every candidate is compared."""
    hotp = HOTP(as_key(secret), digits=DIGITS)
    now, found = int(seconds) // PERIOD_S, None
    for drift in _DRIFT:
        if compare_digest(hotp.at(now + drift), code) and found is None:
            found = now + drift
    return found


def clock_difference(secret: bytes, code: str, seconds: float) -> int | None:
    """Return by how many seconds the time of `code` differs from a Unix time, or None.

    Checks up to ten minutes either way. Use it only for a secret that the user was just shown: for any other
    secret, the result would reveal more than that the code is wrong.
    """
    hotp = HOTP(as_key(secret), digits=DIGITS)
    now = int(seconds) // PERIOD_S
    for steps in sorted(range(-_FAR_STEPS, _FAR_STEPS + 1), key=abs):
        if steps not in _DRIFT and compare_digest(hotp.at(now + steps), code):
            return steps * PERIOD_S
    return None
