"""SQLite and PostgreSQL: connections, units of work, column types."""
