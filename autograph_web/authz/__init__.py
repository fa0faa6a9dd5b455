"""Authorization: which principal may perform which operation."""
