"""From a replay to episodes: every decision written into the ledger, a local day of them in one transaction.

An episode is named by its run. Of what a decision depends on the run's id holds all but the home's own past: the same
replay of a past that was mended since takes the place of the one before. What is recorded is recorded by the passage,
a task like others: a replay that was killed goes on after the last one that is kept and still in the ledger.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

from darkstar.domain.home import Home
from darkstar.domain.slots import SLOT_SECONDS, Slots, iso_local, local_date
from darkstar.planner.fast.engine import FastEngine
from darkstar.store.episodes.episode import Decision, Episode, Expected, Outcome, Run, Schedule
from darkstar.store.ledger_file import LedgerFile
from darkstar.time_machine.information import Honesty, Outlook
from darkstar.time_machine.outcome import ORACLE
from darkstar.time_machine.past.loader import labels_of
from darkstar.time_machine.scenario import Scenario
from darkstar.time_machine.setpoints import problem_of
from darkstar.time_machine.witness import Moment, Witness

SIMULATION = "simulation"
"""The system whose episodes these are."""
_PAST = frozenset({"known", "replayed", "settlement_per_kwh", "heater"})
"""Of a scenario, what no run is named by; the settlement is, where a policy knows the end."""


@dataclass(frozen=True)
class EpisodeBook:
    """Says who records the replays of a scenario.

    Attributes:
        ledger: the home's ledger.
    """

    ledger: Path
    home: Home
    scenario: Scenario
    honesty: Honesty

    def __call__(self, policy: str) -> "Recorder":
        """Who records one policy's replay."""
        with LedgerFile(self.ledger) as ledger:
            labels = _labels(ledger, self.scenario)
        return Recorder(self.ledger, self.run_of(policy), labels, self.honesty is Honesty.PERFECT)

    def run_of(self, policy: str) -> Run:
        """What the policy's episodes have in common."""
        scenario, grid, home = self.scenario, self.scenario.grid, self.home
        honesty = Honesty.PERFECT if policy == ORACLE else self.honesty
        context: dict[str, str | float] = {
            **asdict(scenario.storage),
            "import_max_kw": grid.import_max_kw,
            "export_max_kw": grid.export_max_kw,
            "soc_start_kwh": scenario.soc_start_kwh,
            "first_slot_utc": int(scenario.history.slots[0]),
            "currency": home.currency,
            "information": honesty.value,
            "darkstar": version("darkstar"),
        }
        if honesty is Honesty.PERFECT:
            context["end_utc"] = int(scenario.history.slots[-1]) + SLOT_SECONDS
            context["settlement_per_kwh"] = scenario.settlement_per_kwh
        settings = {f.name: repr(getattr(scenario, f.name)) for f in fields(scenario) if f.name not in _PAST}
        named = [asdict(home), policy, settings, context]
        text = json.dumps(named, sort_keys=True)
        run_id = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        return Run(SIMULATION, run_id, home.name, policy, context)


@dataclass(frozen=True)
class Recorder:
    """Records one policy's replay; may be sent to other processes.

    Attributes:
        labels: the ledger's, by local date.
        perfect: whether the policy knew all prices.
    """

    ledger: Path
    run: Run
    labels: Mapping[str, str]
    perfect: bool

    @contextmanager
    def looking(self, scenario: Scenario, first: int = 0) -> Iterator[Witness]:
        """The witness of some slots; what it saw last is recorded at the end, unless something failed."""
        with LedgerFile(self.ledger) as ledger:
            pages = _Pages(ledger, self, scenario, first)
            yield pages.saw
            pages.record()

    def has(self, slots: Slots) -> bool:
        """Whether the ledger has these slots' episodes."""
        with LedgerFile(self.ledger) as ledger:
            found = ledger.episodes.starts(self.run, int(slots[0]), int(slots[-1]))
        return found.issuperset(slots.tolist())


class _Pages:
    """What one witness has seen since it last recorded."""

    def __init__(self, ledger: LedgerFile, recorder: Recorder, scenario: Scenario, first: int) -> None:
        self._ledger = ledger
        self._scenario = scenario
        self._history = scenario.history
        self._first = first
        self._run = recorder.run
        self._perfect = recorder.perfect
        self._engine = FastEngine()
        self._labels = recorder.labels
        self._page: list[Episode] = []

    def saw(self, moment: Moment) -> None:
        """One more slot."""
        episode = self._episode(moment)
        if self._page and self._page[-1].episode_date != episode.episode_date:
            self.record()
        self._page.append(episode)

    def record(self) -> None:
        """Write what has gathered."""
        self._ledger.episodes.put(self._page)
        self._page = []

    def _episode(self, moment: Moment) -> Episode:
        start, tz = int(self._history.slots[moment.number - self._first]), self._scenario.tz
        date = local_date(start, tz).isoformat()
        mode, outlook = moment.mode, moment.outlook
        return Episode(
            run=self._run,
            episode_start_utc=start,
            episode_start_local=iso_local(start, tz),
            episode_date=date,
            data_quality_status=self._labels.get(date, ""),
            soc_start_kwh=moment.soc_kwh,
            decision=Decision(
                mode=mode.kind(moment.soc_kwh).value,
                buy_to_kwh=mode.buy_to_kwh,
                store_to_kwh=mode.store_to_kwh,
                cover_to_kwh=mode.cover_to_kwh,
                sell_to_kwh=mode.sell_to_kwh,
                charge_max_kw=mode.charge_kw,
                discharge_max_kw=mode.discharge_kw,
                curtail=mode.curtail.value,
                worth_per_kwh=float("nan") if mode.worth is None else mode.worth,
            ),
            outcome=self._outcome(moment),
            expected=None if outlook is None else self._expected(outlook, start),
            schedule=None if outlook is None else self._schedule(outlook, moment.soc_kwh),
        )

    def _outcome(self, moment: Moment) -> Outcome:
        history, step, at = self._history, moment.step, moment.number - self._first
        storage, grid = self._scenario.storage, self._scenario.grid
        buy, sell = float(history.import_price[at]), float(history.export_price[at])
        cost = buy * step.import_kwh - sell * step.export_kwh
        cost += grid.import_breach_cost * step.breach_kwh + grid.curtailment_cost * step.curtail_kwh
        cost += storage.wear_charge * step.charge_kwh + storage.wear_discharge * step.discharge_kwh
        return Outcome(
            load_kwh=float(history.load_kwh[at]),
            pv_kwh=float(history.pv_kwh[at]),
            import_price=buy,
            export_price=sell,
            charge_kwh=step.charge_kwh,
            discharge_kwh=step.discharge_kwh,
            import_kwh=step.import_kwh,
            export_kwh=step.export_kwh,
            curtail_kwh=step.curtail_kwh,
            soc_end_kwh=step.soc_kwh,
            cost=cost,
        )

    def _expected(self, outlook: Outlook, now: int) -> Expected:
        end = now + len(outlook.load_kwh) * SLOT_SECONDS
        return Expected(
            load_kwh=outlook.load_kwh,
            pv_kwh=outlook.pv_kwh,
            import_price=outlook.import_price,
            export_price=outlook.export_price,
            forecast_issued_utc=now,
            prices_known_until_utc=(end if self._perfect else self._scenario.known.prices_known_until(now)),
        )

    def _schedule(self, outlook: Outlook, soc_kwh: float) -> Schedule:
        """The best plan for what was expected, from the energy that was stored."""
        plan = self._engine.solve(problem_of(self._scenario, outlook, soc_kwh))
        return Schedule(
            charge_kwh=plan.charge_kwh,
            discharge_kwh=plan.discharge_kwh,
            import_kwh=plan.import_kwh + plan.breach_kwh,
            export_kwh=plan.export_kwh,
            soc_kwh=plan.soc_kwh,
            planned_cost=plan.cost,
        )


def _labels(ledger: LedgerFile, scenario: Scenario) -> Mapping[str, str]:
    """The ledger's labels of the replayed days, by local date."""
    slots = scenario.history.slots
    labels = labels_of(ledger, int(slots[0]), int(slots[-1]) + SLOT_SECONDS, scenario.tz)
    return {label.day.isoformat(): label.status.value for label in labels}
