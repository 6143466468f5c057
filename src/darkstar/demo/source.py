"""The demo home behind the same interfaces as Home Assistant and a price feed, so that the demo runs the real code."""

from collections.abc import Mapping, Sequence

import numpy as np

from darkstar.demo.accounting import statistics
from darkstar.demo.home import AREA, HOME, KEPT_SECONDS, SPECS, DemoHome
from darkstar.demo.meters import WH_PER_KWH, MeterReadings, MeterSpec, State
from darkstar.domain.market import QUARTERS_SINCE, known_until
from darkstar.domain.slots import HOUR_SECONDS, SLOT_SECONDS, SLOTS_PER_HOUR
from darkstar.evidence.source import Entity, Period
from darkstar.ledger.evidence import MICROSECONDS, Readings, Source, Statistics
from darkstar.ledger.quotes import PriceKind, Quotes

FIVE_MINUTES = 300
WORDS = {State.UNAVAILABLE: "unavailable", State.UNKNOWN: "unknown"}


class DemoSource:
    """An `EnergySource` over the demo home."""

    def __init__(self, home: DemoHome) -> None:
        self._home = home
        self._specs = {spec.entity_id: spec for spec in SPECS}
        self._kept_since_us = (home.end - KEPT_SECONDS) * MICROSECONDS

    async def entities(self) -> Mapping[str, Entity]:
        """Every meter of the home as it stands at the demo's present."""
        return {entity_id: self._entity(spec) for entity_id, spec in self._specs.items()}

    async def statistic_ids(self) -> Mapping[str, str]:
        """The meters with sums; the water heater's integration named no state class, so it has none."""
        return {e: s.unit for e, s in self._specs.items() if s.state_class == "total_increasing"}

    async def statistics(
        self, ids: Sequence[str], start_utc: int, end_utc: int, period: Period
    ) -> Mapping[str, Statistics]:
        """Rows of finished periods; 5-minute ones only as long as Home Assistant keeps them."""
        seconds = HOUR_SECONDS if period == "hour" else FIVE_MINUTES
        first = self._home.start if period == "hour" else self._kept_since_us // MICROSECONDS
        last = min(end_utc, self._home.end // seconds * seconds)
        with_sums = await self.statistic_ids()
        rows = {
            e: statistics(
                self._home.readings[e],
                seconds,
                max(start_utc, first),
                # A period belongs to the answer when it begins in the range.
                min(-(-last // seconds) * seconds, self._home.end // seconds * seconds),
                1 / WH_PER_KWH[self._specs[e].unit],
            )
            for e in ids
            if e in with_sums
        }
        return {e: found for e, found in rows.items() if len(found)}

    async def oldest_statistic(self, ids: Sequence[str]) -> int | None:
        """The demo's beginning."""
        return self._home.start if set(ids) & set(await self.statistic_ids()) else None

    async def history(self, ids: Sequence[str], start_us: int, end_us: int) -> Mapping[str, Readings]:
        """States of [start_us, end_us) and the one that held at its start, as far back as they are kept."""
        found = {e: self._history(self._specs[e], start_us, end_us) for e in ids if e in self._specs}
        return {e: readings for e, readings in found.items() if len(readings)}

    def _entity(self, spec: MeterSpec) -> Entity:
        readings = self._home.readings[spec.entity_id]
        return Entity(
            spec.entity_id,
            _texts(spec, readings)[-1],
            spec.unit,
            "battery" if spec.channel == "soc" else "energy",
            spec.state_class,
            int(readings.time_us[-1]),
        )

    def _history(self, spec: MeterSpec, start_us: int, end_us: int) -> Readings:
        readings = self._home.readings[spec.entity_id]
        start_us = max(start_us, self._kept_since_us)
        first, last = np.searchsorted(readings.time_us, (start_us, max(start_us, end_us)), side="left")
        held = first > 0 and start_us > self._kept_since_us and start_us < end_us
        rows = np.arange(first - 1 if held else first, last)
        part = MeterReadings(readings.time_us[rows], readings.value[rows], readings.state[rows])
        n = len(part)
        return Readings(
            time_us=np.maximum(part.time_us, start_us),
            state=np.array(_texts(spec, part), dtype=object),
            unit=np.full(n, spec.unit, dtype=object),
            source=np.full(n, Source.HA_HISTORY, dtype=np.int8),
            held=(np.arange(n) == 0) & held,
        )


class DemoPrices:
    """A `PriceSource` over the demo's day-ahead market: what is public at the demo's present."""

    def __init__(self, home: DemoHome, name: str = "file") -> None:
        self.name = name
        self._home = home

    async def fetch(self, start_utc: int, end_utc: int) -> Quotes:
        """Quotes that begin in [start_utc, end_utc): hours before 1 October 2025, quarters since."""
        public = min(known_until(self._home.end), self._home.start + len(self._home.spot) * SLOT_SECONDS)
        slots = np.arange(self._home.start, public, SLOT_SECONDS, dtype=np.int64)
        hourly = slots < QUARTERS_SINCE
        wanted = (slots >= start_utc) & (slots < end_utc)
        wanted &= ~hourly | ((slots // SLOT_SECONDS) % SLOTS_PER_HOUR == 0)
        starts = slots[wanted]
        lengths = np.where(hourly[wanted], HOUR_SECONDS, SLOT_SECONDS)
        prices = self._home.spot[: len(slots)][wanted]
        return Quotes(self.name, AREA, HOME.currency, PriceKind.SPOT, starts, starts + lengths, prices)


def _texts(spec: MeterSpec, readings: MeterReadings) -> list[str]:
    return [
        f"{value:.{spec.decimals}f}" if state == State.NUMBER else WORDS[State(state)]
        for value, state in zip(readings.value.tolist(), readings.state.tolist(), strict=True)
    ]
