"""What the tests of this room put into a ledger."""

from collections.abc import Mapping

import numpy as np

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_SECONDS, slot_range
from darkstar.ledger.evidence import Readings, Source
from darkstar.ledger.resolved import ChannelSlots, ResolvedPrices, ResolvedSlots

START = 1_754_006_400  # 2025-08-01T00:00:00Z
NAN = float("nan")


def readings(
    *rows: tuple[int, str], unit: str = "kWh", source: Source = Source.LIVE, held: bool = False
) -> Readings:
    """Rows of (time [us], state)."""
    n = len(rows)
    return Readings(
        time_us=np.array([time for time, _ in rows], dtype=np.int64),
        state=np.array([state for _, state in rows], dtype=object),
        unit=np.full(n, unit, dtype=object),
        source=np.full(n, source.value, dtype=np.int8),
        held=np.full(n, held, dtype=np.bool_),
    )


def resolved(
    energies: Mapping[Channel, list[float]],
    *,
    start: int = START,
    flags: Mapping[Channel, list[int]] | None = None,
) -> ResolvedSlots:
    """Slots from `start` on; every known energy is live and from readings."""
    n = len(next(iter(energies.values())))
    return ResolvedSlots(
        slots=slot_range(start, start + n * SLOT_SECONDS),
        channels={
            channel: ChannelSlots(
                energy_kwh=np.array(values),
                source=np.where(np.isnan(values), 0, 2).astype(np.int8),
                method=np.where(np.isnan(values), 0, 1).astype(np.int8),
                flags=np.array((flags or {}).get(channel, [0] * n), dtype=np.int32),
            )
            for channel, values in energies.items()
        },
        soc_start_percent=np.full(n, 50.0),
        soc_end_percent=np.full(n, NAN),
    )


def prices(import_price: list[float], export_price: list[float], *, start: int = START) -> ResolvedPrices:
    """Prices from `start` on, all of one source."""
    n = len(import_price)
    return ResolvedPrices(
        slots=slot_range(start, start + n * SLOT_SECONDS),
        spot_price=np.array(export_price),
        import_price=np.array(import_price),
        export_price=np.array(export_price),
        source=np.array(["" if np.isnan(price) else "file" for price in import_price], dtype=object),
    )
