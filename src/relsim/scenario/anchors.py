"""What levels of cooperation stand for: the scale by which opening ties are coded."""

from __future__ import annotations

ANCHORS: dict[float, str] = {
    -0.9: "war",
    -0.6: "rivalry",
    -0.3: "sanctions, recalled envoys",
    0.0: "no relationship",
    0.2: "normal",
    0.4: "regular programmes",
    0.6: "strategic partnership",
    0.8: "alliance",
}


def next_anchor(level: float) -> float | None:
    """The first anchor above a level; None above the last."""
    return next((anchor for anchor in ANCHORS if anchor > level), None)
