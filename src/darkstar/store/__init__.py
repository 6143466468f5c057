"""Where the ledger lies: one SQLite file a home, its migrations and its backups."""
