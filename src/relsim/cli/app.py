"""relsim app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relsim.cli.application import EXIT_PROBLEMS, fail
from relsim.cli.inputs import whole

MOST_PORT = 65_535


def app_(
    on: Annotated[
        Path,
        typer.Argument(
            metavar="[SCENARIO | RESULT | FOLDER]",
            help="What is opened; of a folder, the first scenario in it. The current folder if "
            "absent.",
            show_default=False,
        ),
    ] = Path(),
    port: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, MOST_PORT),
            metavar="N",
            help="The port to listen on. Without it 8321, or the next that is free.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="The address to listen on. With any other than 127.0.0.1, others in the network "
            "who have the token can read and write scenarios in the folder."
        ),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser; print the address alone.")
    ] = False,
    agent: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:CLASS",
            help="In the view Step, states decide by this subclass of relsim.StateAgent.",
        ),
    ] = None,
) -> None:
    """Move assumptions and watch the futures follow, on a page in your browser."""
    from importlib.util import find_spec

    lacking = [name for name in ("starlette", "uvicorn", "wsproto") if find_spec(name) is None]
    if lacking:
        fail(f"The app needs {', '.join(lacking)}: pip install 'relsim[app]'.", EXIT_PROBLEMS)
    import webbrowser

    from relsim.app.folder import start_on
    from relsim.app.server import Serving
    from relsim.app.stepping import agent_class_of
    from relsim.ensemble.chunks import kernel_is_compiled

    start = start_on(on)
    agent_class = None if agent is None else agent_class_of(agent)
    with Serving(start, host=host, port=port, agent_class=agent_class) as serving:
        typer.echo(f"{serving.address}\nCtrl-C ends it.")
        if not kernel_is_compiled(accounts=True):
            typer.echo("The model is being compiled, once for each installation: half a minute.")
        if not no_browser:
            webbrowser.open(serving.address)
        serving.wait()
