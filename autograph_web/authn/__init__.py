"""How people show who they are, and what no longer opens an account afterwards."""
