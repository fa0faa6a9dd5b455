"""Authentication methods, one package each: none imports another, and the flow imports none of them."""
