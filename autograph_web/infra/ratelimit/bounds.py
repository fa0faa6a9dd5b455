"""How much one stranger may take: every bound of one address, one connection and one message, in one table.

Each holds in one worker process unless it says otherwise, so a server with several allows that often as much.
Tries that are counted over minutes, such as sign-ins, are limits of `infra/ratelimit/limiter.py`. What one
address can take within these bounds is measured by `make lab` (docs/security.md).
"""

# What a browser needs to reach a page costs units: one is about 2.5 ms of a processor.
HANDSHAKE_UNITS, HYDRATE_UNITS = 2, 6
LETTERS_OF_A_UNIT, LONGEST_TEXT = 256, 4096
"""What a longer event costs more: its text may be a password to estimate, and no field takes more."""

ADDRESS_UNITS_A_SECOND, ADDRESS_UNITS_AT_ONCE = 60, 300
"""What the websockets of one address may cost: sixty tabs that reconnect wait a few seconds."""
LONGEST_TURN_S = 4.0
"""How long an event waits for its turn before its connection is closed (pings allow ten seconds)."""

SOCKET_UNITS_A_SECOND, SOCKET_UNITS_AT_ONCE = 20, 300
"""What one websocket may cost: quick typing is ten events a second. Whoever sends more is disconnected."""
MOST_REFUSED_EVENTS = 20
"""Events that no page of ours sends, of one websocket; a page of an older version sends one now and then."""
MOST_CONNECTS = 3
"""Namespace connections over one websocket; a page makes one."""

LONGEST_EMAIL = 320
"""Letters of an email address: 64 before the @ and 255 behind it (RFC 5321, 4.5.3.1)."""
LONGEST_INPUT = 1024
"""Letters that are read of what should be an email address: one that is too long is still told so."""

LONGEST_FRAME = 64 * 1024
"""Letters of a message of a page: a form with a field that is far too long is still told so."""
LONGEST_PLACE = 8 * 1024
"""Letters of what a page says of its address: it is kept with the tab."""
LONGEST_PAGE_ERROR = 300
"""Letters of an error in a page that go into the log."""

TAB_UNITS_A_SECOND, TABS_AT_ONCE = 1, 120
"""Tabs of one address that nobody has seen before: each leaves keys in Redis."""
GONE_TAB_S = 600
"""How long what a closed tab left is kept; where somebody is signed in, as long as for an open one."""

BODY_S = 10.0
"""How long a body may take to arrive: 64 KiB at 7 kB a second."""
MOST_BODIES = 40
"""Requests of one address whose bodies have not arrived yet."""

REFUSALS_A_SECOND, REFUSALS_AT_ONCE = 10, 200
"""Requests and websockets of one address that are told to wait in full; beyond them nothing of it is read."""

MOST_REQUESTS_AT_WORK = 4
"""Requests of one address that a worker works on at the same time; its others wait for their turn."""
MOST_REQUESTS_WAITING = 1000
"""Those that wait, of one address: each holds a connection and up to 64 KiB."""

MOST_WEBSOCKETS = 200
"""Open websockets of one address: an office behind one address has many tabs."""
MOST_STRANGE_WEBSOCKETS = 50
"""Those of them without a session. A message is put together before we see any of it, up to 64 MiB; one that
is never finished is given up after ten seconds."""
