"""The command line: each command is one call of the Python API.

A module holds the commands of one purpose; `inputs` turns what they name into scenarios and
results.
"""

from __future__ import annotations

import errno
import gc
import os
import sys

import typer

from relsim.cli.application import EXIT_PROBLEMS, EXIT_RESULTS, EXIT_STOPPED, Interrupted, app
from relsim.cli.compare import compare
from relsim.cli.experiment import experiment
from relsim.cli.explain import explain
from relsim.cli.files import diff, new, schema, validate
from relsim.cli.hindcast import hindcast
from relsim.cli.listing import list_
from relsim.cli.observe import observe
from relsim.cli.report import report
from relsim.cli.run import run
from relsim.cli.verify import verify
from relsim.errors import DamagedError, RelsimError, ScenarioError

# Objects between collections. Charts and scenarios are trees of many small objects without
# cycles; at Python's 700, looking through them takes a fifth of a family's time.
GARBAGE_THRESHOLD = 100_000
LONGEST_PLACE = 200  # characters of a path that are shown

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


def main() -> None:
    """Runs the command line; problems become lines and an exit code, never a traceback."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    try:
        app()
    except ScenarioError as error:
        for problem in error.problems:
            typer.secho(str(problem), err=True)
        count = len(error.problems)
        typer.secho(f"{count} problem{'s' if count != 1 else ''}.", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_PROBLEMS)
    except Interrupted as stop:
        typer.secho(str(stop), err=True, fg=typer.colors.YELLOW)
        sys.stdout.flush()
        os._exit(EXIT_STOPPED)  # without waiting for threads that summarise, draw or wait
    except DamagedError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(EXIT_PROBLEMS)
    except RelsimError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(EXIT_RESULTS)
    except OSError as error:
        typer.secho(_of_the_system(error), err=True, fg=typer.colors.RED)
        sys.exit(EXIT_PROBLEMS if error.errno == errno.ENAMETOOLONG else EXIT_RESULTS)


def _of_the_system(error: OSError) -> str:
    """What the system refuses, with the place."""
    place, reason = str(error.filename or "relsim"), error.strerror or str(error)
    return f"{place if len(place) <= LONGEST_PLACE else place[:LONGEST_PLACE] + '…'}: {reason}."
