"""What `httpx` needs to speak to servers of the tests that have no TLS."""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody. Without it every client and every `httpx.get` reads all the machine's authorities: 30 ms."""
