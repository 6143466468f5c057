"""Schema 0004: episodes, and how their delivery to the lake fares."""

from alembic import op

revision = "0004"
down_revision = "0003"

_EPISODES = """
    CREATE TABLE training_episodes (
        episode_id INTEGER PRIMARY KEY NOT NULL,
        system_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        episode_start_utc INTEGER NOT NULL,
        episode_start_local TEXT NOT NULL,
        episode_date TEXT NOT NULL,
        home TEXT NOT NULL,
        policy TEXT NOT NULL,
        data_quality_status TEXT NOT NULL,
        context TEXT NOT NULL,
        soc_start_kwh FLOAT,
        mode TEXT NOT NULL,
        buy_to_kwh FLOAT,
        store_to_kwh FLOAT,
        cover_to_kwh FLOAT,
        sell_to_kwh FLOAT,
        charge_max_kw FLOAT,
        discharge_max_kw FLOAT,
        curtail TEXT NOT NULL,
        worth_per_kwh FLOAT,
        load_kwh FLOAT,
        pv_kwh FLOAT,
        import_price FLOAT,
        export_price FLOAT,
        charge_kwh FLOAT,
        discharge_kwh FLOAT,
        import_kwh FLOAT,
        export_kwh FLOAT,
        curtail_kwh FLOAT,
        soc_end_kwh FLOAT,
        cost FLOAT,
        forecast_issued_utc INTEGER,
        prices_known_until_utc INTEGER,
        inputs BLOB,
        planned_cost FLOAT,
        schedule BLOB,
        created_us INTEGER NOT NULL,
        digest BLOB NOT NULL,
        delivered_us INTEGER,
        UNIQUE (system_id, run_id, episode_start_utc)
    )
"""

_WAITING = (
    "CREATE INDEX training_episodes_waiting ON training_episodes (episode_id) WHERE delivered_us IS NULL"
)
_BY_SLOT = "CREATE INDEX training_episodes_slot ON training_episodes (episode_start_utc)"

_DELIVERY = """
    CREATE TABLE episode_delivery (
        only INTEGER PRIMARY KEY NOT NULL,
        delivered_us INTEGER,
        failed_us INTEGER,
        failure TEXT
    )
"""


def upgrade() -> None:
    """Build the tables; what is in the others stays as it is."""
    for statement in (_EPISODES, _WAITING, _BY_SLOT, _DELIVERY):
        op.execute(statement)
