"""Resource bounds for a single client: all bounds per address, connection and message, in one table.

Each applies per worker process unless stated otherwise, so a server with several workers allows a multiple.
Attempts counted over minutes, such as sign-ins, are rate limits of `infra/ratelimit/limiter.py`. What one
address can consume within these bounds is measured by `make lab` (docs/security.md).
"""

# The work that a browser causes is measured in units: one is about 2.5 ms of processor time.
HANDSHAKE_UNITS, HYDRATE_UNITS = 2, 6
LETTERS_OF_A_UNIT, LONGEST_TEXT = 256, 4096
"""Surcharge of an event: one unit per 256 characters (a password to estimate); no field exceeds 4096."""

ADDRESS_UNITS_A_SECOND, ADDRESS_UNITS_AT_ONCE = 60, 300
"""Budget for the websockets of one address: with it, sixty reconnecting tabs wait a few seconds."""
LONGEST_TURN_S = 4.0
"""Seconds that an event may be delayed before its connection is closed (pings allow ten seconds)."""

SOCKET_UNITS_A_SECOND, SOCKET_UNITS_AT_ONCE = 20, 300
"""Budget for one websocket, which is closed if it exceeds it: fast typing causes ten events a second."""
MOST_REFUSED_EVENTS = 20
"""Events per websocket that our pages never send; a page of an older version may send a few."""
MOST_CONNECTS = 3
"""Namespace connections per websocket; a page makes one."""

LONGEST_EMAIL = 320
"""Characters of an email address: 64 before the @ and 255 after it (RFC 5321, 4.5.3.1)."""
LONGEST_INPUT = 1024
"""Characters accepted as input for an email address, so that one that is too long can be reported."""

LONGEST_FRAME = 64 * 1024
"""Characters of a page's message, so that a form field that is far too long can be reported."""
LONGEST_PLACE = 8 * 1024
"""Characters of a page's location, which is stored with the tab."""
LONGEST_PAGE_ERROR = 300
"""Characters of a page's error report that are logged."""

TAB_UNITS_A_SECOND, TABS_AT_ONCE = 1, 120
"""Previously unknown tabs of one address: each creates keys in Redis."""
GONE_TAB_S = 600
"""Seconds that the state of a closed tab is kept; for a signed-in user it is kept as long as an open one."""

BODY_S = 10.0
"""Seconds within which a body must arrive: 64 KiB at 7 kB per second."""
MOST_BODIES = 40
"""Requests of one address whose bodies have not arrived yet."""

REFUSALS_A_SECOND, REFUSALS_AT_ONCE = 10, 200
"""Requests and websockets of one address that get a full refusal; any more are not even read."""

MOST_REQUESTS_AT_WORK = 4
"""Requests of one address that a worker processes concurrently; its others wait for their turn."""
MOST_REQUESTS_WAITING = 1000
"""Waiting requests of one address: each holds a connection and up to 64 KiB."""

MOST_WEBSOCKETS = 200
"""Open websockets of one address: an office behind one address has many tabs."""
MOST_STRANGE_WEBSOCKETS = 50
"""Those of them without a session. The server buffers a message up to 64 MiB before we see any of it; an
incomplete message is abandoned after ten seconds."""
