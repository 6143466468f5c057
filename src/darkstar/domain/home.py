"""The home as the rules see it: where it is, what it may draw, what its battery can do."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from darkstar.domain.channels import Channel
from darkstar.domain.slots import SLOT_HOURS

PHASE_VOLTS = 230.0


@dataclass(frozen=True)
class Home:
    """Place and connection.

    Attributes:
        latitude, longitude: degrees, north and east positive.
        currency: ISO 4217 code of every price and cost.
        main_fuse_a: rating of the main fuse of each phase [A].
        load_shares: each phase's share of the load that nobody plans; empty for even ones.
        pv_phase, battery_phase: the phase, counted from 1, of an inverter on one phase; None for one on all.
    """

    name: str
    timezone: str
    latitude: float
    longitude: float
    currency: str
    main_fuse_a: float
    phases: int
    load_shares: tuple[float, ...] = ()
    pv_phase: int | None = None
    battery_phase: int | None = None

    @property
    def tz(self) -> ZoneInfo:
        """The home's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def fuse_kw(self) -> float:
        """Power that the main fuse carries at 230 V a phase [kW]."""
        return self.main_fuse_a * self.phases * PHASE_VOLTS / 1000


@dataclass(frozen=True)
class Battery:
    """A home battery seen from its AC side.

    Attributes:
        capacity_kwh: energy between 0 and 100 percent.
        charge_efficiency, discharge_efficiency: stored per AC kWh in, AC kWh out per stored, in (0, 1].
        wear_per_kwh: cost of ageing for each kWh charged and for each kWh discharged.
    """

    capacity_kwh: float
    soc_min_percent: float = 0.0
    soc_max_percent: float = 100.0
    charge_max_kw: float = 5.0
    discharge_max_kw: float = 5.0
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    wear_per_kwh: float = 0.0

    @property
    def soc_min_kwh(self) -> float:
        """Least energy that may be left in it."""
        return self.capacity_kwh * self.soc_min_percent / 100

    @property
    def soc_max_kwh(self) -> float:
        """Most energy that may be put into it."""
        return self.capacity_kwh * self.soc_max_percent / 100


def slot_limits_kwh(home: Home, battery: Battery | None, pv_peak_kw: float | None) -> dict[Channel, float]:
    """The most energy that a channel can carry in one slot [kWh].

    The main fuse bounds import and export; what the sun and the battery can add bounds the load behind it. A fuse
    carries a quarter more than its rating for a good while, so its limit is stated with that margin.
    """
    fuse = home.fuse_kw * 1.25
    pv = pv_peak_kw * 1.25 if pv_peak_kw else fuse
    charge, discharge = (battery.charge_max_kw, battery.discharge_max_kw) if battery else (0.0, 0.0)
    kw = {
        Channel.IMPORT: fuse,
        Channel.EXPORT: fuse,
        Channel.PV: pv,
        Channel.BATT_CHARGE: charge * 1.25 or fuse,
        Channel.BATT_DISCHARGE: discharge * 1.25 or fuse,
        Channel.LOAD: fuse + pv + discharge,
        Channel.WATER: fuse,
    }
    return {channel: power * SLOT_HOURS for channel, power in kw.items()}
