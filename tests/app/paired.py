"""A changed scenario and its base in few runs, for tests of what the page shows of the two."""

from __future__ import annotations

import relsim
from scenarios_to_test import STATUS_QUO

SCENARIO = relsim.load(STATUS_QUO)
CHANGES = {"PAK.ties.USA.weight": -0.4, "events.prime_minister_visit.off": False}
RUNS, SEED = 40, 11
