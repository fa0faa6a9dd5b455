"""Keys, what is encrypted with them, and the file of master secrets."""
