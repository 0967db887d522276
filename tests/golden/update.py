"""Golden runs: a few runs of every shipped scenario, rewritten only on purpose.

``make golden`` rewrites them. Do so only after a change that is meant to move numbers, and
begin its entry in CHANGELOG.md with "Output-changing:".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from relsim.ensemble.simulate import simulate
from relsim.scenario.load import load
from scenarios_to_test import SHIPPED

GOLDEN = Path(__file__).with_name("runs.json")
RUNS, SEED = 3, 20260101


def levels(path: Path) -> dict[str, list[list[float]]]:
    """Overall cooperation of the watched pairs: by pair, [run][start, middle, end]."""
    scenario = load(path)
    data = simulate(scenario, runs=RUNS, seed=SEED).data["overall"]
    times = data.isel(time=[0, data.sizes["time"] // 2, -1])
    pairs = scenario.watched_pairs
    return {
        f"{a}-{b}": [
            [round(float(level), 7) for level in run] for run in times.sel(pair=name).values
        ]
        for (a, b), name in zip(pairs, scenario.pair_names(pairs), strict=True)
    }


def main() -> None:
    """Rewrites the golden runs."""
    found = {f"{path.parent.name}/{path.stem}": levels(path) for path in SHIPPED}
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {GOLDEN.name}: {len(found)} scenarios.")


if __name__ == "__main__":
    main()
