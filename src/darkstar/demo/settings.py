"""The demo's folder: its `darkstar.yaml`, and whether a folder is the demo's to write in.

The file carries a digest of itself. A folder whose file a person wrote or edited is theirs, and the demo keeps out of
it: a real home's ledger is never touched, and demo numbers never stand in for real ones.
"""

import hashlib
from pathlib import Path

from darkstar.config.settings import CONFIG_NAME, LEDGER_NAME
from darkstar.demo.home import AREA, BATTERY, HEATER, HOME, ROOF, SPECS, TARIFF
from darkstar.domain.errors import UsageError

MARK = "# Made by `darkstar demo` "
_NOTE = """\
# A home that does not exist. There is no Home Assistant behind it, and its prices are the demo's own.
# Edit this file and the folder is yours: the demo will not write here again.
"""


def settings_text() -> str:
    """The demo home's `darkstar.yaml`."""
    sensors: dict[str, list[str]] = {}
    for spec in SPECS:
        sensors.setdefault(spec.channel, []).append(spec.entity_id)
    lines = [
        f"home: {{name: {HOME.name}, timezone: {HOME.timezone}, latitude: {HOME.latitude}, "
        f"longitude: {HOME.longitude}, currency: {HOME.currency}, main_fuse_a: {HOME.main_fuse_a:g}, "
        f"phases: {HOME.phases}, pv_peak_kw: {ROOF.peak_kw:g}}}",
        "sensors:",
        *(
            f"  {channel}: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}"
            for channel, names in sensors.items()
        ),
        f"battery: {{capacity_kwh: {BATTERY.capacity_kwh:g}, soc_min_percent: {BATTERY.soc_min_percent:g}, "
        f"soc_max_percent: {BATTERY.soc_max_percent:g}, charge_max_kw: {BATTERY.charge_max_kw:g}, "
        f"discharge_max_kw: {BATTERY.discharge_max_kw:g}, charge_efficiency: {BATTERY.charge_efficiency:g}, "
        f"discharge_efficiency: {BATTERY.discharge_efficiency:g}, wear_per_kwh: {BATTERY.wear_per_kwh:g}}}",
        f"water_heater: {{power_kw: {HEATER.power_kw:g}, daily_kwh: {HEATER.daily_kwh:g}, "
        f"ready_by: '{HEATER.ready_by:%H:%M}', least_run_minutes: {HEATER.least_run_minutes:g}}}",
        f"prices: {{source: file, area: {AREA}}}",
        f"tariff: {{grid_fee_per_kwh: {TARIFF.grid_fee_per_kwh:g}, "
        f"energy_tax_per_kwh: {TARIFF.energy_tax_per_kwh:g}, vat_percent: {TARIFF.vat_percent:g}}}",
    ]
    body = _NOTE + "\n".join(lines) + "\n"
    return f"{MARK}{_digest(body)}\n{body}"


def claim(folder: Path) -> None:
    """Make a folder the demo's, empty of an earlier demo's ledger, with its `darkstar.yaml`.

    Raises:
        UsageError: the folder holds a home that is not the demo's.
    """
    config, ledger = folder / CONFIG_NAME, folder / LEDGER_NAME
    theirs = not is_demo(config.read_text("utf-8")) if config.exists() else ledger.exists()
    if theirs:
        raise UsageError(
            f"{folder} holds a home that the demo did not make.",
            remedy="Nothing was changed; choose another folder with --home.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in (ledger, *(ledger.with_name(ledger.name + tail) for tail in ("-wal", "-shm"))):
        leftover.unlink(missing_ok=True)
    config.write_text(settings_text(), "utf-8")


def is_demo(text: str) -> bool:
    """Whether a `darkstar.yaml` is as the demo wrote it."""
    mark, _, body = text.partition("\n")
    return mark == f"{MARK}{_digest(body)}"


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]
