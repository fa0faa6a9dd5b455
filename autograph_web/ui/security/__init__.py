"""The security page: two-step verification, recovery codes and trusted devices."""
