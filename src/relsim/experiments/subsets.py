"""All subsets of a few things: coalitions of players, portfolios of levers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.stats import Values

MOST_MEMBERS = 10  # 1,024 subsets; each member more doubles what is simulated


def every_subset(members: int) -> Values:
    """All subsets in binary order, [2^members, members]: 1 is in, 0 is out.

    The first row is empty, the last is full; the first column is the highest bit.
    """
    places = np.arange(members - 1, -1, -1)
    rows: Values = ((np.arange(2**members)[:, None] >> places) & 1).astype(np.float64)
    return rows


def binary_order(points: Values) -> NDArray[np.int64]:
    """Where each row of :func:`every_subset` stands among points [P, members], [2^members].

    Raises:
        RelsimError: the points are not every subset once.
    """
    members = points.shape[1]
    codes = (points @ 2.0 ** np.arange(members - 1, -1, -1)).astype(np.int64)
    order = np.argsort(codes, kind="stable")
    if not np.array_equal(codes[order], np.arange(2**members)):
        raise RelsimError(
            f"Of {members} there are {2**members:,} subsets, each needed once; "
            f"these {len(points):,} points are not those."
        )
    return order
