"""What devices do, what is known of them, and what they lack."""

from collections.abc import Mapping

from darkstar.planner.why.texts import Text

DEVICES: Mapping[Text, str] = {
    Text.HEATS: "Heats {kwh} kWh at {price}",
    Text.CAR_CHARGES: "Charges {kwh} kWh at {price}",
    Text.RUNS: "Runs for {kwh} kWh at {price}",
    Text.DUE_HEAT: "due by {when}",
    Text.TANK_WARMS: "the water from {before} to {after} °C",
    Text.TANK_LASTS: "enough until {when}",
    Text.TANK_DISINFECTS: "hot enough against legionella, due by {when}",
    Text.DUE_CAR: "{percent} % by {when}",
    Text.DUE_RUN: "done by {when}",
    Text.USUAL_PRICE: "the price until then is {price} on average",
    Text.MISSING_ENERGY: "The {device} gets {kwh} kWh less than it should have by {when}.",
    Text.MISSING_COMFORT: "The {device} pauses {hours} h longer than it should.",
    Text.MISSING_WARMTH: "The {device} has water below {least} °C for {hours} h, {coldest} °C at its coldest.",
    Text.MISSING_DISINFECTION: "The {device} does not reach {degrees} °C against legionella by {when}.",
    Text.DEVICE_IDLE: "has nothing to do",
    Text.IN_LOAD_TOO: "Past use of the {devices} is in the forecast of the load as well: the ledger has no meter "
    "that tells it apart.",
    Text.HEATED_UNKNOWN: "What the water heater has drawn since {since} is not known: planned as if nothing. "
    "Say it: --heated-kwh 3.",
    Text.HEATED_IN_PART: "What the water heater has drawn since {since} is not known for {hours} h: planned as if "
    "nothing in them.",
    Text.HEATER_POWER: "The water heater has drawn {metered} kW, more than its power_kw of {stated}: planned "
    "with {stated}.",
    Text.TANK_UNKNOWN: "The hot water's temperature is not known: planned as if {degrees} °C, the least it may "
    "have. Say it: --tank-temperature 55.",
    Text.DISINFECTED_UNKNOWN: "When the hot water last had {degrees} °C against legionella is not known: planned "
    "as if overdue. Say it: --disinfected 2026-03-28.",
    Text.CAR_ASSUMED: "The charge of the {car} is not known: planned as if {percent} %, a day's driving below its "
    "target. Say it: --car-soc-percent 40.",
    Text.RUN_LEFT_OUT: "The {device} is to run, but its programme fits before no deadline within this plan's "
    "hours: it is not in the plan. Plan further (--hours 48), or look at its minutes and window in darkstar.yaml.",
    Text.SENSOR_SILENT: "{entity} ({place}) is {state} in Home Assistant: not used.",
    Text.SENSOR_NO_VALUE: "{entity} ({place}) says '{state}', which cannot be read: not used.",
    Text.SENSOR_IMPLAUSIBLE: "{entity} ({place}) says {state}, which cannot be: not used.",
    Text.SENSOR_OLD: "{entity} ({place}) says {state}, but last said so {hours} h ago: not used.",
    Text.SENSOR_PAST: "{entity} ({place}) says {state}, which is past: not used.",
    Text.SENSOR_FAR: "{entity} ({place}) says {state}, more than a day ahead: not used.",
    Text.SENSORS_AWAY: "The devices' sensors were not read. {why}",
    Text.SENSORS_NOT_ASKED: "The devices' sensors are read for a plan from now on only, not with --at.",
    Text.BOOSTS: "Boosts with {kwh} kWh at {price}",
    Text.BOOST_SPARES: "spares {kwh} kWh at {price} from {start} to {end}",
    Text.BOOST_WARMS: "the house up to {degrees} °C warmer",
    Text.BOOST_GAIN: "saves {gain} after losses",
    Text.HEAT_PUMP_STILL: "The {device} is expected to draw nothing, so that there is nothing to heat ahead for.",
    Text.HEAT_PUMP_PROFILE: "{entity} ({place}) has no statistics of every hour of the last week: what the heat "
    "pump draws is taken from darkstar.yaml.",
    Text.HAS_TEMPERATURE: "{device} {value} °C.",
    Text.HAS_ROOMS: "{device}: rooms at {value} °C.",
    Text.HAS_CHARGE: "{device} {value} %.",
    Text.IS_PLUGGED_IN: "{device} plugged in.",
    Text.NOT_PLUGGED_IN: "{device} not plugged in.",
    Text.HAS_TARGET: "{device} to {value} %.",
    Text.HAS_DEPARTURE: "{device} leaves at {value}.",
    Text.CAR_LEFT_OUT: "The charge of the {car} is not known, so it is not in the plan: let it charge when it is "
    "plugged in, or say it: --car-soc-percent 40.",
}
