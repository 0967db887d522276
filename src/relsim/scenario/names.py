"""How a scenario names its own parts: ties (``PAK-RUS.defence``) and numbers (``PAK.ties.USA``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from relsim.scenario.values import LARGE, Bounds, Key, fail, look_alike, show

CODE = r"[A-Za-z][A-Za-z0-9_]*"
_TIE = re.compile(rf"({CODE})([->])({CODE})(?:\.({CODE}))?")

COOPERATION = Bounds("cooperation", -1, 1)
WEIGHT = Bounds("a tie weight", -1, 1)
STANCE = Bounds("a stance", -1, 1)
SALIENCE = Bounds("a salience", 0, LARGE)
CAPACITY = Bounds("a capacity", 0, 1)
ADAPTABILITY = Bounds("adaptability", 0, LARGE)
RECIPROCITY = Bounds("reciprocity", 0, LARGE)
VOLATILITY = Bounds("volatility", 0, LARGE)
DRIFT = Bounds("drift", 0, LARGE)
DOMAIN_CORRELATION = Bounds("a correlation between domains", 0, 1)
MUTUALITY = Bounds("mutuality", 0, 1)
GAIN = Bounds("a gain", 0, LARGE)
HALF_LIFE = Bounds("a half-life", 0.01, LARGE, form="duration")
GOLDSTEIN_UNIT = Bounds("goldstein_unit", 0, LARGE)
CONTEXT = Bounds("a context variable", -LARGE, LARGE)
VALUE = Bounds("a value", -LARGE, LARGE)

PARAMETER_BOUNDS = {
    "alignment_gain": GAIN,
    "rivalry_gain": GAIN,
    "issue_gain": GAIN,
    "mutuality": MUTUALITY,
    "domain_correlation": DOMAIN_CORRELATION,
    "drift": DRIFT,
    "history_half_life": HALF_LIFE,
    "goldstein_unit": GOLDSTEIN_UNIT,
    "adaptability": ADAPTABILITY,
    "reciprocity": RECIPROCITY,
    "volatility": VOLATILITY,
}
TRAITS = ("adaptability", "reciprocity", "volatility")


@dataclass(frozen=True)
class NameOf:
    """As an annotation: the text is the name of something that the file has in a section.

    Attributes:
        kind: "state", "issue", "domain", "event" or "context".
        besides: a word that may stand there as well.
    """

    kind: str
    besides: str | None = None


StateName: TypeAlias = Annotated[Key, NameOf("state")]
IssueName: TypeAlias = Annotated[Key, NameOf("issue")]
DomainName: TypeAlias = Annotated[Key, NameOf("domain")]
EventName: TypeAlias = Annotated[Key, NameOf("event")]
ContextName: TypeAlias = Annotated[Key, NameOf("context")]


@dataclass(frozen=True)
class TieRef:
    """A tie as written.

    Attributes:
        first, second: codes of states; ``first`` is the one that acts where ``one_sided``.
        one_sided: written with '>', the posture of ``first`` towards ``second``; written with
            '-', both directions, or the cooperation between the two.
        domain: one domain, or None for all of them.
    """

    first: str
    second: str
    one_sided: bool = False
    domain: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """The two states in alphabetical order: the same for either spelling of the pair."""
        return (min(self.first, self.second), max(self.first, self.second))

    @property
    def directions(self) -> tuple[tuple[str, str], ...]:
        """The (from, to) postures that the tie stands for."""
        forth = (self.first, self.second)
        return (forth,) if self.one_sided else (forth, (self.second, self.first))

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What it names, by kind: two states, and perhaps a domain."""
        states = (("state", self.first), ("state", self.second))
        return states if self.domain is None else (*states, ("domain", self.domain))

    def __str__(self) -> str:
        domain = f".{self.domain}" if self.domain else ""
        return f"{self.first}{'>' if self.one_sided else '-'}{self.second}{domain}"

    @classmethod
    def read(cls, raw: Any) -> TieRef:
        """A tie from its text; raises a located error."""
        if isinstance(raw, TieRef):
            return raw
        match = _TIE.fullmatch(raw) if isinstance(raw, str) else None
        if match is None:
            hint = "Write two states, as in PAK-RUS, RUS>PAK or PAK-RUS.defence."
            raise fail("bad-tie", f"{show(raw)} is not a tie.", look_alike(raw) or hint)
        first, sign, second, domain = match.groups()
        if first == second:
            raise fail("self-tie", f"{show(raw)} ties a state to itself.")
        return cls(first, second, sign == ">", domain)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": f"^{_TIE.pattern}$",
            "examples": ["PAK-RUS", "RUS>PAK", "PAK-RUS.defence"],
        }


NumberKind: TypeAlias = Literal[
    "weight", "stance", "salience", "capacity", "trait", "parameter", "context"
]


@dataclass(frozen=True)
class NumberRef:
    """A number of the model that an event may set or add to, as written.

    Attributes:
        kind: which block of numbers it is in.
        state: the state that has it, where it belongs to one.
        key: the other state, the issue, the domain (None: every domain), the trait, the
            parameter or the context variable.
    """

    kind: NumberKind
    state: str | None
    key: str | None

    @property
    def bounds(self) -> Bounds:
        """The range of the number."""
        fixed = {
            "weight": WEIGHT,
            "stance": STANCE,
            "salience": SALIENCE,
            "capacity": CAPACITY,
            "context": CONTEXT,
        }
        return fixed[self.kind] if self.kind in fixed else PARAMETER_BOUNDS[str(self.key)]

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What it names, by kind: a state, and another state, an issue, a domain and so on."""
        kinds = {"weight": "state", "stance": "issue", "salience": "issue", "capacity": "domain"}
        kind = "context" if self.kind == "context" else kinds.get(self.kind)
        states = () if self.state is None else (("state", self.state),)
        return (*states, (kind, self.key)) if kind and self.key is not None else states

    @classmethod
    def read(cls, raw: Any) -> NumberRef:
        """A number's dotted path; raises a located error."""
        if isinstance(raw, NumberRef):
            return raw
        steps = tuple(raw.split(".")) if isinstance(raw, str) else ()
        if steps[:1] == ("states",):
            steps = steps[1:]
        match steps:
            case ("parameters", name) if name in PARAMETER_BOUNDS:
                return cls("parameter", None, name)
            case ("context", name):
                return cls("context", None, name)
            case (state, "ties", other) | (state, "ties", other, "weight"):
                return cls("weight", state, other)
            case (state, "issues", issue, ("stance" | "salience") as kind):
                return cls(kind, state, issue)
            case (state, "capacity"):
                return cls("capacity", state, None)
            case (state, "capacity", domain):
                return cls("capacity", state, domain)
            case (state, "traits", name) if name in TRAITS:
                return cls("trait", state, name)
        hint = "As in PAK.ties.USA, PAK.issues.karabakh.stance, PAK.capacity.defence, "
        hint += "PAK.traits.volatility, parameters.drift or context.multipolarity."
        text = f"{show(raw)} is not a number an event can change."
        raise fail("bad-path", text, look_alike(raw) or hint)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "string",
            "examples": ["PAK.ties.USA", "PAK.issues.karabakh.stance", "PAK.capacity.defence"],
        }
