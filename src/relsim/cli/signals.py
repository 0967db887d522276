"""Signals that end a command: each as Ctrl-C does, so that it can say what is kept."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C, kill and shutdown, the terminal is closed
# One wish to end may come as several signals: timeout, shells and closed terminals send theirs to
# the process and to its group. Whoever sends another after so many seconds wants the end at once.
ONE_WISH = 1.0


class Stopping:
    """Which signal came first, and when.

    Attributes:
        number: of the signal; 0 while none came.
    """

    def __init__(self) -> None:
        self.number = 0
        self._since = 0.0

    @property
    def code(self) -> int:
        """The exit code: 128 and the number of the signal, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Interrupts the work; on a second wish ends the process."""
        if not self.number:
            self.number, self._since = number, time.monotonic()
            warnings.simplefilter("ignore")  # of work that libraries leave half done
            raise KeyboardInterrupt
        if time.monotonic() - self._since > ONE_WISH:
            os._exit(self.code)


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """Lets signals that end a command interrupt it, save those that are ignored, as by nohup."""
    stopping = Stopping()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in ENDING if hasattr(signal, name)):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, stopping.stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
