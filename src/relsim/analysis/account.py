"""The account of the pull between two states, and its story in words, largest parts first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.interests import state_name
from relsim.analysis.recorded import step_of_month
from relsim.analysis.summary import save_table
from relsim.display import Displayed, Figure, in_a_line, plotted
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.agents import STANDARD, titles_with_rules
from relsim.ensemble.failures import Failure
from relsim.scenario.names import NumberRef
from relsim.scenario.schema import Event, Scenario
from relsim.scenario.values import Month
from relsim.words import capital, counted, listed, percent, possessive, signed, with_the

MOST_CHANGES, MOST_LEVELS = 8, 6  # parts that get words of their own
LEAST = 0.0005  # pull units; smaller parts would read 0.000
LEAST_SHARE = 0.04  # of the largest part; smaller ones are left to "all else"
ERRORS = 2.0  # standard errors of a mean over runs; within so many of 0 a part may be chance
NOTABLE = 0.005  # a change of a weight or a tie that is worth a word
STEP = 0.1  # pull units that the note gives in posture, too


@dataclass(frozen=True, repr=False)
class Account(Displayed):
    """What pulls two states towards each other and apart, part by part, over time.

    Pulls are in pull units and add up: the parts of a direction, domain and step sum to its
    pull, in every run and so in the mean over runs. Postures that pulls lead to do not add up.

    Attributes:
        scenario: whose pulls these are.
        against: compared with, run by run; None where each run is compared with its opening.
        pair: as in ``PAK-RUS``, as the scenario spells it.
        seed, runs: how many runs of which seed; ``run`` is set where it is one alone.
        data: ``contribution`` (view, statistic, step, direction, domain, part), ``pull`` and
            more (see :func:`relsim.ensemble.accounts.account_runs`). Views are ``level`` and
            ``change``; statistics ``mean`` and ``sd``, over the runs.
        failures: the runs that failed, each with its error and where it was raised.
        failed: numbers of the runs that are left out: those, and those that failed in an ensemble.
        rules: by which states decide, of each of ``scenarios``.
    """

    scenario: Scenario
    against: Scenario | None
    pair: str
    seed: int
    runs: int
    run: int | None
    data: xr.Dataset
    failures: tuple[Failure, ...] = ()
    failed: tuple[int, ...] = ()
    rules: tuple[str, ...] = (STANDARD, STANDARD)

    def in_short(self) -> str:
        """The pair, the scenario, what it is compared with, and the runs."""
        against = f", against “{in_a_line(self.against.title, 22)}”" if self.against else ""
        title = in_a_line(self.scenario.title, 22 if against else 50)
        return f"of {self.pair} in “{title}”{against}: {self.runs_in_words}, seed {self.seed}"

    def plot(
        self,
        directions: Sequence[str] | None = None,
        *,
        domain: str = OVERALL,
        levels: bool = False,
    ) -> Figure:
        """The parts of the pull, stacked over time, a panel for each direction.

        Args:
            directions: as in ``["PAK>RUS"]``; both where absent.
            domain: one of the scenario's, or ``overall``.
            levels: the parts as they stand, not their change.
        """
        return plotted(self, directions=directions, domain=domain, levels=levels)

    def to_frame(self) -> pd.DataFrame:
        """The same as :meth:`table`, under the name that pandas and xarray give it."""
        return self.table()

    @property
    def parts(self) -> xr.DataArray:
        """The parts of the pull, mean over runs: (step, direction, domain, part)."""
        return self.data["contribution"].sel(view="level", statistic="mean", drop=True)

    @property
    def change(self) -> xr.DataArray:
        """The same compared with the opening, or with the other scenario."""
        return self.data["contribution"].sel(view="change", statistic="mean", drop=True)

    @property
    def pull(self) -> xr.DataArray:
        """The pull itself, mean over runs: (step, direction, domain)."""
        return self.data["pull"].sel(view="level", statistic="mean", drop=True)

    @property
    def directions(self) -> tuple[str, str]:
        """Both, as in ``("PAK>RUS", "RUS>PAK")``: first who acts, then who is faced."""
        first, second = self.pair.split("-")
        return f"{first}>{second}", f"{second}>{first}"

    def at(self, month: Month | str | None = None) -> xr.Dataset:
        """The account of the step that a month lies in; the last one where absent.

        Raises:
            ResultsError: it is no month, or outside the time of the scenario.
        """
        return self.data.isel(step=self.step(month))

    def step(self, month: Month | str | None = None) -> int:
        """The index of a month on the axis of steps.

        The end of the scenario is where the last step leads, so it takes the account of that step.
        """
        return min(step_of_month(self.scenario.time, month), self.scenario.time.steps - 1)

    def month(self, step: int) -> Month:
        """The first month of a step."""
        time = self.scenario.time
        return time.start.plus(step * time.months_per_step)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenario, and the one it is compared with."""
        return (self.scenario, *([self.against] if self.against else []))

    @property
    def events(self) -> dict[str, Event]:
        """The events of both scenarios by name; of the first where both have one."""
        first, second = self.scenario.events, self.against.events if self.against else {}
        return {**first, **second, **first}  # in the order of the first

    @property
    def baseline(self) -> str:
        """What changes are measured from, in words."""
        if self.against is None:
            return f"since the opening in {self.scenario.time.start}"
        return f"against “{titles_with_rules(self.scenarios, self.rules)[-1]}”"

    @property
    def runs_in_words(self) -> str:
        """The runs that the numbers are of, in words."""
        if self.run is not None:
            return f"run {self.run}"
        return "one run" if self.runs == 1 else f"mean of {self.runs:,} runs"

    def state_name(self, code: str) -> str:
        """A state by its name."""
        return state_name(code, self.scenarios)

    def direction_title(self, direction: str) -> str:
        """A direction by the names of its states."""
        return " towards ".join(self.state_name(code) for code in direction.split(">"))

    def domain_name(self, domain: str) -> str:
        """A domain by its label."""
        if domain == OVERALL:
            return "all domains"
        return self.scenario.domains[domain].label or domain

    def part_label(self, part: str, direction: str | None = None, step: int = -1) -> str:
        """A part by the names of the scenario.

        Args:
            part: as on the axis of parts, ``third_party.USA``.
            direction: whose pull it is; where given, the label says what the state makes of a third
                party.
            step: whose weights decide that; the last one where absent.
        """
        kind, _, name = part.partition(".")
        match kind:
            case "affinity" | "chance":
                return kind
            case "reciprocity":
                return "answering in kind"
            case "third_party" if direction is not None:
                return self._third_party_label(name, direction, step)
            case "third_party":
                return f"by way of {self.state_name(name)}"
            case "issue":
                known = (item.issues[name] for item in self.scenarios if name in item.issues)
                return f"agreement on {next(known).label or name}"
            case _:
                return f"“{self.events[name].label or name}”"

    def _third_party_label(self, third: str, direction: str, step: int) -> str:
        """What a state makes of a third party, by the sign of its weight, or of its earlier weight
        where it has none any more."""
        actor = self.state_name(direction.split(">")[0])
        weights = self.data["interest"].isel(step=step).sel(statistic="mean", state=third)
        now, change = (
            float(weights.sel(view=view, direction=direction)) for view in ("level", "change")
        )
        weight, other = now or now - change, with_the(self.state_name(third))
        if weight > 0:
            return f"{actor} takes its cue from {other}"
        if weight < 0:
            return f"{actor} mistrusts whom {other} befriends"
        return f"{possessive(actor)} tie to {other}"

    def words(self, month: Month | str | None = None, domain: str = OVERALL) -> str:
        """The account at a month in sentences, for both directions."""
        return "\n\n".join(story(self, way, month, domain).text for way in self.directions)

    def table(self) -> pd.DataFrame:
        """A row for each month, direction, domain and part; ``pull`` is their sum.

        Columns: month, direction, domain, part, level, level_sd, change, change_sd.
        """
        pull = self.data["pull"].expand_dims(part=["pull"])
        whole = xr.concat([self.data["contribution"], pull], dim="part")
        whole = whole.transpose("step", "direction", "domain", "part", "view", "statistic")
        columns = ("level", "level_sd", "change", "change_sd")
        wide = pd.DataFrame(whole.values.reshape(-1, 4), columns=list(columns))
        names = [[str(name) for name in whole[dim].values] for dim in whole.dims[1:4]]
        months = [str(self.month(step)) for step in range(whole.sizes["step"])]
        index = pd.MultiIndex.from_product(
            [months, *names], names=["month", "direction", "domain", "part"]
        )
        return pd.concat([index.to_frame(index=False), wide], axis=1)

    def write(self, file: Path) -> None:
        """Writes the table as CSV, numbers to six digits.

        Raises:
            ResultsError: the file cannot be written.
        """
        save_table(self.table(), file)


# The story


@dataclass(frozen=True)
class Story:
    """One direction of an account at one month, in sentences.

    Attributes:
        title: who acts towards whom, and when.
        lead: the pull and the posture.
        changes: a sentence for each part that changed most, then all else and the sum.
        level: what holds the pull where it is, in one sentence.
        note: how large a pull is in posture here.
    """

    title: str
    lead: str
    changes: tuple[str, ...]
    level: str
    note: str

    @property
    def text(self) -> str:
        """All of it, in lines."""
        changes = (f"  · {sentence}" for sentence in self.changes)
        return "\n".join([self.title, self.lead, *changes, self.level, self.note])


def story(
    account: Account,
    direction: str,
    month: Month | str | None = None,
    domain: str = OVERALL,
) -> Story:
    """The story of a direction, as in ``PAK>RUS``, at a month."""
    scene = _Scene(account, direction, account.step(month), domain)
    towards, where = account.direction_title(direction), account.domain_name(domain)
    pull, change = scene.now("pull", "level"), scene.now("pull", "change")
    spread = scene.now("pull", "change", "sd")
    between = "" if account.runs == 1 else f" (± {spread:.3f} between runs)"
    posture = signed(scene.now("posture", "level"), 3)
    # Targets do not add up, so sizes are pulls; this is the tangent at the present pull.
    slope = signed(STEP * scene.now("slope", "level"), 3)
    return Story(
        title=f"{towards}, {account.month(scene.step)} ({where}, {account.runs_in_words})",
        lead=f"The pull is {signed(pull, 3)}: {signed(change, 3)} {account.baseline}{between}. "
        f"Posture is {posture}.",
        changes=_changes(scene),
        level=_level(scene),
        note=f"Sizes are pulls, which add up; postures do not. Here {signed(STEP)} of pull is "
        f"about {slope} in posture.{_rules_note(account)}",
    )


def _rules_note(account: Account) -> str:
    """That other rules than the standard one decided; nothing where none did."""
    own = [rules for rules in dict.fromkeys(account.rules) if rules != STANDARD]
    if not own:
        return ""
    return (
        f" States decided by {listed(own)}: the account is of what draws them by the standard "
        "rule, not of what they made of it."
    )


@dataclass(frozen=True)
class _Scene:
    """One direction and domain of an account, at one step."""

    account: Account
    direction: str
    step: int
    domain: str

    @property
    def actor(self) -> str:
        return self.direction.split(">")[0]

    @property
    def faced(self) -> str:
        return self.direction.split(">")[1]

    @property
    def back(self) -> str:
        """The other direction."""
        return f"{self.faced}>{self.actor}"

    def curve(self, quantity: str, view: str, **at: str) -> NDArray[np.float64]:
        """A quantity of this direction and domain up to this step, mean over runs, [steps]."""
        chosen = self._chosen(quantity, at).sel(view=view, statistic="mean")
        return np.asarray(chosen.isel(step=slice(0, self.step + 1)).values, dtype=np.float64)

    def now(self, quantity: str, view: str, statistic: str = "mean", **at: str) -> float:
        """A quantity at this step."""
        chosen = self._chosen(quantity, at).sel(view=view, statistic=statistic)
        return float(chosen.isel(step=self.step))

    def _chosen(self, quantity: str, at: dict[str, str]) -> xr.DataArray:
        data = self.account.data[quantity]
        here = {"direction": self.direction, "domain": self.domain}
        return data.sel({**{dim: here[dim] for dim in here if dim in data.dims}, **at})

    def label(self, part: str) -> str:
        return self.account.part_label(part, self.direction, self.step)

    def moved(self, before: str, now: str) -> str:
        """Two numbers in words, the earlier or other one first."""
        since_the_opening = self.account.against is None
        return f"from {before} to {now}" if since_the_opening else f"{now} instead of {before}"

    def happened(self, event: str) -> tuple[float, Month]:
        """In which share of runs an event has happened here and not there, and since when."""
        shares = np.abs(self.curve("happened", "change", event=event))
        return float(shares[-1]), self.account.month(int(np.argmax(shares > 0)))

    def parts(self, view: str, most: int) -> tuple[list[tuple[str, float]], list[float]]:
        """Parts worth naming with their sizes, largest first, and the sizes of all others."""
        parts = self.account.data["contribution"].isel(step=self.step)
        parts = parts.sel(view=view, direction=self.direction, domain=self.domain)
        names = [str(part) for part in parts["part"].values]
        sizes, spreads = (parts.sel(statistic=name).values for name in ("mean", "sd"))
        chance = ERRORS * spreads / np.sqrt(self.account.runs)
        least = np.maximum(chance, max(LEAST, LEAST_SHARE * float(np.abs(sizes).max())))
        ranked = [int(index) for index in np.argsort(-np.abs(sizes), kind="stable")]
        named = [index for index in ranked if abs(sizes[index]) >= least[index]][:most]
        rest = [float(sizes[index]) for index in ranked if index not in named]
        return [(names[index], float(sizes[index])) for index in named], rest


def _changes(scene: _Scene) -> tuple[str, ...]:
    named, rest = scene.parts("change", MOST_CHANGES)
    if not named and all(abs(size) < LEAST for size in rest):
        return (f"Nothing has changed {scene.account.baseline}.",)
    sentences = [_change_sentence(scene, part, size) for part, size in named]
    return (*sentences, _clauses([], rest, scene.now("pull", "change")))


def _level(scene: _Scene) -> str:
    named, rest = scene.parts("level", MOST_LEVELS)
    clauses = []
    for part, size in named:
        kind, _, third = part.partition(".")
        holds = f"holds it {'up' if size > 0 else 'down'} by {abs(size):.3f}"
        if kind != "third_party":
            clauses.append(f"{scene.label(part)} {holds}")
            continue
        weight = scene.now("interest", "level", direction=scene.direction, state=third)
        levels = ", ".join(
            f"{name} {signed(scene.now('tie', 'level', direction=direction, state=state))}"
            for name, direction, state in _levels_of(scene, third, weight)
        )
        clauses.append(f"{scene.label(part)} ({levels}), which {holds}")
    return _clauses(clauses, rest, scene.now("pull", "level"))


def _clauses(clauses: list[str], rest: list[float], total: float) -> str:
    """A sentence of clauses, what is not named, where there is any, and the sum."""
    count = sum(size != 0.0 for size in rest)
    else_clause = f"all else ({counted(count, 'part')}) {signed(sum(rest), 3)}"
    ends = [*([else_clause] if count else []), f"together {signed(total, 3)}"]
    return capital(f"{'; '.join([*clauses, *ends])}.")


def _change_sentence(scene: _Scene, part: str, size: float) -> str:
    kind, _, name = part.partition(".")
    adds = f"adds {size:.3f}" if size > 0 else f"takes away {-size:.3f}"
    if kind == "event":
        return f"{scene.label(part)} {adds}{_since(scene, name)}{_fading(scene, part)}."
    if kind == "chance":
        spread = scene.now("contribution", "change", "sd", part=part)
        average = "" if scene.account.runs == 1 else f" on average (± {spread:.3f})"
        return f"Chance {adds}{average}."
    why = ""
    match kind:
        case "affinity":
            scenarios = scene.account.scenarios
            fades = any(item.parameters.history_half_life is not None for item in scenarios)
            why = ", as history fades" if fades else ""
        case "third_party":
            why = _third_party_reasons(scene, name)
        case "reciprocity":
            faced, actor = (scene.account.state_name(code) for code in (scene.faced, scene.actor))
            received = signed(scene.now("posture", "level", direction=scene.back), 3)
            extended = signed(scene.now("posture", "level"), 3)
            why = f", as {faced} extends {received} and {actor} {extended}"
    level = scene.now("contribution", "level", part=part)
    moved = scene.moved(signed(level - size, 3), signed(level, 3))
    label = capital(scene.label(part))
    return f"{label}: {moved} ({signed(size, 3)}){_causes(scene, part)}{why}."


def _since(scene: _Scene, event: str) -> str:
    """Since when an event happens, or in how many runs where not in all."""
    share, month = scene.happened(event)
    if not share > 0:
        return ""
    if share > 1 - NOTABLE:
        return f" since {month}"
    return f", having happened in {percent(share)} of runs"


def _fading(scene: _Scene, part: str) -> str:
    """When half of an event's height was gone, and what lasts."""
    event = part.partition(".")[2]
    curve = scene.curve("contribution", "change", part=part)
    clauses = []
    in_all_runs = scene.happened(event)[0] > 1 - NOTABLE
    if in_all_runs and (gone := half_gone(curve)) is not None:
        height, halved = (scene.account.month(step) for step in gone)
        size = abs(float(curve[gone[0]]))
        clauses.append(f"; half of its height of {size:.3f} in {height} was gone by {halved}")
    lasting = scene.now("lasting", "change", event=event)
    if abs(lasting) >= LEAST:
        only = abs(float(curve[-1]) - lasting) < LEAST
        clauses.append("; what is left lasts" if only else f"; {abs(lasting):.3f} of it lasts")
    return "".join(clauses)


def half_gone(curve: NDArray[np.float64]) -> tuple[int, int] | None:
    """The step at which a curve is highest, and the step from which it is at most half as high;
    None where it is above half at its end."""
    size = np.abs(curve)
    height = int(np.argmax(size))
    last_above = int(np.flatnonzero(size > size[height] / 2)[-1]) if size[height] > 0 else None
    if last_above is None or last_above == len(curve) - 1:
        return None
    return height, last_above + 1


def _causes(scene: _Scene, part: str) -> str:
    """The events that set or add to a number of the part, and have happened."""
    causes = []
    for name, event in scene.account.events.items():
        share, month = scene.happened(name)
        numbers = (number for effect in event.effects for number in effect.numbers)
        if share > NOTABLE and any(_is_of(scene, number, part) for number in numbers):
            runs = "" if share > 1 - NOTABLE else f" in {percent(share)} of runs"
            causes.append(f"{month}{runs} (“{event.label or name}”)")
    return f" since {' and '.join(causes)}" if causes else ""


def _is_of(scene: _Scene, number: NumberRef, part: str) -> bool:
    """Whether a number enters a part directly."""
    kind, _, name = part.partition(".")
    match kind, number.kind:
        case "third_party", "weight":
            return (number.state, number.key) == (scene.actor, name)
        case "third_party", "context":
            actor = scene.account.scenario.states[scene.actor]
            return name in actor.ties and actor.ties[name].fades_with == number.key
        case "issue", "stance":
            return number.state in (scene.actor, scene.faced) and number.key == name
        case "issue", "salience":
            return (number.state, number.key) == (scene.actor, name)
        case "reciprocity", "trait":
            return (number.state, number.key) == (scene.actor, "reciprocity")
        case "third_party", "parameter":
            return number.key in ("alignment_gain", "rivalry_gain")
        case "issue", "parameter":
            return number.key == "issue_gain"
        case "reciprocity", "parameter":
            own = scene.account.scenario.states[scene.actor].traits.reciprocity
            return number.key == "reciprocity" and own is None
    return False


def _third_party_reasons(scene: _Scene, third: str) -> str:
    """How the weight of a third party and the levels that it is about have changed."""

    def level_and_change(quantity: str, direction: str, state: str) -> tuple[float, float]:
        at = {"direction": direction, "state": state}
        return scene.now(quantity, "level", **at), scene.now(quantity, "change", **at)

    weight = level_and_change("interest", scene.direction, third)
    factors = {"weight": weight}
    for name, direction, state in _levels_of(scene, third, weight[0] or -weight[1]):
        factors[name] = level_and_change("tie", direction, state)
    reasons = ", ".join(
        f"{label} {scene.moved(signed(now - change), signed(now))}"
        for label, (now, change) in factors.items()
        if abs(change) >= NOTABLE
    )
    return f"; {reasons}" if reasons else ""


def _levels_of(scene: _Scene, third: str, weight: float) -> Iterator[tuple[str, str, str]]:
    """The levels that a third party's part is made of, by pair, direction and state: its own with
    the state that is faced, and that of the two where the actor aligns with it."""
    pair_name = scene.account.scenario.pair_name
    yield pair_name(f"{third}-{scene.faced}"), scene.back, third
    if weight > 0:
        yield pair_name(f"{scene.actor}-{scene.faced}"), scene.direction, scene.faced
