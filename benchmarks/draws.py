"""relsim's named draws a second time, in NumPy and for many runs at once.

Written from docs/ODD.md: a draw is Philox4x32-10 (Salmon and others 2011) of the counter
(step, run, name) under the key ``seed``, where a name is its BLAKE2b hash of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def keys_of(names: Iterable[str]) -> Words:
    """The hashes of process names."""
    digests = (blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def normals(keys: Words, seed: int, run: int, steps: int) -> tuple[Floats, Floats]:
    """Two standard normals of each process in each step of a run, each [steps, processes]."""
    first, second = _uniforms(keys, seed, run, steps)
    radius, angle = np.sqrt(-2 * np.log(1 - first)), 2 * np.pi * second
    return radius * np.cos(angle), radius * np.sin(angle)


def normals_in_turn(keys: Words, seed: int, run: int, steps: int) -> Floats:
    """A standard normal of each process in each step of a run, [steps, processes].

    The two of a block serve an even step and the next.
    """
    even, odd = normals(keys, seed, run, (steps + 1) // 2)
    return np.stack((even, odd), axis=1).reshape(-1, len(keys))[:steps]


def uniforms(keys: Words, seed: int, run: int, steps: int) -> Floats:
    """A uniform from [0, 1) of each process in each step of a run, [steps, processes]."""
    return _uniforms(keys, seed, run, steps)[0]


def _uniforms(keys: Words, seed: int, run: int, steps: int) -> tuple[Floats, Floats]:
    step = np.arange(steps, dtype=np.uint64)[:, None]
    c0, c1, c2, c3 = np.broadcast_arrays(step, np.uint64(run), keys & _LOW, keys >> _32)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        product_0, product_1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1 = (product_1 >> _32) ^ c1 ^ np.uint64(k0), product_1 & _LOW
        c2, c3 = (product_0 >> _32) ^ c3 ^ np.uint64(k1), product_0 & _LOW
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return _fraction(c0, c1), _fraction(c2, c3)


def _fraction(low: Words, high: Words) -> Floats:
    """The upper 52 of 64 bits as a number from [0, 1)."""
    bits = (high << _32 | low) >> np.uint64(12)
    return bits.astype(np.float64) * 2.0**-52
