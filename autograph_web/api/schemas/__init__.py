"""What the API accepts and returns: a module for each of `api/routes`."""
