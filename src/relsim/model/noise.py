"""Named randomness: a draw is a function of (seed, process name, run, step) and nothing else.

A counter-based generator (Philox4x32-10; Salmon, Moraes, Dror and Shaw 2011, "Parallel random
numbers: as easy as 1, 2, 3") is keyed by the seed and counts (step, run, process name). No
draw depends on which others were made, so adding a state, an event or a run moves none, and
scenarios on one seed are paired run by run.

Normals come from the Box-Muller transform, two from each block, always: fixed consumption. Its
logarithm, sine and cosine are polynomials here, made of additions, multiplications, divisions
and square roots alone. Those are correctly rounded everywhere, so the draws are the same bits
on every machine, and the loops run in the vector lanes of the processor.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from relsim.model.compilation import compiled, inlined
from relsim.model.structs import Floats

_U = np.uint64
_MULTIPLIER_0, _MULTIPLIER_1 = _U(0xD2511F53), _U(0xCD9E8D57)
_WEYL_0, _WEYL_1 = _U(0x9E3779B9), _U(0xBB67AE85)
_LOW_32, _32, _12 = _U(0xFFFFFFFF), _U(32), _U(12)
_ONE_BITS = _U(0x3FF0000000000000)  # the double 1.0
_SQRT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)  # the double √½
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@inlined
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Philox4x32-10: a counter of four and a key of two 32-bit words to four random words.

    All in uint64 holding 32 bits.
    """
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0 = (product_1 >> _32) ^ c1 ^ k0
        c1 = product_1 & _LOW_32
        c2 = (product_0 >> _32) ^ c3 ^ k1
        c3 = product_0 & _LOW_32
        k0 = (k0 + _WEYL_0) & _LOW_32
        k1 = (k1 + _WEYL_1) & _LOW_32
    return c0, c1, c2, c3


@compiled
def uniform(key: np.uint64, seed: np.uint64, run: np.uint64, step: np.uint64) -> float:
    """One draw from [0, 1) of the process ``key``, 52 random bits."""
    c0, c1, _, _ = philox(step, run, key & _LOW_32, key >> _32, seed & _LOW_32, seed >> _32)
    bits = ((c1 << _32) | c0) >> _12
    return np.float64(np.int64(bits)) * 2.0**-52


@compiled
def fill_normals(
    keys: NDArray[np.uint64],
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
    first: Floats,
    second: Floats,
    scratch: Floats,
) -> None:
    """Two independent standard normals of each process and run, into ``first`` and ``second``.

    Args:
        keys: uint64[n], the processes.
        seed, step: uint64.
        runs: uint64[L].
        first, second: float64[n, L], filled.
        scratch: float64[n, L], overwritten.
    """
    fill_uniforms(keys, seed, runs, step, first, second)
    size = first.size
    radius, cosine, sine = scratch.reshape(size), first.reshape(size), second.reshape(size)
    _fill_radius(cosine, radius)
    _turn(radius, cosine, sine)


@compiled
def fill_uniforms(
    keys: NDArray[np.uint64],
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
    first: Floats,
    second: Floats,
) -> None:
    """Two draws from [1, 2) of each process and run: random bits under the exponent of 1.0. The
    first, less 1, is that of :func:`uniform`.

    Args:
        keys: uint64[n], the processes.
        seed, step: uint64.
        runs: uint64[L].
        first, second: float64[n, L], filled.
    """
    k0, k1 = seed & _LOW_32, seed >> _32
    first_bits, second_bits = first.view(np.uint64), second.view(np.uint64)
    for n in range(keys.size):
        low, high = keys[n] & _LOW_32, keys[n] >> _32
        for lane in range(runs.size):
            c0, c1, c2, c3 = philox(step, runs[lane], low, high, k0, k1)
            first_bits[n, lane] = (((c1 << _32) | c0) >> _12) | _ONE_BITS
            second_bits[n, lane] = (((c3 << _32) | c2) >> _12) | _ONE_BITS


@compiled
def _fill_radius(uniforms: Floats, radius: Floats) -> None:
    """√(-2·ln u) with u = 2 - uniform in (0, 1].

    The logarithm: u = 2^e·f with f in [√½, √2), ln f = 2·artanh(s), s = (f-1)/(f+1), by the
    minimax polynomial of fdlibm's log (Sun Microsystems 1993), below 1 ulp.
    """
    bits = uniforms.view(np.int64)
    for n in range(uniforms.size):
        uniforms[n] = 2.0 - uniforms[n]
    for n in range(uniforms.size):
        exponent = (bits[n] - _SQRT_HALF_BITS) >> 52
        bits[n] = bits[n] - (exponent << 52)
        radius[n] = np.float64(exponent)
    for n in range(uniforms.size):
        s = (uniforms[n] - 1.0) / (uniforms[n] + 1.0)
        z = s * s
        tail = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
        tail = 1.818357216161805012e-01 + z * tail
        tail = 2.222219843214978396e-01 + z * tail
        tail = 2.857142874366239149e-01 + z * tail
        tail = 3.999999999940941908e-01 + z * tail
        tail = 6.666666666666735130e-01 + z * tail
        logarithm = radius[n] * _LN2_HIGH + (2.0 * s + s * (z * tail) + radius[n] * _LN2_LOW)
        radius[n] = math.sqrt(-2.0 * logarithm)


@compiled
def _turn(radius: Floats, first: Floats, second: Floats) -> None:
    """The point at ``radius`` and an angle of ``second`` - 1 turns: cosine and sine parts.

    The angle is reduced to a quarter turn around 0 without error, since turns are exact in
    binary; the polynomials are fdlibm's kernel sine and cosine, below 1 ulp on ±π/4.
    """
    for n in range(radius.size):
        quarters = 4.0 * (second[n] - 1.0)
        nearest = np.floor(quarters + 0.5)
        x = (quarters - nearest) * 1.5707963267948966
        z = x * x
        sine = -2.50507602534068634195e-08 + z * 1.58969099521155010221e-10
        sine = 2.75573137070700676789e-06 + z * sine
        sine = -1.98412698298579493134e-04 + z * sine
        sine = 8.33333333332248946124e-03 + z * sine
        sine = x + x * z * (-1.66666666666666324348e-01 + z * sine)
        cosine = 2.08757232129817482790e-09 + z * -1.13596475577881948265e-11
        cosine = -2.75573143513906633035e-07 + z * cosine
        cosine = 2.48015872894767294178e-05 + z * cosine
        cosine = -1.38888888888741095749e-03 + z * cosine
        cosine = 1.0 - 0.5 * z + z * z * (4.16666666666666019037e-02 + z * cosine)
        half = np.floor(0.5 * nearest)
        odd = nearest - 2.0 * half
        sign = 1.0 - 2.0 * (half - 2.0 * np.floor(0.5 * half))
        length = radius[n] * sign
        first[n] = length * (cosine - odd * (sine + cosine))
        second[n] = length * (sine + odd * (cosine - sine))
