"""Episodes as rows of the tables, and back."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields

from darkstar.domain.errors import DataError
from darkstar.store.episodes.columns import LEVELS, OUTCOME, context_columns, key_columns, plan_columns
from darkstar.store.episodes.episode import Decision, Episode, Expected, Outcome, Run, Schedule
from darkstar.store.episodes.packing import ENERGY_STEP_KWH, PRICE_STEP, Series, pack, unpack

Value = str | int | float | bytes | None

COLUMNS = tuple(c.name for c in (*key_columns(primary=True), *context_columns(), *plan_columns()))
"""All that an episode is, in the order of its rows."""
RUN_TEXT_LIMIT = 2000


def row_of(episode: Episode) -> tuple[Value, ...]:
    """The values of COLUMNS; NaN is None.

    Raises:
        DataError: a number is too large to be kept, or the context too long.
    """
    run, decision, outcome = episode.run, episode.decision, episode.outcome
    expected, schedule = episode.expected, episode.schedule
    context = json.dumps(dict(run.context), sort_keys=True, separators=(",", ":"))
    if len(context) > RUN_TEXT_LIMIT:
        raise DataError(f"The context of an episode is longer than {RUN_TEXT_LIMIT} letters.")
    return (
        run.system_id,
        run.run_id,
        episode.episode_start_utc,
        episode.episode_start_local,
        episode.episode_date,
        run.home,
        run.policy,
        episode.data_quality_status,
        context,
        _known(episode.soc_start_kwh),
        decision.mode,
        *(_known(getattr(decision, name)) for name in LEVELS),
        decision.curtail,
        _known(decision.worth_per_kwh),
        *(_known(getattr(outcome, name)) for name in OUTCOME),
        expected.forecast_issued_utc if expected else None,
        expected.prices_known_until_utc if expected else None,
        _pack_expected(expected) if expected else None,
        _known(schedule.planned_cost) if schedule else None,
        _pack_schedule(schedule) if schedule else None,
    )


def digest_of(row: Sequence[Value]) -> bytes:
    """Tells one content from another, 8 bytes."""
    return hashlib.blake2b(repr(tuple(row)).encode(), digest_size=8).digest()


def episode_of(row: Sequence[Value]) -> Episode:
    """The episode of a row with the values of COLUMNS.

    Raises:
        DataError: the row is damaged.
    """
    at = dict(zip(COLUMNS, row, strict=True))
    context = json.loads(_text(at, "context"))
    return Episode(
        run=Run(_text(at, "system_id"), _text(at, "run_id"), _text(at, "home"), _text(at, "policy"), context),
        episode_start_utc=_whole(at, "episode_start_utc"),
        episode_start_local=_text(at, "episode_start_local"),
        episode_date=_text(at, "episode_date"),
        data_quality_status=_text(at, "data_quality_status"),
        soc_start_kwh=_number(at, "soc_start_kwh"),
        decision=Decision(
            mode=_text(at, "mode"),
            curtail=_text(at, "curtail"),
            worth_per_kwh=_number(at, "worth_per_kwh"),
            **{name: _number(at, name) for name in LEVELS},
        ),
        outcome=Outcome(**{name: _number(at, name) for name in OUTCOME}),
        expected=_expected(at),
        schedule=_schedule(at),
    )


def _pack_expected(expected: Expected) -> bytes:
    energies = {"load_kwh": expected.load_kwh, "pv_kwh": expected.pv_kwh}
    # Where the fees are flat, what lies between both prices changes less than either.
    prices = {
        "import_price": expected.import_price,
        "margin": expected.import_price.round(5) - expected.export_price.round(5),
    }
    return pack(
        {name: (series, ENERGY_STEP_KWH) for name, series in energies.items()}
        | {name: (series, PRICE_STEP) for name, series in prices.items()}
    )


def _expected(at: Mapping[str, Value]) -> Expected | None:
    packed = at["inputs"]
    if not isinstance(packed, bytes):
        return None
    series = unpack(packed)
    return Expected(
        load_kwh=_field(series, "load_kwh"),
        pv_kwh=_field(series, "pv_kwh"),
        import_price=_field(series, "import_price"),
        export_price=(_field(series, "import_price") - _field(series, "margin")).round(5),
        forecast_issued_utc=_whole(at, "forecast_issued_utc"),
        prices_known_until_utc=_whole(at, "prices_known_until_utc"),
    )


def _pack_schedule(schedule: Schedule) -> bytes:
    series = {
        field.name: getattr(schedule, field.name)
        for field in fields(Schedule)
        if field.name != "planned_cost"
    }
    return pack({name: (values, ENERGY_STEP_KWH) for name, values in series.items()})


def _schedule(at: Mapping[str, Value]) -> Schedule | None:
    packed = at["schedule"]
    if not isinstance(packed, bytes):
        return None
    return Schedule(**unpack(packed), planned_cost=_number(at, "planned_cost"))


def _field(series: Mapping[str, Series], name: str) -> Series:
    if name not in series:
        raise DataError(f"An episode lacks {name}.")
    return series[name]


def _known(number: float) -> float | None:
    return None if number != number else float(number)


def _text(at: Mapping[str, Value], name: str) -> str:
    return str(at[name])


def _whole(at: Mapping[str, Value], name: str) -> int:
    value = at[name]
    if not isinstance(value, int):
        raise DataError(f"An episode lacks {name}.")
    return value


def _number(at: Mapping[str, Value], name: str) -> float:
    value = at[name]
    return float(value) if isinstance(value, int | float) else float("nan")
