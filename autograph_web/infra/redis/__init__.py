"""Redis: the client, its connections, and the server that is embedded."""
