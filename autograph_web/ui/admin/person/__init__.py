"""One account, as administrators see and change it."""
