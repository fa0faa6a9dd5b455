"""Keys, encryption, and the file of master secrets."""
