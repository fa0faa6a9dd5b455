"""Recovery codes: ten codes on paper, each good once in the place of the authenticator."""
