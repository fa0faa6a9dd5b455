"""The pages: Reflex components and their states. They show results; the services decide."""
