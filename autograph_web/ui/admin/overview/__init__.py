"""How the server is used, at a glance."""
