"""Sessions and the tokens that represent them."""
