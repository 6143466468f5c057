"""How a home was at the first slot that is replayed: its battery's charge, and what its month had drawn by then."""

from dataclasses import dataclass, replace

from darkstar.config.settings import Settings
from darkstar.domain.home import Battery
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.metered import tariffs_at
from darkstar.time_machine.past.loader import read_start
from darkstar.time_machine.past.start_charge import Origin, StartCharge
from darkstar.time_machine.scenario import Scenario


@dataclass(frozen=True)
class Starts:
    """Answers for whatever slots a scenario comes to replay.

    Attributes:
        battery: the one that is replayed.
        told_percent: the state of charge that is asked for; None where the ledger is to say.
        new: whether it is another battery than the home's own.
    """

    ledger: LedgerFile
    settings: Settings
    battery: Battery
    told_percent: float | None
    new: bool

    def begun(self, scenario: Scenario) -> Scenario:
        """The scenario with its start."""
        at, settings = int(scenario.history.slots[0]), self.settings
        tariffs = tariffs_at(self.ledger, settings.power_tariffs, settings.home.tz, at)
        stored_kwh = self.battery.capacity_kwh * self._stated(at).percent / 100
        return replace(scenario, soc_start_kwh=stored_kwh, power_tariffs=tariffs).on(scenario.plant)

    def charge(self, begun: Scenario) -> StartCharge:
        """What is to be told of the charge of such a scenario."""
        at = int(begun.history.slots[0])
        return self._stated(at).in_battery(begun.soc_start_kwh / self.battery.capacity_kwh * 100)

    def _stated(self, at_utc: int) -> StartCharge:
        """For a battery that has not aged."""
        if self.told_percent is not None:
            return StartCharge(self.told_percent, Origin.TOLD, at_utc)
        if self.new or not self.settings.soc:
            return StartCharge(self.battery.soc_min_percent, Origin.NEW, at_utc)
        return read_start(self.ledger, self.settings.home.tz, at_utc, self.battery)
