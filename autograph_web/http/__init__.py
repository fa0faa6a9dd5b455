"""The HTTP layer in front of the pages and the REST API: ASGI middleware, cookies, native forms."""
