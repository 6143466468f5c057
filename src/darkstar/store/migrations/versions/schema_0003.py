"""Schema 0003: whether a person or the ledger itself made a correction, and took it back."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; all that was said so far was said by persons."""
    for table in ("corrections", "correction_withdrawals"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN automatic INTEGER NOT NULL DEFAULT 0")
