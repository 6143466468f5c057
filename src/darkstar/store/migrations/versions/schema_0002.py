"""Schema 0002: corrections, and the word that takes one back."""

from alembic import op

revision = "0002"
down_revision = "0001"

_CORRECTIONS = """
    CREATE TABLE corrections (
        repair_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        start_utc INTEGER NOT NULL,
        end_utc INTEGER NOT NULL,
        energy_kwh FLOAT,
        reason TEXT NOT NULL,
        made_us INTEGER NOT NULL,
        PRIMARY KEY (repair_id, channel, start_utc)
    ) WITHOUT ROWID
"""

_WITHDRAWALS = """
    CREATE TABLE correction_withdrawals (
        repair_id TEXT PRIMARY KEY NOT NULL,
        made_us INTEGER NOT NULL
    ) WITHOUT ROWID
"""


def upgrade() -> None:
    """Build the tables; what is in the others stays as it is."""
    for statement in (_CORRECTIONS, _WITHDRAWALS):
        op.execute(statement)
