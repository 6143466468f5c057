"""The tables of `planner_learning.db`, as typed columns for the statements of this room.

How they come to be in a file is the migrations' matter (`migrations/versions`, each frozen as it was
written); a test holds both against each other. Five kinds of tables:

- **Evidence** (`meters`, `meter_readings`, `watched`, `meter_statistics`, `interval_energies`, `price_feeds`,
  `price_quotes`, `corrections`, `correction_withdrawals`): only ever added to. Each row's key holds all that was
  received, so that receiving it twice changes nothing, and what is read back does not depend on the order of
  arrival.
- **Slots** (`slot_observations`, `slot_provenance`, `slot_prices`, `data_quality_daily`): a function of the
  evidence, written over freely.
- **Episodes** (`training_episodes`, `episode_payloads`, `episode_delivery`): decisions and what came of them, on their
  way to the lake.
- **Plans** (`plans`): what was planned, by when it was made; the last one may still be followed.
- **The file's own** (`runs`, `local_offsets`, and Alembic's version).

Times: `_us` are UTC microseconds, `_utc` and `slot_start` UTC seconds. NULL is "not known", 0.0 "known to be
zero".
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

from darkstar.domain.channels import Channel
from darkstar.store.episodes.columns import PACKED, context_columns, created_column, key_columns, plan_columns

metadata = MetaData()

meters = Table(
    "meters",
    metadata,
    Column("meter_id", Integer, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reporting", Text, nullable=False),
    Column("channel", Text, nullable=False),
    UniqueConstraint("origin", "name"),
)

meter_readings = Table(
    "meter_readings",
    metadata,
    Column("meter_id", ForeignKey("meters.meter_id"), primary_key=True),
    Column("time_us", Integer, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("source", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("received_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

watched = Table(
    "watched",
    metadata,
    Column("meter_id", ForeignKey("meters.meter_id"), primary_key=True),
    Column("source", Integer, primary_key=True),
    Column("from_us", Integer, primary_key=True),
    Column("to_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

meter_statistics = Table(
    "meter_statistics",
    metadata,
    Column("meter_id", ForeignKey("meters.meter_id"), nullable=False),
    Column("period_s", Integer, nullable=False),
    Column("start_utc", Integer, nullable=False),
    Column("state_kwh", Float),
    Column("sum_kwh", Float),
    Column("received_us", Integer, nullable=False),
)
UNKNOWN = text("''")
"""Stands for NULL in unique keys, where SQLite holds every NULL to differ from every other."""
statistics_key = (
    meter_statistics.c.meter_id,
    meter_statistics.c.period_s,
    meter_statistics.c.start_utc,
    func.ifnull(meter_statistics.c.state_kwh, UNKNOWN),
    func.ifnull(meter_statistics.c.sum_kwh, UNKNOWN),
)
Index("meter_statistics_key", *statistics_key, unique=True)

interval_energies = Table(
    "interval_energies",
    metadata,
    Column("meter_id", ForeignKey("meters.meter_id"), primary_key=True),
    Column("start_utc", Integer, primary_key=True),
    Column("end_utc", Integer, primary_key=True),
    Column("energy_kwh", Float, primary_key=True),
    Column("source", Integer, nullable=False),
    Column("received_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

price_feeds = Table(
    "price_feeds",
    metadata,
    Column("feed_id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    UniqueConstraint("source", "area", "currency", "kind"),
)

price_quotes = Table(
    "price_quotes",
    metadata,
    Column("feed_id", ForeignKey("price_feeds.feed_id"), primary_key=True),
    Column("start_utc", Integer, primary_key=True),
    Column("end_utc", Integer, primary_key=True),
    Column("price_per_kwh", Float, primary_key=True),
    Column("received_us", Integer, nullable=False),
    Column("first_received_us", Integer),
    sqlite_with_rowid=False,
)

corrections = Table(
    "corrections",
    metadata,
    Column("repair_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("start_utc", Integer, primary_key=True),
    Column("end_utc", Integer, nullable=False),
    Column("energy_kwh", Float),
    Column("reason", Text, nullable=False),
    Column("made_us", Integer, nullable=False),
    Column("automatic", Integer, nullable=False, server_default=text("0")),
    sqlite_with_rowid=False,
)
"""A repair is the rows of one id, which is made of all that they say: the same repair has the same id anywhere."""

correction_withdrawals = Table(
    "correction_withdrawals",
    metadata,
    Column("repair_id", Text, primary_key=True),
    Column("made_us", Integer, nullable=False),
    Column("automatic", Integer, nullable=False, server_default=text("0")),
    sqlite_with_rowid=False,
)

slot_observations = Table(
    "slot_observations",
    metadata,
    Column("slot_start", Integer, primary_key=True),
    *(Column(channel.column, Float) for channel in Channel),
    Column("soc_start_percent", Float),
    Column("soc_end_percent", Float),
    Column("import_price_kwh", Float),
    Column("export_price_kwh", Float),
    Column("executed_action", Text),
    Column("quality_flags", Integer, nullable=False, server_default=text("0")),
)

slot_provenance = Table(
    "slot_provenance",
    metadata,
    Column("slot_start", Integer, primary_key=True),
    *(
        Column(f"{channel.value}_{what}", Integer, nullable=False)
        for channel in Channel
        for what in ("source", "method", "flags")
    ),
)
"""Per channel a `Source`, a `Method` (0: not known) and the `Flag`s of its number."""

slot_prices = Table(
    "slot_prices",
    metadata,
    Column("slot_start", Integer, primary_key=True),
    Column("spot_price_kwh", Float),
    Column("source", Text, nullable=False),
    Column("received_utc", Integer),
)

data_quality_daily = Table(
    "data_quality_daily",
    metadata,
    Column("day", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    sqlite_with_rowid=False,
)

training_episodes = Table(
    "training_episodes",
    metadata,
    Column("episode_id", Integer, primary_key=True),
    *key_columns(primary=False),
    *(column for column in (*context_columns(), *plan_columns()) if column.name not in PACKED),
    created_column(),
    Column("digest", LargeBinary, nullable=False),
    Column("delivered_us", Integer),
    UniqueConstraint("system_id", "run_id", "episode_start_utc"),
)
"""`delivered_us` is when the lake confirmed the row [UTC us]."""
Index(
    "training_episodes_waiting",
    training_episodes.c.episode_id,
    sqlite_where=training_episodes.c.delivered_us.is_(None),
)
Index("training_episodes_slot", training_episodes.c.episode_start_utc)

episode_payloads = Table(
    "episode_payloads",
    metadata,
    Column("episode_id", Integer, primary_key=True),
    Column("inputs", LargeBinary),
    Column("schedule", LargeBinary),
)
"""Forecasts and plans of the episodes that the lake has not confirmed."""

episode_delivery = Table(
    "episode_delivery",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("delivered_us", Integer),
    Column("failed_us", Integer),
    Column("failure", Text),
)
"""One row, number 0: the last delivery, and the last failure since."""

plans = Table(
    "plans",
    metadata,
    Column("plan_id", Integer, primary_key=True),
    Column("made_us", Integer, nullable=False),
    Column("start_utc", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("held_slots", Integer, nullable=False),
    Column("prices_until_utc", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("settings_digest", Text, nullable=False),
    Column("input_digest", Text, nullable=False),
    Column("cost", Float, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("gain", Float),
    Column("threshold", Float),
    Column("flips", Integer),
    Column("new_flips", Integer),
    Column("parts", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""`parts`: names of batteries and devices, JSON; `content`: their series and what was expected, packed."""
Index("plans_made", plans.c.made_us)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("process_id", Integer, nullable=False),
    Column("started_us", Integer, nullable=False),
    Column("finished_us", Integer),
    Column("outcome", Text),
)

local_offsets = Table(
    "local_offsets",
    metadata,
    Column("from_utc", Integer, primary_key=True),
    Column("offset_s", Integer, nullable=False),
)
"""From when on local time is how many seconds ahead of UTC: what the view `slots_local` needs."""
