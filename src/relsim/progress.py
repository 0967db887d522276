"""Progress bars for whoever waits: at a prompt and in notebooks. Scripts print nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Progress: TypeAlias = Callable[
    [int], None
]  # called with the number of runs that have just finished

DELAY = 1.0  # seconds; what is done sooner needs no bar
_COUNTED = "{desc} {percentage:3.0f} % |{bar:28}| {n_fmt} of {total_fmt} runs, {remaining} left"
_UNCOUNTED = "{desc} …"


class _NotebookLine:
    """A line of a notebook that each text replaces, and that is empty in the end.

    What is written over on standard output stays in a saved notebook.
    """

    def __init__(self) -> None:
        self._shown: Any = None

    def write(self, text: str) -> None:
        """Shows the text."""
        from IPython.display import display

        content = {"text/plain": text.strip()}
        if self._shown is not None:
            self._shown.update(content, raw=True)
        elif text.strip():
            self._shown = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def flush(self) -> None:
        """What is written is shown at once."""


class Bar:
    """A line that names the phase and counts runs.

    Args:
        runs: how many there will be; None if that is not known.
    """

    def __init__(self, runs: int | None = None) -> None:
        from tqdm import tqdm

        # Whoever types at a prompt or in a notebook has sys.ps1, a script has not.
        self._bar: Any = tqdm(
            desc="Simulating",
            total=runs,
            delay=DELAY,
            leave=False,
            file=_NotebookLine() if "ipykernel" in sys.modules else sys.stdout,
            disable=not hasattr(sys, "ps1"),
            bar_format=_COUNTED if runs else _UNCOUNTED,
        )

    def phase(self, text: str) -> None:
        """Names what begins, at once."""
        self._bar.set_description_str(text)

    def expects(self, runs: int) -> None:
        """Sets the length of the bar."""
        self._bar.total, self._bar.bar_format = runs, _COUNTED

    def runs_done(self, runs: int) -> None:
        """Some more runs have finished."""
        self._bar.update(runs)

    def close(self) -> None:
        """Takes the line away."""
        self._bar.close()


@contextmanager
def bar(runs: int | None = None) -> Iterator[Bar]:
    """A bar that goes away when done."""
    shown = Bar(runs)
    try:
        yield shown
    finally:
        shown.close()


@contextmanager
def told(progress: Progress | bool, runs: int) -> Iterator[Progress | None]:
    """What to call as runs finish: the caller's function, a bar for True, nothing for False."""
    if progress is True:
        with bar(runs) as shown:
            yield shown.runs_done
    else:
        yield progress or None
