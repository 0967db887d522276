"""What a scenario may say: every section and key, typed, with its unit, range and default.

These models are the format. The JSON Schema for editors and the field reference in
``scenarios/README.md`` are generated from them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    TypeAdapter,
)

from relsim.display import Displayed, Figure, in_a_line, plotted, tabled
from relsim.scenario.effects import Condition, Effect
from relsim.scenario.names import (
    ADAPTABILITY,
    CAPACITY,
    CONTEXT,
    COOPERATION,
    DOMAIN_CORRELATION,
    DRIFT,
    GAIN,
    GOLDSTEIN_UNIT,
    HALF_LIFE,
    MUTUALITY,
    RECIPROCITY,
    SALIENCE,
    STANCE,
    VALUE,
    VOLATILITY,
    WEIGHT,
    ContextName,
    DomainName,
    IssueName,
    NameOf,
    StateName,
    TieRef,
)
from relsim.scenario.shipped import FIT
from relsim.scenario.text import shown_text
from relsim.scenario.tree import Mapping, plain
from relsim.scenario.values import (
    DISTRIBUTIONS,
    LARGE,
    About,
    Bounds,
    FileName,
    Key,
    Month,
    Number,
    Part,
    Remark,
    Sentence,
    Title,
    as_list,
    central,
    fail,
    not_exactly_one,
    show,
)
from relsim.words import counted

if TYPE_CHECKING:
    import pandas as pd

CHANGES_SHOWN, LONGEST_CHANGE = 3, 60  # in a title
FORMAT_VERSION = 1
DEFAULT_DOMAINS = ("diplomatic", "economic", "defence", "societal")

DOMAIN_WEIGHT = Bounds("a domain weight", 0, LARGE)
PERIOD = Bounds("a period", 1, LARGE, form="duration", certain=True)
CHANCE = Bounds("a chance", 0, LARGE, form="rate")

MAX_STATES = 500  # two and a half times as many as there are
MAX_ENTRIES = 5_000  # of any other section; no shipped one has 60


def _wide(key: str) -> Callable[[Any], Any]:
    """A reader that takes a lone number for a map with just ``key``."""

    def widen(raw: Any) -> Any:
        lone = isinstance(raw, (int, float, str)) and not isinstance(raw, bool)
        uncertain = isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in DISTRIBUTIONS
        return {key: raw} if lone or uncertain else raw

    return widen


class Time(Part):
    """The span and the step of the simulation."""

    start: Month = Field(description="First month, the opening state.")
    end: Month = Field(description="Last month recorded; after `start`.")
    step: Literal["month", "quarter", "year"] = Field(
        "month", description="Length of a step. Every parameter is per month or year regardless."
    )

    @property
    def months_per_step(self) -> int:
        """The length of a step in months."""
        return {"month": 1, "quarter": 3, "year": 12}[self.step]

    @property
    def steps(self) -> int:
        """How many steps lead from start to end."""
        return (self.end.serial - self.start.serial) // self.months_per_step

    @property
    def months(self) -> list[Month]:
        """The month of the opening, and those that the steps lead to."""
        return [self.start.plus(n * self.months_per_step) for n in range(self.steps + 1)]

    def mistakes(self) -> Iterator[Remark]:
        """An end before the start, or within a step."""
        months = self.end.serial - self.start.serial
        if months <= 0:
            text = f"The end, {self.end}, is not after the start, {self.start}."
            yield Remark("", "bad-time", text)
        elif self.step is not None and months % self.months_per_step:
            hint = f"Choose an end that is, or a shorter step than a {self.step}."
            yield Remark("", "bad-time", f"{months} months are not whole {self.step}s.", hint)


class EnsembleSettings(Part):
    """How many futures, and from which seed."""

    runs: Annotated[int, Field(strict=True, ge=1, le=2**32 - 1)] = Field(
        1000, description="Number of runs."
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)] = Field(
        0, description="Scenarios on one seed are paired run by run."
    )


class Domain(Part):
    """One domain of cooperation."""

    weight: Annotated[Number, DOMAIN_WEIGHT] = Field(
        1.0, description="Its weight in overall cooperation, relative to the other domains."
    )
    label: Title = Field("", description="Name for figures; the key by default.")


_NAMES = TypeAdapter(list[str])


def _equal_weights(raw: Any) -> Any:
    """A list of domains as the map it stands for."""
    if not isinstance(raw, list):
        return raw
    names = _NAMES.validate_python(raw)
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise fail("duplicate-key", f"'{repeated[0]}' stands in this list twice.")
    return dict.fromkeys(names, 1.0)


def _some_weight(domains: dict[str, Domain]) -> dict[str, Domain]:
    if all(central(domain.weight) == 0 for domain in domains.values()):
        raise fail("out-of-range", "All domain weights are 0.")
    return domains


WeightedDomain: TypeAlias = Annotated[
    Domain,
    BeforeValidator(
        _wide("weight"),
        json_schema_input_type=Domain | Annotated[Number, DOMAIN_WEIGHT],
    ),
]
Domains: TypeAlias = Annotated[
    dict[Key, WeightedDomain],
    BeforeValidator(_equal_weights, json_schema_input_type=dict[Key, WeightedDomain] | list[Key]),
    AfterValidator(_some_weight),
]


class ContextVariable(Part):
    """A variable of the world: constant, or a straight path from start to end."""

    start: Annotated[Number, CONTEXT] = Field(description="Value at the start.")
    end: Annotated[Number, CONTEXT] | None = Field(
        None, description="Value at the end; the start value where absent."
    )
    label: Title = Field("", description="Name for figures.")


Context: TypeAlias = Annotated[
    ContextVariable,
    BeforeValidator(
        _wide("start"), json_schema_input_type=ContextVariable | Annotated[Number, CONTEXT]
    ),
]


class Issue(Part):
    """A question on which states take sides."""

    minus: Title = Field(description="What a stance of -1 means.")
    plus: Title = Field(description="What a stance of +1 means.")
    label: Title = Field("", description="Name for figures; the key by default.")


class TieInterest(Part):
    """What a state makes of another's relations with third parties."""

    weight: Annotated[Number, WEIGHT] = Field(
        description="Positive: it takes its cue from the other; negative: it mistrusts whom the "
        "other befriends. 0.1 slight, 0.3 notable, 0.6 strong, 1 dominant."
    )
    fades_with: ContextName | None = Field(
        None, description="A context variable z; the weight in force is weight·max(0, 1 - z)."
    )


class IssueInterest(Part):
    """Where a state stands on an issue, and how much that colours its dealings."""

    stance: Annotated[Number, STANCE] = Field(description="From -1 (minus) to +1 (plus).")
    salience: Annotated[Number, SALIENCE] = Field(
        description="Share of its attention; where those of a state add up to more than 1, they "
        "are scaled to 1."
    )


class Traits(Part):
    """How a state reacts; what is absent comes from `parameters`."""

    adaptability: Annotated[Number, ADAPTABILITY] | None = Field(
        None, description="Speed at which posture moves to its target, per month."
    )
    reciprocity: Annotated[Number, RECIPROCITY] | None = Field(
        None, description="Pull per unit of difference between the other's posture and its own."
    )
    volatility: Annotated[Number, VOLATILITY] | None = Field(
        None, description="Unrest: a pair has the mean of its two states' volatility."
    )


Interest: TypeAlias = Annotated[
    TieInterest,
    BeforeValidator(
        _wide("weight"), json_schema_input_type=TieInterest | Annotated[Number, WEIGHT]
    ),
]


class Interests(Part):
    """What a state is after, and its means."""

    ties: dict[StateName, Interest] = Field(
        default_factory=dict,
        description="Tie interests by state; a number is the weight, between -1 and 1.",
    )
    issues: dict[IssueName, IssueInterest] = Field(
        default_factory=dict, description="Stance and salience by issue."
    )
    capacity: dict[DomainName, Annotated[Number, CAPACITY]] = Field(
        default_factory=dict,
        description="Ceiling on the cooperation it can afford, by domain; 1 where absent.",
    )


class State(Interests):
    """A state: its interests, its means and its manner."""

    name: Title = Field("", description="Name for figures; the code by default.")
    traits: Traits = Field(default_factory=Traits, description="Its own reaction parameters.")


TieLevels: TypeAlias = Annotated[
    dict[Annotated[str, NameOf("domain", besides="overall")], Annotated[Number, COOPERATION]],
    BeforeValidator(
        _wide("overall"),
        json_schema_input_type=Annotated[Number, COOPERATION]
        | dict[str, Annotated[Number, COOPERATION]],
    ),
]


class Parameters(Part):
    """Numbers of the model that hold for all states. See docs/ODD.md for their sources."""

    adaptability: Annotated[Number, ADAPTABILITY] = Field(
        FIT.numbers["adaptability"].value,
        description="Speed at which posture moves to its target, per month.",
    )
    reciprocity: Annotated[Number, RECIPROCITY] = Field(
        0.2, description="Pull per unit of difference between the two postures."
    )
    volatility: Annotated[Number, VOLATILITY] = Field(
        FIT.numbers["volatility"].value,
        description="Stationary standard deviation of what chance adds to the cooperation of a "
        "pair in one domain, drift aside.",
    )
    drift: Annotated[Number, DRIFT] = Field(
        FIT.numbers["drift"].value,
        description="Standard deviation of the drift of a pair's pull, pull units per √year.",
    )
    domain_correlation: Annotated[Number, DOMAIN_CORRELATION] = Field(
        0.5, description="Correlation of the shocks to a pair between domains."
    )
    mutuality: Annotated[Number, MUTUALITY] = Field(
        0.5, description="Weight of the less willing side in cooperation: 0 mean, 1 minimum."
    )
    alignment_gain: Annotated[Number, GAIN] = Field(
        0.15,
        description="Gain on positive ties: how far a state is drawn to the relations of those it "
        "takes its cue from. Range 0 to 0.35; 0 switches it off.",
    )
    rivalry_gain: Annotated[Number, GAIN] = Field(
        0.1,
        description="Gain on negative ties: how far whom a rival befriends repels. Range 0 to 0.3; "
        "0 switches it off.",
    )
    issue_gain: Annotated[Number, GAIN] = Field(
        0.25, description="Gain on issues. Range 0.1 to 0.4; 0 switches them off."
    )
    history_half_life: Annotated[Number, HALF_LIFE] | None = Field(
        None,
        description="A duration in which half of the affinity solved at the opening fades, so that "
        "levels move to what interests say; absent, the past persists.",
    )
    goldstein_unit: Annotated[Number, GOLDSTEIN_UNIT] = Field(
        0.03, description="Pull units per point of the Goldstein scale."
    )
    half_life: Annotated[Number, HALF_LIFE] = Field(
        9.0, description="Half-life of a pulse that names none, a duration."
    )


def _whole_months(code: str, subject: str) -> AfterValidator:
    """Refuses a span that is no whole number of months."""

    def validated(months: float) -> float:
        if months != int(months):
            raise fail(code, f"{subject} is a whole number of months.")
        return months

    return AfterValidator(validated)


class Event(Part):
    """Something that happens. Timing is one of `at`, `every`, `chance`, `when`.

    `when` may also narrow a `chance`: the hazard then runs only while the condition holds.
    """

    label: Title = Field("", description="Name for figures; the key by default.")
    about: About = Field("", description="Why it is here and where its numbers come from.")
    off: Annotated[bool, Field(strict=True)] = Field(
        False, description="A lever: written down but not happening until switched on."
    )
    at: (
        Annotated[
            list[Month],
            BeforeValidator(as_list, json_schema_input_type=Month | list[Month]),
        ]
        | None
    ) = Field(None, description="Month or months in which it happens.")
    every: Annotated[float, PERIOD, _whole_months("bad-timing", "A period")] | None = Field(
        None, description="Happens at `from` and then once in each period, a duration."
    )
    chance: Annotated[Number, CHANCE] | None = Field(
        None,
        description="Hazard h, as in 0.15 per year: fires in a step of Δ months with "
        "probability 1 - exp(-h·Δ/12).",
    )
    when: Condition | None = Field(
        None, description="Happens when this holds; once, unless `at_most` says otherwise."
    )
    from_: Month | None = Field(
        None, alias="from", description="No earlier than this month; the start where absent."
    )
    until: Month | None = Field(None, description="No later than this month.")
    at_most: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        None, description="How often at most in one run; 1 for `when`, else unlimited."
    )
    effects: list[Effect] = Field(
        default_factory=list, description="What it changes, applied in this order."
    )

    @property
    def most_times(self) -> int | None:
        """In how many steps of a run it happens at most; None where that has no bound."""
        once = self.when is not None and self.chance is None
        return self.at_most or (1 if once else None)

    def mistakes(self) -> Iterator[Remark]:
        """A timing that is missing, given twice or contradicts itself."""
        given = self.model_fields_set
        narrowed = {"chance", "when"} <= given
        keys = ("at", "every", "chance") if narrowed else ("at", "every", "chance", "when")
        timing = [*not_exactly_one(self, keys, "bad-timing")]
        if timing:
            yield from timing
        elif "at" in given and {"from_", "until"} & given:
            text = "`at` names its months; `from` and `until` do not apply."
            yield Remark("", "bad-timing", text)
        elif self.from_ and self.until and self.until < self.from_:
            text = f"`until` {self.until} lies before `from` {self.from_}."
            yield Remark("", "bad-timing", text)


class Expectation(Part):
    """What a claim says of the futures. Exactly one of level, change, order, reach, halfway."""

    level: TieRef | None = Field(None, description="Cooperation of a tie at a time.")
    change: TieRef | None = Field(
        None, description="Its change since the start, or `since` a later month."
    )
    order: list[TieRef] | None = Field(
        None, min_length=2, max_length=2, description="The first of two ties is above the second."
    )
    of: Literal["level", "change"] | None = Field(
        None, description="What `order` compares; the level where absent."
    )
    reach: TieRef | None = Field(None, description="A tie gets past the threshold `by` a month.")
    halfway: TieRef | None = Field(
        None,
        description="A tie first shows half of its change at the end `after` or `before` a month.",
    )
    above: Annotated[Number, VALUE] | None = Field(
        None, description="Holds above this value; with `below`, between the two."
    )
    below: Annotated[Number, VALUE] | None = Field(None, description="Holds below this value.")
    after: Month | None = Field(
        None, description="Later than this month; with `before`, between the two."
    )
    before: Month | None = Field(None, description="Earlier than this month.")
    since: Month | None = Field(
        None, description="Month from which a `change` counts; the start where absent."
    )
    at: Month | None = Field(None, description="Judged at this month; the end where absent.")
    by: Month | None = Field(
        None,
        description="Judged over the months after the start (or `since`) up to this one: `reach` "
        "has to hold in one of them (up to the end where absent), the others in every one.",
    )
    smooth: Annotated[float, PERIOD, _whole_months("bad-claim", "`smooth`")] | None = Field(
        None,
        description="A duration: every level is the mean of so many months up to its own. Months "
        "are noisy, years are not.",
    )
    against: FileName | None = Field(
        None,
        description="A scenario file; the claim is on the paired difference to it, run by run.",
    )

    def mistakes(self) -> Iterator[Remark]:
        """The first of what is wrong with its question, its other keys and its bounds."""
        given = self.model_fields_set
        questions = ("level", "change", "order", "reach", "halfway")
        low, high = ("after", "before") if "halfway" in given else ("above", "below")
        least, most = self.bounds
        misfits = [text for key, text in self._misfits().items() if key in given]
        remarks = [
            *not_exactly_one(self, questions, "bad-claim"),
            *(Remark("", "bad-claim", text) for text in misfits),
            *(not_exactly_one(self, (low, high), "bad-claim") if "reach" in given else ()),
        ]
        if "order" not in given and not {low, high} & given:
            text = f"`{low}`, `{high}` or both are needed; here: none."
            remarks.append(Remark("", "bad-claim", text))
        if least >= most:
            text = f"Nothing lies between `{low}` and `{high}`: the first has to be the lower."
            remarks.append(Remark("", "bad-claim", text))
        if {"at", "by"} <= given:
            text = "A claim is judged `at` a month or `by` it, not both."
            remarks.append(Remark("", "bad-claim", text))
        yield from remarks[:1]

    def _misfits(self) -> dict[str, str]:
        """The keys that do not go with the question asked, and why."""
        given = self.model_fields_set
        wrong: dict[str, str] = {}
        if "order" not in given:
            wrong["of"] = "`of` says what `order` compares, and stands with it alone."
        else:
            text = "`order` compares two ties and takes no threshold."
            wrong |= dict.fromkeys(("above", "below"), text)
        if "change" not in given:
            wrong["since"] = "`since` says from when a `change` counts, and stands with it alone."
        if "halfway" not in given:
            text = "`after` and `before` are for `halfway`; levels are judged `at` or `by` a month."
            wrong |= dict.fromkeys(("after", "before"), text)
        else:
            text = "`halfway` is judged `after` or `before` a month and takes no threshold."
            wrong |= dict.fromkeys(("above", "below", "at", "by"), text)
        if "reach" in given:
            wrong["at"] = "`reach` is judged `by` a month, not `at` one."
        if {"reach", "order"} & given:
            text = "`level`, `change` and `halfway` are compared `against` another scenario only."
            wrong["against"] = text
        return wrong

    @property
    def bounds(self) -> tuple[float, float]:
        """What the judged value has to lie between, strictly; infinite where there is no bound.

        Cooperation, uncertain thresholds at their median; for `halfway` months since the year 0.
        """
        if self.order is not None:
            return 0.0, math.inf
        low: float | None
        high: float | None
        if self.halfway is not None:
            low, high = (month and month.serial for month in (self.after, self.before))
        else:
            bounds = (self.above, self.below)
            low, high = (None if bound is None else central(bound) for bound in bounds)
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def ties(self) -> tuple[TieRef, ...]:
        """The ties it is about: two for `order`, else one."""
        if self.order is not None:
            return tuple(self.order)
        tie = self.level or self.change or self.reach or self.halfway
        assert tie is not None
        return (tie,)


def _between_never_and_always(probability: float) -> float:
    """Refuses shares on which no number of runs has a say."""
    if probability == 1:
        text = "No number of runs can show that something holds in all futures."
        raise fail("out-of-range", text, "Ask for less, as in 0.99.")
    if probability == 0:
        text = "Every claim holds in at least 0 % of the runs."
        raise fail("out-of-range", text, "Ask for more, as in 0.5.")
    return probability


class Claim(Part):
    """A sentence of the argument as a test."""

    says: Sentence = Field(description="The sentence.")
    expect: Expectation = Field(description="What it means of the futures.")
    probability: Annotated[
        float,
        Bounds("a probability", 0, 1, certain=True),
        AfterValidator(_between_never_and_always),
    ] = Field(
        0.5,
        description="Share of runs in which it has to hold; above 0, below 1.",
        json_schema_extra={"exclusiveMinimum": 0, "exclusiveMaximum": 1},
    )


def _whole_version(raw: Any) -> Any:
    """Refuses what only equals a version: 1.0 and true."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        text = f"{show(raw)} is not a version of the format."
        raise fail("format-version", text, "Write relsim: 1.")
    return raw


FormatVersion: TypeAlias = Annotated[Literal[1], BeforeValidator(_whole_version)]


class Scenario(Displayed, Part):
    """A whole scenario. Load one with :func:`relsim.load`."""

    relsim: FormatVersion = Field(description="Version of this format.")
    name: Title = Field(min_length=1, description="Name for people.")
    about: About = Field("", description="What the scenario is about.")
    sources: list[Sentence] = Field(
        default_factory=list,
        max_length=MAX_ENTRIES,
        description="Where its numbers come from.",
    )
    time: Time = Field(description="Span and step.")
    ensemble: EnsembleSettings = Field(
        default_factory=EnsembleSettings, description="Runs and seed."
    )
    domains: Domains = Field(
        default_factory=lambda: {name: Domain() for name in DEFAULT_DOMAINS},
        min_length=1,
        max_length=MAX_ENTRIES,
        validate_default=True,
        description="Domains of cooperation: a list of names, or a map to weights.",
    )
    context: dict[Key, Context] = Field(
        default_factory=dict,
        max_length=MAX_ENTRIES,
        description="Context variables; a number is constant.",
    )
    issues: dict[Key, Issue] = Field(
        default_factory=dict,
        max_length=MAX_ENTRIES,
        description="Questions on which states take sides.",
    )
    states: dict[
        Key,
        Annotated[
            State,
            BeforeValidator(
                lambda raw: {} if raw is None else raw, json_schema_input_type=State | None
            ),
        ],
    ] = Field(min_length=2, max_length=MAX_STATES, description="The agents, by code.")
    ties: dict[TieRef, TieLevels] = Field(
        default_factory=dict,
        description="Opening cooperation: a number for all domains, or a map by domain in which "
        "`overall` covers the domains not named. Absent is 0.",
    )
    recoded_: Literal["all"] | list[str] = Field(
        default_factory=list,
        alias="recoded",
        description="In a variant: the interests that it reads differently at the opening, by "
        "dotted path, or `all`. Interests that differ and are not named here have changed.",
    )
    reference: dict[StateName, Interests] = Field(
        default_factory=dict,
        description="By state, the interests that the opening was read with where they differ from "
        "those in force. relsim writes it into resolved files.",
    )
    parameters: Parameters = Field(
        default_factory=Parameters, description="Numbers that hold for all states."
    )
    events: dict[Key, Event] = Field(
        default_factory=dict, max_length=MAX_ENTRIES, description="What may happen."
    )
    claims: dict[Key, Claim] = Field(
        default_factory=dict,
        max_length=MAX_ENTRIES,
        description="Sentences of the argument as tests.",
    )
    watch: list[TieRef] = Field(
        default_factory=list,
        max_length=MAX_ENTRIES,
        description="Pairs that figures show first; else the first six ties.",
    )

    _tree: Mapping = PrivateAttr()
    _slug: str = PrivateAttr("scenario")
    _folder: Path | None = PrivateAttr(None)
    _file: Path | None = PrivateAttr(None)
    _changes: dict[str, Any] = PrivateAttr(default_factory=dict)
    _change: Callable[[Scenario, dict[str, Any]], Scenario] = PrivateAttr()

    def in_short(self) -> str:
        """Its title, states, months, events and claims."""
        return (
            f"“{in_a_line(self.title)}”: {counted(len(self.states), 'state')}, "
            f"{self.time.start} to {self.time.end}, {counted(len(self.events), 'event')}, "
            f"{counted(len(self.claims), 'claim')}"
        )

    def plot(self, most: int = 50) -> Figure:
        """The opening: cooperation of all pairs of states, as a matrix.

        Args:
            most: states to show; of more, those that are watched or have the strongest ties.
        """
        return plotted(self, most=most)

    def to_frame(self) -> pd.DataFrame:
        """Cooperation of all pairs at the opening, with uncertain numbers at their median.

        Columns: ``pair``, ``domain`` (``overall`` or one of the scenario's) and ``level``, from -1
        to 1.
        """
        return tabled(self)

    @property
    def slug(self) -> str:
        """Its name as a folder: that of its file."""
        return self._slug

    @property
    def file(self) -> Path | None:
        """Where it was read from; None for a text or a dict."""
        return self._file

    @property
    def folder(self) -> Path | None:
        """Where its file is, and the files that claims compare with; None if not known."""
        return self._folder

    @property
    def changed(self) -> tuple[str, ...]:
        """The dotted paths that were changed since its file, by ``--set`` or ``with_changes``."""
        return tuple(path for path in self._changes if path != "recoded")

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed since its file, by dotted path; None for what was removed."""
        return dict(self._changes)

    @property
    def title(self) -> str:
        """Its name for people, with what was changed since its file."""
        return title_of(self.name, self._changes)

    def named(self, slug: str, changes: dict[str, Any] | None = None) -> Scenario:
        """The same scenario under another folder name, and with other changes noted if given."""
        copy = self.model_copy()
        copy._slug = slug
        copy._changes = self._changes if changes is None else dict(changes)
        return copy

    def pair_names(self, pairs: Iterable[Sequence[str]]) -> list[str]:
        """Pairs as results name them: as `watch` spells them, else `ties`, else alphabetically.

        Args:
            pairs: two states each, in either order.
        """
        spelled = self._spelled_pairs
        return [spelled.get(frozenset(pair)) or "-".join(sorted(pair)) for pair in pairs]

    @cached_property
    def _spelled_pairs(self) -> dict[frozenset[str], str]:
        ties = (*self.watch, *sorted(self.ties, key=lambda tie: tie.one_sided))
        return {frozenset(tie.pair): f"{tie.first}-{tie.second}" for tie in reversed(ties)}

    def pair_name(self, pair: str) -> str:
        """A pair as results name it (see :meth:`pair_names`), from ``PAK-RUS`` or ``RUS-PAK``."""
        (name,) = self.pair_names([pair.split("-")])
        return name

    def opening_interests(self, code: str) -> Interests:
        """The interests of a state that the opening was read with: its own, but for those that
        its reference has."""
        own, read = self.states[code], self.reference.get(code)
        if read is None:
            return own
        return Interests.model_construct(
            ties={**own.ties, **read.ties},
            issues={**own.issues, **read.issues},
            capacity={**own.capacity, **read.capacity},
        )

    @property
    def watched_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs to show first, each in alphabetical order, without repeats."""
        chosen = [tie.pair for tie in self.watch or self.ties]
        pairs = list(dict.fromkeys(chosen)) or list(combinations(sorted(self.states), 2))
        return tuple(pairs if self.watch else pairs[:6])

    @property
    def claimed_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs that claims judge in one domain, without repeats."""
        ties = (tie for claim in self.claims.values() for tie in claim.expect.ties)
        return tuple(dict.fromkeys(tie.pair for tie in ties if tie.domain is not None))

    @property
    def pairs_by_domain(self) -> tuple[tuple[str, str], ...]:
        """The pairs to keep by domain: the watched ones, then those that claims need."""
        return tuple(dict.fromkeys((*self.watched_pairs, *self.claimed_pairs)))

    @property
    def pairs_of_interest(self) -> tuple[tuple[str, str], ...]:
        """The watched pairs, then those that claims judge, overall or in one domain."""
        judged = (tie.pair for claim in self.claims.values() for tie in claim.expect.ties)
        return tuple(dict.fromkeys((*self.watched_pairs, *judged)))

    @property
    def as_written(self) -> dict[str, Any]:
        """The resolved scenario as plain data: inheritance and changes applied."""
        data: dict[str, Any] = plain(self._tree)
        return data

    def with_changes(self, changes: dict[str, Any]) -> Scenario:
        """This scenario with values changed, by dotted path.

        Args:
            changes: as on the command line, ``{"events.recognise_armenia.off": False}``;
                None removes.

        Raises:
            ScenarioError: the changed scenario has problems.
        """
        return self._change(self, changes)

    def recoded(self, changes: dict[str, Any]) -> Scenario:
        """This scenario with interests read differently, by dotted path.

        The opening is at rest with the interests as they are read, so nothing moves by this alone;
        with :meth:`with_changes` they differ from what the opening was read with, and relations
        move.

        Raises:
            ScenarioError: the changed scenario has problems, or a path is no interest.
        """
        return self._change(self, {**changes, "recoded": list(changes)})


SECTIONS = tuple(field.alias or name for name, field in Scenario.model_fields.items())


def title_of(name: str, changes: dict[str, Any]) -> str:
    """The name of a scenario, with what was changed since its file, by path.

    Who changes the name as well has named the changes. Long values are cut, and of many changes
    the first are shown.
    """
    if "name" in changes:
        return name
    listed = [f"{path}={shown_text(value)}" for path, value in changes.items()]
    shown = [
        change if len(change) <= LONGEST_CHANGE else f"{change[: LONGEST_CHANGE - 1]}…"
        for change in listed[:CHANGES_SHOWN]
    ]
    if len(listed) > len(shown):
        shown.append(f"{len(listed) - len(shown)} more")
    return f"{name}, with {', '.join(shown)}" if shown else name
