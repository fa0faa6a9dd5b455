"""What people do with their own account: its password, its address, its data, its end."""
