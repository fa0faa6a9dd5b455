"""The pages of links that concern an email address."""
