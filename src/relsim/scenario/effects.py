"""What events may change: each kind of effect with all that scenarios need to know of it.

Files, checks, warnings, figures and pages ask the class. `KINDS` lists the classes; CONTRIBUTING
says how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import Discriminator, Field, Tag

from relsim.scenario.names import HALF_LIFE, VALUE, ContextName, EventName, NumberRef, TieRef
from relsim.scenario.shipped import goldstein_weights, near_code
from relsim.scenario.text import shown_text
from relsim.scenario.values import (
    LARGE,
    Bounds,
    Distribution,
    Key,
    Number,
    Part,
    Remark,
    central,
    not_exactly_one,
)
from relsim.words import true_minus


class Condition(Part):
    """Something that holds or not at the start of a step. Exactly one of tie, context, event."""

    tie: TieRef | None = Field(None, description="Cooperation of a tie ('>': a posture).")
    context: ContextName | None = Field(None, description="A context variable.")
    event: EventName | None = Field(None, description="An event: holds once it has fired.")
    above: Annotated[Number, VALUE] | None = Field(None, description="Holds above this value.")
    below: Annotated[Number, VALUE] | None = Field(None, description="Holds below this value.")

    def mistakes(self) -> Iterator[Remark]:
        """More or less than one question."""
        one_subject = [*not_exactly_one(self, ("tie", "context", "event"), "bad-condition")]
        if one_subject:
            yield from one_subject
        elif "event" not in self.model_fields_set:
            yield from not_exactly_one(self, ("above", "below"), "bad-condition")
        elif {"above", "below"} & self.model_fields_set:
            yield Remark("", "bad-condition", "An event has no level; it has fired or not.")


PULL = Bounds("a size in pull units", -LARGE, LARGE)
SHARE = Bounds("a share", 0, 1)
SUSPICIOUS_SIZE = 1.0  # three times the strongest act on the Goldstein scale


class EffectPart(Part):
    """What every kind of effect says of itself.

    The ties, numbers and conditions in its fields are checked, marked in figures and explained
    without a word of its own. In the compiled scenario an effect on a tie is a push, with the
    numbers of one, and any other effect has one value.
    """

    @property
    def ties(self) -> tuple[TieRef, ...]:
        """The ties that it pushes."""
        return tuple(value for value in vars(self).values() if isinstance(value, TieRef))

    @property
    def numbers(self) -> tuple[NumberRef, ...]:
        """The numbers of the model that it changes."""
        return tuple(value for _, value in self if isinstance(value, NumberRef))

    def suspicions(self) -> Iterator[Remark]:
        """What is legal, but more likely a slip than a wish."""
        yield from ()

    def note(self, written: Mapping[str, Any], goldstein_unit: Number) -> str:
        """What a page adds to the effect as it is ``written`` in the file."""
        return ""


class Pulse(EffectPart):
    """A push on a tie that fades."""

    pulse: TieRef = Field(description="The tie; 'A>B' is A's posture towards B.")
    size: Annotated[Number, PULL] | None = Field(
        None, description="Pull units. With `cameo`, overrides the published weight."
    )
    cameo: Key | None = Field(
        None, description="CAMEO code; size = goldstein_unit × its Goldstein weight."
    )
    half_life: Annotated[Number, HALF_LIFE] | None = Field(
        None, description="A duration; `parameters.half_life` where absent."
    )
    lasting: Annotated[Number, SHARE] = Field(
        0.0, description="Share of the size that does not fade but goes into affinity."
    )
    only_if: Condition | None = Field(None, description="Applies only where this holds.")

    def mistakes(self) -> Iterator[Remark]:
        """No size, or the code of an act that is not on the scale."""
        if not {"size", "cameo"} & self.model_fields_set:
            yield Remark("", "missing-key", "A pulse needs a size or a cameo code.")
        if self.cameo is not None and self.cameo not in goldstein_weights():
            text = f"'{self.cameo}' is not a CAMEO code."
            yield Remark("cameo", "unknown-cameo", text, near_code(self.cameo))

    def suspicions(self) -> Iterator[Remark]:
        """A size beyond any act."""
        if self.size is not None:
            yield from _large_push(self.size)

    def note(self, written: Mapping[str, Any], goldstein_unit: Number) -> str:
        """The published weight of its act, and whether the file overrides it."""
        if self.cameo is None:
            return ""
        weight = goldstein_weights()[self.cameo]
        size = central(goldstein_unit) * weight
        published = true_minus(f" [Goldstein {weight:+g}, size {size:+.3f}]")
        if self.size is None:
            return published
        return f"{published} OVERRIDDEN by size {shown_text(written['size'])}"


class Shift(EffectPart):
    """A push on a tie that stays: all of it goes into affinity."""

    shift: TieRef = Field(description="The tie; 'A>B' is A's posture towards B.")
    size: Annotated[Number, PULL] = Field(description="Pull units.")
    only_if: Condition | None = Field(None, description="Applies only where this holds.")

    def suspicions(self) -> Iterator[Remark]:
        """A size beyond any act."""
        yield from _large_push(self.size)


def _large_push(size: Number) -> Iterator[Remark]:
    if abs(central(size)) > SUSPICIOUS_SIZE:
        text = f"A push of {central(size):g} pull units; the strongest act on the scale gives 0.3."
        yield Remark("size", "large-push", text)


class SetNumber(EffectPart):
    """A number of the model takes a new value."""

    set: NumberRef = Field(description="Which number, as in PAK.issues.karabakh.stance.")
    to: Annotated[Number, VALUE] = Field(description="The new value, in the unit of the number.")
    only_if: Condition | None = Field(None, description="Applies only where this holds.")

    def mistakes(self) -> Iterator[Remark]:
        """A value outside the range of the number."""
        limited = isinstance(self.to, Distribution) and self.to.kind in ("uniform", "triangular")
        extremes = self.to.arguments if isinstance(self.to, Distribution) and limited else ()
        for value in extremes or (central(self.to),):
            if text := self.set.bounds.objection(value):
                yield Remark("to", "out-of-range", text)


class AddToNumber(EffectPart):
    """A number of the model changes by an amount, kept in its range."""

    add: NumberRef = Field(description="Which number, as in PAK.ties.USA.")
    by: Annotated[Number, VALUE] = Field(description="The change, in the unit of the number.")
    only_if: Condition | None = Field(None, description="Applies only where this holds.")


_AnyKind: TypeAlias = (
    Annotated[Pulse, Tag("pulse")]
    | Annotated[Shift, Tag("shift")]
    | Annotated[SetNumber, Tag("set")]
    | Annotated[AddToNumber, Tag("add")]
)
# The kinds of effects by the key that an effect of the kind has and no other has.
KINDS: dict[str, type[EffectPart]] = {
    tag.tag: kind for kind, tag in (get_args(member) for member in get_args(_AnyKind))
}


def _key_of(raw: Any) -> str | None:
    if isinstance(raw, Part):
        return next(key for key, kind in KINDS.items() if isinstance(raw, kind))
    keys = [key for key in KINDS if key in raw] if isinstance(raw, dict) else []
    return keys[0] if len(keys) == 1 else None


Effect: TypeAlias = Annotated[
    _AnyKind,
    Discriminator(
        _key_of,
        custom_error_type="bad-effect",
        custom_error_message=f"An effect is a map with exactly one of {', '.join(KINDS)}.",
    ),
]
