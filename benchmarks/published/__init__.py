"""Published cases of battery control, reproduced on the same data and set beside ours.

setting.py         where the data is, what a row of the table says
trondheim.py       a year in Trondheim with a tiered power tariff: its data, its bill, its battery
trondheim_year.py  that year's rows: without a battery, with all known, hour by hour
foresight.py       that year with everything known beforehand: one mixed-integer programme
control.py         that year hour by hour, with forecasts
limit.py           a tier as a limit on the grid
keeping.py         what the rest of a month costs in the mean, with the tier kept or lost
stretch.py         what the months after it cost, by the forecasts as they are
outlook.py         what is believed of load and price, fitted on 2020 and 2021 alone
doubt.py           how far the load is off what is believed, fitted on the same
emhass.py          fourteen days in France with two tariff windows and no export
"""

from rich.table import Table

from benchmarks._result import Result
from benchmarks.published import emhass, trondheim_year
from benchmarks.published.setting import data_folder


def run() -> Result:
    """The published figures and ours, in the case's currency; nothing where the data is absent."""
    table = Table("case", "figure", "published", "ours", title="Published cases")
    figures: dict[str, float] = {}
    folder = data_folder()
    for case in [*trondheim_year.figures(folder), *emhass.figures(folder)] if folder else []:
        published = "" if case.published is None else f"{case.published:.4f}"
        table.add_row(case.case, case.what, published, f"{case.ours:.4f}")
        figures[f"{case.case}: {case.what}"] = case.ours
        if case.published is not None:
            figures[f"{case.case}: {case.what}, published"] = case.published
    return Result(table, figures)
