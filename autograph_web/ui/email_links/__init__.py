"""The pages that the links about an address lead to."""
