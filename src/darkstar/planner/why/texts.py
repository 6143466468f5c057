"""The texts of plans, and the only place where they are: one catalogue a language, English first.

A catalogue has the same keys in every language, and a text the same fields, so that a translation is one more mapping
(`Catalogue`). Figures come in rounded, with the language's decimal sign. Keys instead of gettext: the texts are few,
all have figures, and nothing has to be compiled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto


class Text(StrEnum):
    """The keys."""

    CHARGE = auto()
    STORE = auto()
    STORE_FREE = auto()
    COVER = auto()
    SELL = auto()
    REST_EMPTY = auto()
    REST_EMPTY_SUN = auto()
    REST_FULL = auto()
    REST_FOR = auto()
    REST = auto()
    REST_SUN = auto()
    NOW = auto()
    NOW_FEED_IN = auto()
    SERVES_LOAD = auto()
    KEPT = auto()
    REFILLED = auto()
    NOT_REFILLED = auto()
    SERVED_BY = auto()
    REFILLS = auto()
    SPAN_AT = auto()
    MORE_SPANS = auto()
    GAIN = auto()
    HELD_CHARGE_POWER = auto()
    HELD_DISCHARGE_POWER = auto()
    HELD_FUSE = auto()
    HELD_PEAK = auto()
    HELD_PHASE = auto()
    HELD_EXPORT_LIMIT = auto()
    HELD_FULL = auto()
    HELD_EMPTY = auto()
    UNTIL_ABOVE = auto()
    UNTIL_BELOW = auto()
    UNTIL_FEED_IN_ABOVE = auto()
    UNTIL_FEED_IN_BELOW = auto()
    STARTS_CHARGING = auto()
    STARTS_COVERING = auto()
    STARTS_STORING = auto()
    STARTS_SELLING = auto()
    MORE_CAPACITY = auto()
    MORE_CHARGE_POWER = auto()
    MORE_DISCHARGE_POWER = auto()
    MORE_FUSE = auto()
    MORE_EXPORT_LIMIT = auto()
    MORE_WOULD_SAVE = auto()
    ACTION_CHARGE = auto()
    ACTION_STORE = auto()
    ACTION_COVER = auto()
    ACTION_SELL = auto()
    ACTION_REST = auto()
    HEATS = auto()
    CAR_CHARGES = auto()
    RUNS = auto()
    DUE_HEAT = auto()
    TANK_WARMS = auto()
    TANK_LASTS = auto()
    TANK_DISINFECTS = auto()
    DUE_CAR = auto()
    DUE_RUN = auto()
    USUAL_PRICE = auto()
    MISSING_ENERGY = auto()
    MISSING_COMFORT = auto()
    MISSING_WARMTH = auto()
    MISSING_DISINFECTION = auto()
    DEVICE_IDLE = auto()
    GAP = auto()
    GAP_KEPT = auto()
    GAP_UNKNOWN = auto()
    POWER_FEE = auto()
    POWER_FEE_STAYS = auto()
    IN_LOAD_TOO = auto()
    CHARGE_SHARED = auto()
    BATTERY_UNKNOWN = auto()
    HEATED_UNKNOWN = auto()
    HEATED_IN_PART = auto()
    HEATER_POWER = auto()
    TANK_UNKNOWN = auto()
    DISINFECTED_UNKNOWN = auto()
    CAR_ASSUMED = auto()
    CAR_LEFT_OUT = auto()
    RUN_LEFT_OUT = auto()
    SENSOR_SILENT = auto()
    SENSOR_NO_VALUE = auto()
    SENSOR_IMPLAUSIBLE = auto()
    SENSOR_OLD = auto()
    SENSOR_PAST = auto()
    SENSOR_FAR = auto()
    SENSORS_AWAY = auto()
    SENSORS_NOT_ASKED = auto()
    BOOSTS = auto()
    BOOST_SPARES = auto()
    BOOST_WARMS = auto()
    BOOST_GAIN = auto()
    HEAT_PUMP_STILL = auto()
    HEAT_PUMP_PROFILE = auto()
    HAS_TEMPERATURE = auto()
    HAS_ROOMS = auto()
    HAS_CHARGE = auto()
    IS_PLUGGED_IN = auto()
    NOT_PLUGGED_IN = auto()
    HAS_TARGET = auto()
    HAS_DEPARTURE = auto()
    PLAN_KEPT = auto()
    PLAN_CHANGED = auto()
    PLAN_NOT_KEPT = auto()
    PLAN_UNREADABLE = auto()
    PLAN_NOT_STORED = auto()
    NEWS_CHARGE = auto()
    NEWS_PRICES = auto()
    NEWS_PRICES_OTHERS = auto()
    NEWS_LOAD_MORE = auto()
    NEWS_LOAD_LESS = auto()
    NEWS_SUN_MORE = auto()
    NEWS_SUN_LESS = auto()
    BREACH_NEED = auto()
    BREACH_FUSE = auto()
    BREACH_PHASE = auto()
    BREACH_OVER = auto()
    BREACH_LATER = auto()
    BREACH_SETTINGS = auto()
    BREACH_VERSION = auto()
    BREACH_OTHERS = auto()
    ENERGY_TAKEN_AS_ZERO = auto()
    HORIZON_CUT = auto()
    SOC_RAISED = auto()
    SOC_LOWERED = auto()
    TERMINAL_LEFT_OUT = auto()
    FUSE_EXCEEDED = auto()
    PHASE_EXCEEDED = auto()
    PHASE_HOLDS = auto()
    PHASES_COST = auto()
    NO_SOC = auto()
    SOC_IMPOSSIBLE = auto()
    NOTHING_KNOWN = auto()
    LIMITS_CONTRADICT = auto()
    SAFE_SELF_CONSUMPTION = auto()
    SAFE_HOLD = auto()
    SAFE_DEVICES = auto()
    MODE_NOW = auto()
    KIND_CHARGE = auto()
    KIND_DISCHARGE = auto()
    KIND_AT_MOST = auto()
    KIND_HOLD = auto()
    KIND_SELF_CONSUMPTION = auto()
    SERIES_LOAD = auto()
    SERIES_PV = auto()
    SERIES_IMPORT_PRICE = auto()
    SERIES_EXPORT_PRICE = auto()
    HINT_STUCK = auto()
    HINT_EMPTY_LEDGER = auto()
    HINT_LEDGER_ENDS = auto()
    HINT_SOC = auto()
    HINT_TOO_LITTLE = auto()
    BATTERY_HOLDS = auto()
    BATTERY_OF_NAME = auto()
    PRICES_ALL = auto()
    PRICES_UNTIL = auto()
    PRICES_NONE = auto()
    COLUMN_WHEN = auto()
    COLUMN_DOES = auto()
    COLUMN_CHARGE = auto()
    COLUMN_GAIN = auto()
    COLUMN_WHY = auto()
    EXPECTED_COST = auto()
    LEFT_OVER = auto()
    IN_ALL = auto()
    SAVED = auto()
    WAY_AT_ONCE = auto()
    WAY_NONE = auto()
    WAY_RULE = auto()
    WAY_PLAN = auto()


@dataclass(frozen=True)
class Catalogue:
    """One language."""

    texts: Mapping[Text, str]
    weekdays: tuple[str, ...]
    decimal_sign: str = "."

    def say(self, text: Text, **fields: str) -> str:
        """A text with its fields."""
        return self.texts[text].format(**fields)

    def figure(self, value: float, digits: int) -> str:
        """A rounded number; never a negative zero."""
        rounded = round(value, digits) + 0.0
        return f"{rounded:.{digits}f}".replace(".", self.decimal_sign)


ENGLISH = Catalogue(
    {
        Text.CHARGE: "Charges {kwh} kWh at {price}",
        Text.STORE: "Stores {kwh} kWh of sun that would sell at {price}",
        Text.STORE_FREE: "Stores {kwh} kWh of sun that selling would not pay for",
        Text.COVER: "Covers {kwh} kWh at {price}",
        Text.SELL: "Gives {kwh} kWh at {price}, more than the load takes",
        Text.REST_EMPTY: "The battery is empty, and nothing is worth storing at {price}",
        Text.REST_EMPTY_SUN: "The battery is empty; storing the sun gains no more than selling it at {price}",
        Text.REST_FULL: "The battery is full and kept for {span} at {later}; {now}",
        Text.REST_FOR: "Keeps {kwh} kWh for {span} at {later}; {now}",
        Text.REST: "No move pays its losses and wear at {price}",
        Text.REST_SUN: "No move pays its losses and wear; feed-in pays {price}",
        Text.NOW: "now {price}",
        Text.NOW_FEED_IN: "feed-in now pays {price}",
        Text.SERVES_LOAD: "covers {uses}",
        Text.KEPT: "keeps {kwh} kWh beyond the horizon",
        Text.REFILLED: "made up for {uses}",
        Text.NOT_REFILLED: "leaves {kwh} kWh less at the end",
        Text.SERVED_BY: "taken from {uses}",
        Text.REFILLS: "makes up for {uses}",
        Text.SPAN_AT: "{span} at {price}",
        Text.MORE_SPANS: "{spans} and {count} more",
        Text.GAIN: "net gain {gain} after losses and wear",
        Text.HELD_CHARGE_POWER: "held by its charging power (the next kWh would gain {worth})",
        Text.HELD_DISCHARGE_POWER: "held by its discharging power (the next kWh would gain {worth})",
        Text.HELD_FUSE: "held by the main fuse (the next kWh would gain {worth})",
        Text.HELD_PEAK: "imports held under {kw} kW, for the month's power fee (the next kWh would gain {worth})",
        Text.HELD_PHASE: "held by the fuse of phase {phase}",
        Text.HELD_EXPORT_LIMIT: "held by the feed-in limit (the next kWh would gain {worth})",
        Text.HELD_FULL: "then full",
        Text.HELD_EMPTY: "then empty",
        Text.UNTIL_ABOVE: "less if the price rises above {price}",
        Text.UNTIL_BELOW: "less if the price falls below {price}",
        Text.UNTIL_FEED_IN_ABOVE: "less if feed-in pays more than {price}",
        Text.UNTIL_FEED_IN_BELOW: "less if feed-in pays less than {price}",
        Text.STARTS_CHARGING: "charges if the price falls below {price}",
        Text.STARTS_COVERING: "covers the load if it rises above {price}",
        Text.STARTS_STORING: "stores if feed-in pays less than {price}",
        Text.STARTS_SELLING: "sells if feed-in pays more than {price}",
        Text.MORE_CAPACITY: "kWh of battery",
        Text.MORE_CHARGE_POWER: "kW of charging power",
        Text.MORE_DISCHARGE_POWER: "kW of discharging power",
        Text.MORE_FUSE: "kW of main fuse",
        Text.MORE_EXPORT_LIMIT: "kW of feed-in",
        Text.MORE_WOULD_SAVE: "One more {unit} would save {gain}.",
        Text.ACTION_CHARGE: "charge",
        Text.ACTION_STORE: "store sun",
        Text.ACTION_COVER: "cover load",
        Text.ACTION_SELL: "sell",
        Text.ACTION_REST: "rest",
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
        Text.GAP: "No plan can be cheaper than this one by more than {money} {currency}.",
        Text.GAP_KEPT: "The plan that is kept, its caution included, costs at most {money} {currency} more than the "
        "cheapest would if all came as expected.",
        Text.GAP_UNKNOWN: "The time limit was too short: how much cheaper another plan could be is not known. Give it "
        "more: --seconds 10.",
        Text.POWER_FEE: "This plan raises the month's power fee by {money} {currency} over what the month comes to "
        "anyway; prices and gains of single blocks leave it out, the table below does not.",
        Text.POWER_FEE_STAYS: "This plan does not raise the month's power fee over what the month comes to anyway.",
        Text.IN_LOAD_TOO: "Past use of the {devices} is in the forecast of the load as well: the ledger has no meter "
        "that tells it apart.",
        Text.CHARGE_SHARED: "The ledger knows the batteries' charge as one: each is taken to hold {percent} %. Say "
        "otherwise: --battery-soc-percent NAME=40.",
        Text.BATTERY_UNKNOWN: "The devices are planned without the battery.",
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
        Text.PLAN_KEPT: "Kept the plan of {when}: a new one would gain {gain} {currency} (changes above {threshold}).",
        Text.PLAN_CHANGED: "Changed the plan of {when}: gains {gain} {currency}{why}.",
        Text.PLAN_NOT_KEPT: "Changed the plan of {when}: {why}.",
        Text.PLAN_UNREADABLE: "The plan before cannot be read ({why}): planned anew.",
        Text.PLAN_NOT_STORED: "This plan could not be kept for the next one: {why}",
        Text.NEWS_CHARGE: "the {battery} holds {held} kWh where {planned} were planned",
        Text.NEWS_PRICES: "prices are published until {until}",
        Text.NEWS_PRICES_OTHERS: "published prices are others",
        Text.NEWS_LOAD_MORE: "{kwh} kWh more load is expected",
        Text.NEWS_LOAD_LESS: "{kwh} kWh less load is expected",
        Text.NEWS_SUN_MORE: "{kwh} kWh more sun is expected",
        Text.NEWS_SUN_LESS: "{kwh} kWh less sun is expected",
        Text.BREACH_NEED: "the {device} would not get what it needs",
        Text.BREACH_FUSE: "it would go beyond the main fuse",
        Text.BREACH_PHASE: "it would go beyond the fuse of a phase",
        Text.BREACH_OVER: "it has no modes left",
        Text.BREACH_LATER: "it begins later than now",
        Text.BREACH_SETTINGS: "darkstar.yaml says something else about the home since",
        Text.BREACH_VERSION: "another version of Darkstar made it",
        Text.BREACH_OTHERS: "other batteries or devices are to be planned",
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
        Text.MODE_NOW: "Inverter now: {kind}; a stored kWh is worth {worth}.",
        Text.KIND_CHARGE: "charge from the grid up to {percent} %",
        Text.KIND_DISCHARGE: "feed the grid down to {percent} %",
        Text.KIND_AT_MOST: "{kind}, with {kw} kW at most",
        Text.KIND_HOLD: "keep what is stored, store surplus",
        Text.KIND_SELF_CONSUMPTION: "self-consumption, cover the load down to {percent} %",
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
        Text.BATTERY_OF_NAME: "Battery {name}: {percent} %, {kwh} kWh",
        Text.BATTERY_HOLDS: "Battery {percent} %, {kwh} kWh.",
        Text.PRICES_ALL: "Prices in {currency} per kWh: all published.",
        Text.PRICES_UNTIL: "Prices in {currency} per kWh: published until {until}, then the last week's mean.",
        Text.PRICES_NONE: "Prices in {currency} per kWh: none published, the last week's mean stands in.",
        Text.COLUMN_WHEN: "when",
        Text.COLUMN_DOES: "battery does",
        Text.COLUMN_CHARGE: "charge",
        Text.COLUMN_GAIN: "gain",
        Text.COLUMN_WHY: "why",
        Text.EXPECTED_COST: "expected cost, {currency}",
        Text.LEFT_OVER: "left over",
        Text.IN_ALL: "in all",
        Text.SAVED: "saved",
        Text.WAY_AT_ONCE: "devices at once",
        Text.WAY_NONE: "battery left alone",
        Text.WAY_RULE: "self-consumption",
        Text.WAY_PLAN: "this plan",
    },
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)
