"""The command line: each command is one call of the Python API.

A module holds the commands of one purpose, with the tables that they print. Modules import what is
slow to load inside of functions, so that ``--help`` is quick.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import os
import sys
from contextlib import suppress

import typer

from relsim.cli.app import app_
from relsim.cli.application import (
    EXIT_PROBLEMS,
    EXIT_RESULTS,
    EXIT_STOPPED,
    EXIT_UNREAD,
    Interrupted,
    app,
    stopped_by_signals,
)
from relsim.cli.compare import compare
from relsim.cli.experiment import experiment
from relsim.cli.explain import explain
from relsim.cli.files import diff, new, schema, validate
from relsim.cli.hindcast import hindcast
from relsim.cli.observe import observe
from relsim.cli.output import accept_any_text, leave_output, showing_warnings
from relsim.cli.results import list_, report, verify
from relsim.cli.run import run
from relsim.errors import DamagedError, RelsimError, ScenarioError, printable

# Objects between collections. Charts and scenarios are trees of many small objects without
# cycles; at Python's 700, looking through them takes a fifth of a family's time.
GARBAGE_THRESHOLD = 100_000
M_ARENA_MAX = -8  # of malloc.h
LONGEST_PATH = 200  # characters of a path that are shown

app.command()(run)
app.command()(compare)
app.command()(explain)
app.command()(experiment)
app.command()(hindcast)
app.command()(observe)
app.command()(diff)
app.command()(report)
app.command()(verify)
app.command(name="list")(list_)
app.command()(validate)
app.command()(new)
app.command()(schema)
app.command(name="app")(app_)


def main() -> None:
    """Runs the command line; problems become lines and an exit code, never a traceback."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    _share_one_heap()
    accept_any_text()
    with showing_warnings(), stopped_by_signals() as stopping:
        try:
            code = _exit_code()
        except OSError:  # the terminal is gone as well, to which it would be said
            leave_output()
            code = EXIT_UNREAD
        if stopping.number or code == EXIT_STOPPED:
            with suppress(OSError, AttributeError):
                sys.stdout.flush()
            os._exit(stopping.code)  # without waiting for threads that summarise, draw or wait
    sys.exit(code)


def _share_one_heap() -> None:
    """Has all threads take their memory from one heap, where the C library is glibc.

    It gives each thread that simulates a heap of its own, and what one has freed the others cannot
    use: a run of 1,000 futures then takes a hundred megabytes more, and no less time.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, 1)


def _exit_code() -> int:
    """Runs the command line, and says how it ended."""
    try:
        app()
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            return int(end.code or 0)
        leave_output()
        return EXIT_UNREAD
    except ScenarioError as error:
        for problem in error.problems:
            typer.secho(str(problem), err=True)
        count = len(error.problems)
        typer.secho(f"{count} problem{'s' if count != 1 else ''}.", err=True, fg=typer.colors.RED)
        return EXIT_PROBLEMS
    except Interrupted as stop:
        typer.secho(str(stop), err=True, fg=typer.colors.YELLOW)
        return EXIT_STOPPED
    except RelsimError as error:
        lines = "\n".join(map(printable, str(error).split("\n")))
        typer.secho(lines, err=True, fg=typer.colors.RED)
        return EXIT_PROBLEMS if isinstance(error, DamagedError) else EXIT_RESULTS
    except OSError as error:
        leave_output()
        typer.secho(printable(_of_the_system(error)), err=True, fg=typer.colors.RED)
        return EXIT_PROBLEMS if error.errno == errno.ENAMETOOLONG else EXIT_RESULTS
    return 0


def _of_the_system(error: OSError) -> str:
    """What the system refuses, with the file."""
    path, reason = str(error.filename or "Output"), error.strerror or str(error)
    shown = path if len(path) <= LONGEST_PATH else path[:LONGEST_PATH] + "…"
    return f"{shown} cannot be read or written: {reason}."
