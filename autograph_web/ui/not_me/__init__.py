"""A sign-in that was not its owner's."""
