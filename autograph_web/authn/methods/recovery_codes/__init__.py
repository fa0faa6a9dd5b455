"""Recovery codes: ten printable codes, each valid once in place of the authenticator."""
