"""What users do with their own account: change its password and address, export its data, delete it."""
