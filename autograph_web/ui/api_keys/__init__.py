"""API keys: what there are, a new one, the end of one."""
