"""What `httpx` needs to reach the test servers that have no TLS."""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no authority. Without it, every client and every `httpx.get` reads all the machine's authorities: 30
ms."""
