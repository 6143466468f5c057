"""The rows of the Trondheim case: 2022 without a battery, with all known beforehand, and hour by hour."""

from pathlib import Path

from benchmarks.published.control import controlled
from benchmarks.published.foresight import foresight
from benchmarks.published.setting import Figure
from benchmarks.published.trondheim import bill_of, read_hours

CASE = "Trondheim 2022 [NOK]"
YEAR = 2022


def figures(folder: Path) -> list[Figure]:
    """Costs of the year; the controller's outlook is fitted on the years before."""
    hours = read_hours(folder)
    year = hours.of_year(YEAR)
    begin, end = year.start, year.stop
    known = foresight(hours, begin, end)
    imports, _ = controlled(hours, begin, begin, end)
    return [
        Figure(CASE, "no battery", 25051.6731, bill_of(hours, begin, hours.load_kwh[year]).total),
        Figure(CASE, "all known beforehand", 21203.5341, bill_of(hours, begin, known).total),
        Figure(CASE, "hour by hour with forecasts", 21567.6909, bill_of(hours, begin, imports).total),
    ]
