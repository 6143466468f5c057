"""A replay as a person reads it on a terminal."""

from collections.abc import Mapping

from rich.table import Table

from darkstar.config.settings import Settings
from darkstar.domain.slots import iso_local
from darkstar.time_machine.outcome import Comparison


def comparison_table(comparison: Comparison, settings: Settings) -> Table:
    """The policies beside each other."""
    home, history = settings.home, comparison.history
    span = " to ".join(iso_local(edge, home.tz)[:16] for edge in (comparison.start_utc, comparison.end_utc))
    table = Table(
        title=f"{home.name}, {span}: {len(history)} slots",
        caption=f"Costs in {home.currency}; energy left in the battery settled at "
        f"{comparison.settlement_per_kwh:.4f} per kWh for all"
        + (f"; {len(history.omitted)} days left out" if history.omitted else ""),
    )
    fees = any(outcome.power_months for outcome in comparison.outcomes.values())
    table.add_column("policy", no_wrap=True)
    money = ("cost", "power\nfee") if fees else ("cost",)
    for heading in (*money, "import", "export", "charged", "peak", "gap\nclosed", "of\nbest", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    units = (*[home.currency] * len(money), "kWh", "kWh", "kWh", "kW", "%", "%", "")
    table.add_row("", *units, style="dim", end_section=True)
    for name, outcome in comparison.outcomes.items():
        table.add_row(
            name,
            f"{outcome.cost:.2f}",
            *([f"{outcome.bill.power_fee:.2f}"] if fees else []),
            f"{outcome.import_kwh:.0f}",
            f"{outcome.export_kwh:.0f}",
            f"{outcome.charge_kwh:.0f}",
            f"{outcome.peak_import_kw:.2f}",
            _percent(comparison.gap_closed[name]),
            _percent(comparison.share_of_optimal[name]),
            _milliseconds(outcome.plan_ms_percentile(50)),
        )
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"


def _milliseconds(ms: float | None) -> str:
    return "" if ms is None else f"{ms:.1f}" if ms < 100 else f"{ms:.0f}"


def kept_episodes(episodes: Mapping[str, int]) -> str:
    """What became of the episodes."""
    waiting = (
        f"; {episodes['waiting']} wait for the lake (darkstar episodes status)" if episodes["waiting"] else ""
    )
    return f"{episodes['recorded']} episodes kept, {episodes['delivered']} sent to the lake{waiting}."
