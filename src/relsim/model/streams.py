"""The names of the random processes, and the numbers drawn once per run.

Names are made of what a person wrote (codes, domains, events, paths), never of positions, so a
process keeps its draws whatever else stands in the scenario.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def process_key(name: str) -> int:
    """The 64-bit number that stands for a process name in the counter of the generator."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def process_keys(names: Iterable[str]) -> NDArray[np.uint64]:
    """The keys of several processes, in order."""
    return np.array([process_key(name) for name in names], dtype=np.uint64)


def noise_keys(pairs: Sequence[tuple[str, str]], domains: Sequence[str]) -> NDArray[np.uint64]:
    """The processes of noise, a < b: shocks to each pair by domain [pairs × D], domains innermost,
    then of each pair as a whole [pairs]: its drift, and the news that all its domains share.
    """
    by_domain = [f"posture:{a}-{b}.{domain}" for a, b in pairs for domain in domains]
    return process_keys([*by_domain, *(f"pair:{a}-{b}" for a, b in pairs)])


def event_keys(events: Iterable[str]) -> NDArray[np.uint64]:
    """Whether a chance event fires."""
    return process_keys(f"event:{name}" for name in events)


def number_keys(names: Iterable[str]) -> NDArray[np.uint64]:
    """Uncertain numbers, drawn once per run."""
    return process_keys(f"number:{name}" for name in names)
