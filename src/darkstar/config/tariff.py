"""The section `tariff` of `darkstar.yaml`: what stands between the spot price and the bill, and since when.

One entry, or a list of them in order: each but the first has the local day `from` which it holds, and the first holds
for all time before the second. A month's power fee goes by the tariff of the month's first day.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from darkstar.config.fields import NotNegative, Number, Percent, Section, in_percent, listed
from darkstar.config.power_tariff import PowerSections
from darkstar.domain.power_tariff import PowerTariff, month_of
from darkstar.domain.tariff import Tariff
from darkstar.domain.tariffs import DatedTariff, Tariffs


def _day(value: object) -> object:
    if type(value) is not dt.date:
        raise ValueError("must be a date, such as 2025-01-01")
    return value


class TariffSection(Section):
    """What stands between the spot price and the bill, in the home's currency, without VAT."""

    from_: Annotated[dt.date, BeforeValidator(_day)] | None = Field(default=None, alias="from")
    grid_fee_per_kwh: NotNegative
    energy_tax_per_kwh: NotNegative
    markup_per_kwh: Number = 0.0
    vat_percent: Percent
    export_bonus_per_kwh: Number = 0.0
    power: PowerSections = ()

    _in_percent = field_validator("vat_percent")(in_percent)

    @property
    def energy(self) -> Tariff:
        """What a kWh costs and brings."""
        return Tariff(**self.model_dump(exclude={"power", "from_"}))

    @property
    def paid_power(self) -> tuple[PowerTariff, ...]:
        """What the months' highest draws cost, VAT included."""
        return tuple(power.with_vat(self.vat_percent) for power in self.power)


def _in_order(sections: tuple[TariffSection, ...]) -> tuple[TariffSection, ...]:
    if not sections:
        raise ValueError("is empty: state at least one, or leave it out")
    first, *later = sections
    if first.from_ is not None:
        raise ValueError(
            f"the first (from {first.from_}) must go without `from`: it holds for all time before the second. "
            "Where prices before that day matter, put the tariff of that time before it"
        )
    for number, section in enumerate(later, 1):
        if section.from_ is None:
            raise ValueError(f"number {number + 1} needs a day from which it holds (from: 2025-01-01)")
    for one, other in pairwise(section.from_ for section in later):
        if one is not None and other is not None and one >= other:
            again = "twice" if one == other else f"after {one}"
            raise ValueError(f"from {other} comes {again}: write tariffs in the order of their days")
    return sections


TariffSections = Annotated[tuple[TariffSection, ...], BeforeValidator(listed), AfterValidator(_in_order)]


def tariffs_of(sections: Sequence[TariffSection], tz: ZoneInfo) -> Tariffs:
    """What a kWh costs and brings, by the day; nothing on top of the market's price where none is stated."""
    later = tuple(DatedTariff(one.from_, one.energy) for one in sections if one.from_ is not None)
    return Tariffs(sections[0].energy if sections else Tariff(), later, tz)


def power_tariffs_of(sections: Sequence[TariffSection]) -> tuple[PowerTariff, ...]:
    """What the months' highest draws cost, each with the months that it holds in; alike ones in a row are one."""
    runs: list[tuple[int | None, tuple[PowerTariff, ...]]] = [
        (_first_month(next(alike).from_), paid)
        for paid, alike in groupby(sections, key=lambda section: section.paid_power)
    ]
    return tuple(
        replace(tariff, first_month=first, end_month=end)
        for (first, paid), (end, _) in pairwise([*runs, (None, ())])
        if first is None or end is None or first < end
        for tariff in paid
    )


def _first_month(since: dt.date | None) -> int | None:
    """The first month whose first day it holds on."""
    return None if since is None else month_of(since) + (since.day > 1)
