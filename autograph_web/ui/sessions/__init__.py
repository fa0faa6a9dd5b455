"""Where one is signed in, and signing out there."""
