"""Schema 0006: when a price quote was first received, and from when on each slot's price was at hand."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Of what is there already, nobody knows it."""
    op.execute("ALTER TABLE price_quotes ADD COLUMN first_received_us INTEGER")
    op.execute("ALTER TABLE slot_prices ADD COLUMN received_utc INTEGER")
