"""The columns of an episode, the same in the ledger's `training_episodes` and in the lake.

Text is compared as it stands, letter by letter, in both databases. Times: `_utc` are UTC seconds; `created_us` says
when the row was made [UTC us], and of two rows of one episode which is the later; nothing is joined by it.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

KEY = ("system_id", "run_id", "episode_start_utc")
PACKED = ("inputs", "schedule")
"""What was expected and what was planned, as bytes."""
OUTCOME = (
    "load_kwh",
    "pv_kwh",
    "import_price",
    "export_price",
    "charge_kwh",
    "discharge_kwh",
    "import_kwh",
    "export_kwh",
    "curtail_kwh",
    "soc_end_kwh",
    "cost",
)
LEVELS = ("buy_to_kwh", "store_to_kwh", "cover_to_kwh", "sell_to_kwh", "charge_max_kw", "discharge_max_kw")
"""Numbers of a decision."""
_WHOLE = Integer().with_variant(BigInteger(), "mysql", "mariadb")
_NUMBER = Float().with_variant(mysql.DOUBLE(asdecimal=False), "mysql", "mariadb")
_BYTES = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


def _word(length: int) -> Any:
    return Text().with_variant(String(length), "mysql", "mariadb")


def key_columns(*, primary: bool) -> list[Column[Any]]:
    """What an episode is named by."""
    types = (_word(32), _word(32), _WHOLE)
    return [
        Column(name, kind, primary_key=primary, nullable=False, autoincrement=False)
        for name, kind in zip(KEY, types, strict=True)
    ]


def context_columns() -> list[Column[Any]]:
    """Context, decision and outcome."""
    return [
        Column("episode_start_local", _word(32), nullable=False),
        Column("episode_date", _word(10), nullable=False),
        Column("home", _word(120), nullable=False),
        Column("policy", _word(32), nullable=False),
        Column("data_quality_status", _word(16), nullable=False),
        Column("context", _word(2000), nullable=False),
        Column("soc_start_kwh", _NUMBER),
        Column("mode", _word(32), nullable=False),
        *(Column(name, _NUMBER) for name in LEVELS),
        Column("curtail", _word(16), nullable=False),
        Column("worth_per_kwh", _NUMBER),
        *(Column(name, _NUMBER) for name in OUTCOME),
        Column("forecast_issued_utc", _WHOLE),
        Column("prices_known_until_utc", _WHOLE),
        Column("inputs", _BYTES),
    ]


def plan_columns() -> list[Column[Any]]:
    """The plan."""
    return [Column("planned_cost", _NUMBER), Column("schedule", _BYTES)]


def created_column() -> Column[Any]:
    """When the row was made."""
    return Column("created_us", _WHOLE, nullable=False)


lake = MetaData()

antares_learning = Table(
    "antares_learning",
    lake,
    *key_columns(primary=True),
    *context_columns(),
    created_column(),
    sqlite_with_rowid=False,
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)

antares_plan_history = Table(
    "antares_plan_history",
    lake,
    *key_columns(primary=True),
    *plan_columns(),
    created_column(),
    sqlite_with_rowid=False,
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)

lake_schema = Table(
    "lake_schema",
    lake,
    Column("version", Integer, primary_key=True, autoincrement=False),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
    mysql_collate="utf8mb4_bin",
)
"""One row: what made the tables."""
