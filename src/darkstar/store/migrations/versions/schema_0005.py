"""Schema 0005: what waits for the lake has a table of its own, whose room is used again once it is gone."""

from alembic import op

revision = "0005"
down_revision = "0004"

_PAYLOADS = """
    CREATE TABLE episode_payloads (
        episode_id INTEGER PRIMARY KEY NOT NULL,
        inputs BLOB,
        schedule BLOB
    )
"""

_MOVE = """
    INSERT INTO episode_payloads SELECT episode_id, inputs, schedule FROM training_episodes WHERE delivered_us IS NULL
"""


def upgrade() -> None:
    """Move what waits; what the lake has confirmed had left its row already."""
    for statement in (_PAYLOADS, _MOVE):
        op.execute(statement)
    for column in ("inputs", "schedule"):
        op.execute(f"ALTER TABLE training_episodes DROP COLUMN {column}")
