"""Writes the fitted defaults: hindcasts a series and keeps what it says in the package.

    python scripts/write_fitted.py SERIES.csv

Numbers of the model change with it: afterwards `make schema golden gallery`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from relsim.results.hindcast import run_hindcast, save_parameters

TARGET = Path(__file__).parents[1] / "src" / "relsim" / "scenario" / "fitted.json"


def main(series: Path) -> None:
    """Hindcasts with the simulation, whose coverage is shown beside fans."""
    with TemporaryDirectory() as place:
        save_parameters(run_hindcast(series, out=place), TARGET)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
