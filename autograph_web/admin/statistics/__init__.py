"""How the server is used: what happened each day, how things stand, and what needs somebody."""
