"""What stands above plans and their tables."""

from collections.abc import Mapping

from darkstar.planner.why.texts import Text

HEADINGS: Mapping[Text, str] = {
    Text.MODE_NOW: "Inverter now: {kind}; a stored kWh is worth {worth}.",
    Text.KIND_CHARGE: "charge from the grid up to {percent} %",
    Text.KIND_DISCHARGE: "feed the grid down to {percent} %",
    Text.KIND_AT_MOST: "{kind}, with {kw} kW at most",
    Text.KIND_HOLD: "keep what is stored, store surplus",
    Text.KIND_SELF_CONSUMPTION: "self-consumption, cover the load down to {percent} %",
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
}
