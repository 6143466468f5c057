"""`darkstar simulate --homes`: many homes replayed alike, each by itself and all in all."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from darkstar.bookkeeping.progress import Progress, silent
from darkstar.cli.home import open_settings
from darkstar.cli.simulate.as_json import answer_json
from darkstar.cli.simulate.home import Wanted, replay_home
from darkstar.cli.simulate.work import kept_at, say
from darkstar.config.settings import CONFIG_NAME
from darkstar.domain.errors import DarkstarError, DataError, UsageError
from darkstar.domain.slots import QUARTERS_OF_DAY
from darkstar.time_machine.outcome import MPC
from darkstar.time_machine.spread.work import Work

HomesFolder = Annotated[
    Path | None,
    typer.Option(
        "--homes",
        help=f"Replay every home of this folder: each folder in it that holds a {CONFIG_NAME}.",
        show_default=False,
    ),
]
Json = Mapping[str, Any]
_SHARES = ("gap_closed", "share_of_optimal")


@dataclass(frozen=True)
class OneOfMany:
    """What came of one home; little, since there are many.

    Attributes:
        folder: its name among the homes.
        answer: as `simulate --json` tells of it alone.
    """

    folder: str
    name: str
    currency: str
    answer: Json

    @property
    def costs(self) -> dict[str, float]:
        """By policy, over the range."""
        return {policy: figures["cost"] for policy, figures in self.answer["policies"].items()}

    @property
    def days(self) -> float:
        """That were replayed."""
        return float(self.answer["slots"]) / QUARTERS_OF_DAY


@dataclass(frozen=True)
class Homes:
    """What came of all, in the order of their folders.

    Attributes:
        left_out: folders of homes that could not be replayed, with the reason.
    """

    homes: Sequence[OneOfMany]
    left_out: Sequence[tuple[str, str]]

    def shares(self, key: str, policy: str) -> list[float]:
        """`gap_closed` or `share_of_optimal` of each home in which there is one."""
        found = [home.answer[key].get(policy) for home in self.homes]
        return [share for share in found if share is not None]

    @property
    def policies(self) -> list[str]:
        """Those of any home, in order."""
        return list(dict.fromkeys(policy for home in self.homes for policy in home.costs))

    def costs(self, policy: str) -> dict[str, list[float]]:
        """By currency, those of the homes that have this policy."""
        found: dict[str, list[float]] = {}
        for home in self.homes:
            if policy in home.costs:
                found.setdefault(home.currency, []).append(home.costs[policy])
        return found


def replay_homes(folder: Path, wanted: Wanted, work: Work, progress: Progress, *, fresh: bool) -> Homes:
    """Every home of a folder; a few at a time, whose tasks share the workers.

    Raises:
        UsageError: there is none in it, or all would report to one place. DataError: none can be replayed.
    """
    if wanted.report_to is not None:
        raise UsageError("Reports of many homes do not fit into one folder.", remedy="Use --report.")
    if not folder.expanduser().is_dir():
        raise UsageError(
            f"There is no folder {folder}.", remedy="Name the one that holds the homes' folders."
        )
    folders = sorted(path.parent for path in folder.expanduser().glob(f"*/{CONFIG_NAME}"))
    if not folders:
        raise UsageError(
            f"No folder in {folder} holds a {CONFIG_NAME}.",
            remedy="Name the one that holds the homes' folders; of a single home it is --home.",
        )

    def one(home: Path) -> OneOfMany | str:
        try:
            settings = open_settings(home)
            with kept_at(settings, work, fresh=fresh) as kept:
                answer = replay_home(settings, wanted, kept, silent)
        except DarkstarError as error:
            return str(error)
        return OneOfMany(home.name, settings.home.name, settings.home.currency, answer_json(answer))

    progress("homes", 0, len(folders))
    with ThreadPoolExecutor(work.workers + 1 if work.workers > 1 else 1) as threads:
        futures = [threads.submit(one, home) for home in folders]
        try:
            for number, future in enumerate(as_completed(futures)):
                future.result()
                progress("homes", number + 1, len(folders))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
    found = [(home.name, future.result()) for home, future in zip(folders, futures, strict=True)]
    left_out = [(name, result) for name, result in found if isinstance(result, str)]
    for name, reason in left_out:
        say(f"{name} is left out: {reason}")
    homes = [result for _, result in found if not isinstance(result, str)]
    if not homes:
        raise DataError(
            f"None of the {len(folders)} homes in {folder} could be replayed.",
            remedy="The reason of each stands above.",
        )
    return Homes(homes, left_out)


def homes_json(found: Homes) -> Json:
    """Each home as `simulate --json` tells of it, and all in all."""
    return {
        "homes": [
            {"folder": home.folder, "home": home.name, "currency": home.currency, **home.answer}
            for home in found.homes
        ],
        "left_out": [{"folder": folder, "reason": reason} for folder, reason in found.left_out],
        "all": {
            "homes": len(found.homes),
            "days": sum(home.days for home in found.homes),
            "policies": {
                policy: {
                    "cost": {
                        currency: {"sum": sum(costs), "median": median(costs), "worst": max(costs)}
                        for currency, costs in found.costs(policy).items()
                    },
                    "gap_closed": _middle_and_worst(found.shares("gap_closed", policy)),
                    "share_of_optimal": _middle_and_worst(found.shares("share_of_optimal", policy)),
                }
                for policy in found.policies
            },
        },
    }


def homes_table(found: Homes) -> Table:
    """A row for each home, and all in all."""
    policies = found.policies
    title = Text(f"{len(found.homes)} homes; gap closed and share of the best: of {MPC}", style="table.title")
    table = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("home", min_width=12, overflow="fold")
    for heading in ("days", *policies, "gap %", "best %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for home in found.homes:
        costs = [_money(home.costs.get(policy)) for policy in policies]
        shares = [_percent(home.answer[key].get(MPC)) for key in _SHARES]
        table.add_row(Text(f"{home.folder}, {home.currency}"), f"{home.days:.0f}", *costs, *shares)
    table.add_section()
    for currency in dict.fromkeys(home.currency for home in found.homes):
        for name, summed in (("sum", sum), ("median", median), ("worst", max)):
            of_policies = [found.costs(policy).get(currency) for policy in policies]
            table.add_row(
                f"{name}, {currency}", "", *(_money(summed(of)) if of else "" for of in of_policies)
            )
    table.add_section()
    for name, shared in (("median", median), ("worst", min)):
        of_mpc = [found.shares(key, MPC) for key in _SHARES]
        cells = [_percent(shared(shares) if shares else None) for shares in of_mpc]
        table.add_row(name, "", *[""] * len(policies), *cells)
    return table


def _middle_and_worst(shares: Sequence[float]) -> Mapping[str, float | None]:
    return {"median": median(shares) if shares else None, "worst": min(shares, default=None)}


def _money(cost: float | None) -> str:
    return "" if cost is None else f"{cost:.0f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
