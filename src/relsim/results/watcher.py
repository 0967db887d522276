"""Somebody who is told how far a run is: a progress bar, a log, nobody."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Somebody who is told how far a run is."""

    def phase(self, text: str) -> None:
        """A phase begins."""

    def expects(self, runs: int) -> None:
        """So many runs will be simulated, where that is known only now."""

    def runs_done(self, runs: int) -> None:
        """Some more runs have finished."""


class Nobody:
    """A watcher that does not look."""

    def phase(self, text: str) -> None:
        """Ignored."""

    def expects(self, runs: int) -> None:
        """Ignored."""

    def runs_done(self, runs: int) -> None:
        """Ignored."""
