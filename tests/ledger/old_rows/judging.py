"""What the tests of the judge share: an old home's file, judged; what was believed, beside the truth."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkstar.domain.channels import Channel
from darkstar.domain.home import Home, slot_limits_kwh
from darkstar.domain.slots import SLOT_SECONDS
from darkstar.evidence.files.old_ledger import read_old_ledger
from darkstar.ledger.old_rows.judge import Judged, judge
from darkstar.ledger.old_rows.reasons import Reason
from tests.old_home import STOCKHOLM, T0, OldHome

HOME = Home("Test", "Europe/Stockholm", 55.6, 13.0, "SEK", 25, 3)
EVERYTHING = (*(channel.value for channel in Channel), "soc", "import_price", "export_price")
ENERGIES = tuple(channel.value for channel in Channel)


def judged(home: OldHome, folder: Path) -> Judged:
    """The home's rows written to a file, read and judged."""
    old = read_old_ledger(home.write(folder / "old.db"), naive_tz=STOCKHOLM, currency="SEK")
    return judge(
        old.rows,
        tz=STOCKHOLM,
        latitude=HOME.latitude,
        longitude=HOME.longitude,
        limits_kwh=slot_limits_kwh(HOME, None, None),
    )


def counts(found: Judged) -> dict[Reason, dict[str, int]]:
    """How many values were mended or refused, by reason and subject."""
    return {finding.reason: dict(finding.counts) for finding in found.findings}


def each(subjects: Sequence[str], count: int) -> dict[str, int]:
    """The same count for each subject."""
    return dict.fromkeys(subjects, count)


def quarters(found: Judged, channel: Channel, n: int) -> NDArray[np.float64]:
    """Energies that were believed by the quarter, by slot since T0; NaN elsewhere."""
    of = found.energies[channel]
    series = np.full(n, np.nan)
    short = of.end_utc - of.start_utc == SLOT_SECONDS
    series[(of.start_utc[short] - T0) // SLOT_SECONDS] = of.energy_kwh[short]
    return series


def held(found: Judged, channel: Channel, first: int, last: int) -> list[tuple[int, int, float]]:
    """Intervals that begin in slots [first, last): first slot, slots, energy to 1e-9 kWh."""
    of = found.energies[channel]
    return [
        ((start - T0) // SLOT_SECONDS, (end - start) // SLOT_SECONDS, round(energy, 9))
        for start, end, energy in zip(
            of.start_utc.tolist(), of.end_utc.tolist(), of.energy_kwh.tolist(), strict=True
        )
        if T0 + first * SLOT_SECONDS <= start < T0 + last * SLOT_SECONDS
    ]
