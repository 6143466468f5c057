"""Schema 0007: the plans that were made, so that the next one knows of the last."""

from alembic import op

revision = "0007"
down_revision = "0006"

_PLANS = """
    CREATE TABLE plans (
        plan_id INTEGER PRIMARY KEY NOT NULL,
        made_us INTEGER NOT NULL,
        start_utc INTEGER NOT NULL,
        slots INTEGER NOT NULL,
        held_slots INTEGER NOT NULL,
        prices_until_utc INTEGER NOT NULL,
        version TEXT NOT NULL,
        engine TEXT NOT NULL,
        settings_digest TEXT NOT NULL,
        input_digest TEXT NOT NULL,
        cost FLOAT NOT NULL,
        outcome TEXT NOT NULL,
        why TEXT NOT NULL,
        gain FLOAT,
        threshold FLOAT,
        flips INTEGER,
        new_flips INTEGER,
        parts TEXT NOT NULL,
        content BLOB NOT NULL
    )
"""
_BY_TIME = "CREATE INDEX plans_made ON plans (made_us)"


def upgrade() -> None:
    """Build the table."""
    op.execute(_PLANS)
    op.execute(_BY_TIME)
