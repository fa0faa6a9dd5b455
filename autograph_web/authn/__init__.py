"""Authentication methods, the sign-in flow, and the revocation of what was granted before."""
