"""Whether a replay plans the water heater too: asked for, possible, or left as it was with the reason told."""

from dataclasses import dataclass, replace

from darkstar.cli.simulate.work import say
from darkstar.config.settings import Settings
from darkstar.domain.devices import HotWaterTank
from darkstar.domain.errors import UsageError
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.devices.heater import check_heater
from darkstar.time_machine.outcome import MPC, MPC_HEATER, ORACLE, ORACLE_HEATER
from darkstar.time_machine.past.heater import read_heater
from darkstar.time_machine.replay import HEATER_POLICIES
from darkstar.time_machine.scenario import Scenario

BESIDE = {MPC: MPC_HEATER, ORACLE: ORACLE_HEATER}
"""What stands beside what."""


@dataclass(frozen=True)
class HeaterChoice:
    """What was said of the heater.

    Attributes:
        asked: whether it is planned; None where nobody said.
        chosen: whether policies were named; unasked, no others are added to those.
        recorded: whether every decision is recorded.
    """

    asked: bool | None
    chosen: bool
    recorded: bool


def with_heater(
    names: tuple[str, ...], scenario: Scenario, ledger: LedgerFile, settings: Settings, choice: HeaterChoice
) -> tuple[tuple[str, ...], Scenario]:
    """The policies, those that plan the heater too among them where they are wanted, and the scenario for them.

    Raises:
        UsageError: the heater is asked for and cannot be planned.
    """
    named = any(name in HEATER_POLICIES for name in names)
    if choice.asked is False:
        if named:
            raise UsageError("--no-heater beside policies that plan it.", remedy="Leave one of the two out.")
        return names, scenario
    asked = named or choice.asked is True
    if not asked and (choice.chosen or settings.devices.water_heater is None):
        return names, scenario
    try:
        heated = _heated(scenario, ledger, settings, choice)
    except UsageError as error:
        if asked:
            raise
        say(f"{error.problem} It stays as it was.")
        return names, scenario
    if not named:
        names = tuple(one for name in names for one in (name, BESIDE.get(name)) if one is not None)
    return names, heated


def _heated(scenario: Scenario, ledger: LedgerFile, settings: Settings, choice: HeaterChoice) -> Scenario:
    """The scenario with its heater; UsageError where that cannot be planned."""
    device, reason = settings.devices.water_heater, ""
    heater = None
    if device is None:
        reason = "darkstar.yaml has no water_heater"
    elif isinstance(device, HotWaterTank):
        reason = "one with litres is not planned in a replay"
    elif choice.recorded:
        reason = "no episodes are kept of it"
    else:
        heater = read_heater(ledger, scenario.known, device)
        if heater is None:
            reason = "the ledger does not know what part of the load it draws (`water` of the sensors)"
    if reason:
        raise UsageError(
            f"The water heater cannot be planned: {reason}.", remedy="Leave it out: --no-heater."
        )
    heated = replace(scenario, heater=heater)
    check_heater(heated)
    return heated
