"""What has to be said of a plan, or of there being none."""

from collections.abc import Mapping

from darkstar.planner.why.texts import Text

NOTICES: Mapping[Text, str] = {
    Text.GAP: "No plan can be cheaper than this one by more than {money} {currency}.",
    Text.GAP_KEPT: "The plan that is kept, its caution included, costs at most {money} {currency} more than the "
    "cheapest would if all came as expected.",
    Text.GAP_UNKNOWN: "The time limit was too short: how much cheaper another plan could be is not known. Give it "
    "more: --seconds 10.",
    Text.POWER_FEE: "This plan raises the month's power fee by {money} {currency} over what the month comes to "
    "anyway; prices and gains of single blocks leave it out, the table below does not.",
    Text.POWER_FEE_STAYS: "This plan does not raise the month's power fee over what the month comes to anyway.",
    Text.CHARGE_SHARED: "The ledger knows the batteries' charge as one: each is taken to hold {percent} %. Say "
    "otherwise: --battery-soc-percent NAME=40.",
    Text.BATTERY_UNKNOWN: "The devices are planned without the battery.",
    Text.ENERGY_TAKEN_AS_ZERO: "{series} is below zero in {count} of {slots} slots, which cannot be: taken as 0.",
    Text.HORIZON_CUT: "{series} is known for the next {hours} h only: planned for as long, instead of {wanted} h.",
    Text.SOC_RAISED: "The battery holds {soc} kWh, less than the least of {limit} kWh: planned from the least.",
    Text.SOC_LOWERED: "The battery holds {soc} kWh, more than the most of {limit} kWh: planned from the most.",
    Text.TERMINAL_LEFT_OUT: "The worth of energy left at the end is left out: {why}",
    Text.FUSE_EXCEEDED: "{kwh} kWh go beyond the main fuse, {span}: no plan can avoid it.",
    Text.PHASE_EXCEEDED: "{kwh} kWh go beyond the fuse of phase {phase}, {span}.",
    Text.PHASE_HOLDS: "Phase {phase} holds this plan back: planned by the sum of the phases it would carry up to "
    "{amperes} A, {span}; its fuse has {fuse} A.",
    Text.PHASES_COST: "Keeping the phases' fuses costs {money} {currency}.",
    Text.NO_SOC: "The battery's state of charge is not known.",
    Text.SOC_IMPOSSIBLE: "The state of charge cannot be: {soc} kWh in a battery of {capacity} kWh.",
    Text.NOTHING_KNOWN: "{series} is not known for the next slot.",
    Text.LIMITS_CONTRADICT: "The limits cannot hold together: {why}",
    Text.SAFE_SELF_CONSUMPTION: "Safe mode: self-consumption within the inverter's own limits.",
    Text.SAFE_HOLD: "Safe mode: the battery is left alone.",
    Text.SAFE_DEVICES: "Water heater, cars and appliances: let them run by their own controls.",
    Text.SERIES_LOAD: "The load",
    Text.SERIES_PV: "The sun",
    Text.SERIES_IMPORT_PRICE: "The import price",
    Text.SERIES_EXPORT_PRICE: "The export price",
    Text.HINT_STUCK: "The sensor of the state of charge stood still that day.",
    Text.HINT_EMPTY_LEDGER: "The ledger has nothing before this instant: run `darkstar backfill energy`.",
    Text.HINT_LEDGER_ENDS: "The ledger ends at {end}: run `darkstar backfill energy` and leave `darkstar record` "
    "running, or plan from there: --at {end}.",
    Text.HINT_SOC: "Say what it is: --soc-percent 50.",
    Text.HINT_TOO_LITTLE: "A day of energy and prices is the least: `darkstar backfill energy`, `backfill prices`.",
}
