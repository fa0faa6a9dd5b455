"""Redis: the client, its connections, and the embedded server."""
