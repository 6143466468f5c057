"""How a ledger file of any age becomes one of today: Alembic's scripts, run by `store/migrate.py`."""
