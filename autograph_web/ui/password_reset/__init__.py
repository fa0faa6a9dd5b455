"""A new password for who has forgotten the old one."""
