"""Two-step verification: authenticators, recovery codes and trusted devices."""
