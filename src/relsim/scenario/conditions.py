"""What events and their effects may depend on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from relsim.scenario.parts import Key, Part, exactly_one
from relsim.scenario.references import VALUE, TieRef
from relsim.scenario.values import Number, fail


class Condition(Part):
    """Something that holds or not at the start of a step. Exactly one of tie, context, event."""

    tie: TieRef | None = Field(None, description="Cooperation of a tie ('>': a posture).")
    context: Key | None = Field(None, description="A context variable.")
    event: Key | None = Field(None, description="An event: holds once it has fired.")
    above: Annotated[Number, VALUE] | None = Field(None, description="Holds above this value.")
    below: Annotated[Number, VALUE] | None = Field(None, description="Holds below this value.")

    @model_validator(mode="after")
    def _one_question(self) -> Condition:
        exactly_one(self, ("tie", "context", "event"), "bad-condition")
        if self.event is not None:
            if self.above is not None or self.below is not None:
                raise fail("bad-condition", "An event has no level; it has fired or not.")
        else:
            exactly_one(self, ("above", "below"), "bad-condition")
        return self
