"""Same question, same place: the id of a result is a hash of all that decides its numbers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from relsim import __version__
from relsim.analysis.until_clear import Looking
from relsim.ensemble.record import RecordLevel
from relsim.scenario.schema import Scenario

# Sections that do not move a number of the result.
_WORDS = ("name", "about", "sources", "ensemble")


@dataclass(frozen=True)
class Question:
    """What is asked of the engine.

    Attributes:
        looking: how the number of runs was chosen by looking; None where it was not.
        version: the relsim that answers it.
    """

    scenario: Scenario
    seed: int
    runs: int
    record: RecordLevel
    thin: int = 1
    looking: Looking | None = None
    version: str = __version__

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits over scenario, seed, runs, record, thin and engine version, and
        over what was to be settled by looking."""
        asked = {
            "scenario": self.scenario_hash,
            "seed": self.seed,
            "runs": self.runs,
            "record": self.record,
            "thin": self.thin,
            "relsim": self.version,
        }
        if self.looking is not None:
            asked["looking"] = self.looking.question
        return digest(asked)[:12]

    @property
    def scenario_hash(self) -> str:
        """SHA-256 of the resolved scenario less its words."""
        data = self.scenario.as_written
        return digest({key: value for key, value in data.items() if key not in _WORDS})


def digest(data: Any) -> str:
    """SHA-256 of plain data in canonical JSON; the order of keys counts, as events apply in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
