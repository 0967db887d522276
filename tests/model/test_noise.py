"""The generator against published vectors, its normals against theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from draws_by_name import normals
from relsim.model.noise import fill_normals, philox, uniform
from relsim.model.streams import noise_keys, process_key, process_keys

U = np.uint64


# Known-answer vectors of philox4x32-10 as published with Random123 (Salmon et al. 2011).
@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        (
            [0xFFFFFFFF] * 4,
            [0xFFFFFFFF] * 2,
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
        ),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_published_answers(
    counter: list[int], key: list[int], answer: list[int]
) -> None:
    words = philox(*(U(word) for word in [*counter, *key]))
    assert [int(word) for word in words] == answer


def many(processes: int, seed: int = 1, run: int = 2, step: int = 3) -> np.ndarray:
    keys = process_keys(f"p{n}" for n in range(processes))
    return lanes_of(keys, seed, [run], step)[..., 0]


def lanes_of(keys: np.ndarray, seed: int, runs: list[int], step: int) -> np.ndarray:
    """Both normals [2, processes, runs]."""
    first, second, scratch = (np.zeros((keys.size, len(runs))) for _ in range(3))
    fill_normals(keys, U(seed), np.array(runs, dtype=U), U(step), first, second, scratch)
    return np.stack([first, second])


def test_runs_side_by_side_draw_what_each_draws_alone() -> None:
    keys, runs = process_keys("abc"), [7, 0, 2**32 - 1, 7]
    together = lanes_of(keys, 1, runs, 3)
    for lane, run in enumerate(runs):
        assert np.array_equal(together[..., lane], lanes_of(keys, 1, [run], 3)[..., 0])


def words_of(name: str, seed: int, run: int, step: int) -> list[int]:
    key = process_key(name)
    low = U(0xFFFFFFFF)
    split = U(key) & low, U(key) >> U(32), U(seed) & low, U(seed) >> U(32)
    return [int(word) for word in philox(U(step), U(run), *split)]


def test_normals_are_the_box_muller_transform_of_the_words() -> None:
    seed, run, step = 99, 5, 17
    drawn = many(500, seed, run, step)
    for n in range(500):
        w0, w1, w2, w3 = words_of(f"p{n}", seed, run, step)
        u = 1.0 - ((w1 << 32 | w0) >> 12) * 2.0**-52
        turn = ((w3 << 32 | w2) >> 12) * 2.0**-52
        radius = np.sqrt(-2.0 * np.log(u))
        expected = radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn)
        np.testing.assert_allclose(drawn[:, n], expected, rtol=0, atol=4e-15)


def test_normals_are_standard_and_independent() -> None:
    drawn = np.concatenate([many(20_000, run=run) for run in range(10)], axis=1)
    size = drawn.shape[1]
    for row in drawn:
        assert stats.kstest(row, "norm").pvalue > 1e-3
        assert abs(row.mean()) < 4 / np.sqrt(size)
        assert abs(row.var() - 1) < 4 * np.sqrt(2 / size)
        assert abs(stats.kurtosis(row)) < 4 * np.sqrt(24 / size)
    pairs = [drawn[0] * drawn[1], drawn[0, :-1] * drawn[0, 1:]]
    for products in pairs:
        assert abs(products.mean()) < 4 / np.sqrt(size)


def test_uniforms_fill_the_unit_interval() -> None:
    key = U(process_key("event:floods"))
    draws = np.array([uniform(key, U(7), U(run), U(0)) for run in range(5000)])
    assert (draws >= 0).all()
    assert (draws < 1).all()
    assert stats.kstest(draws, "uniform").pvalue > 1e-3


def test_a_draw_depends_on_nothing_but_its_name_seed_run_and_step() -> None:
    together = many(300)
    alone = [normals(f"p{n}", 1, 2, 3) for n in (0, 7, 299)]
    assert [tuple(together[:, n]) for n in (0, 7, 299)] == alone
    base = normals("p0", 1, 2, 3)
    others = [("p1", 1, 2, 3), ("p0", 2, 2, 3), ("p0", 1, 3, 3), ("p0", 1, 2, 4)]
    assert all(normals(*other) != base for other in others)


def test_every_process_has_a_name_of_its_own() -> None:
    codes = [f"S{n:03d}" for n in range(60)]
    pairs = [(a, b) for a in codes for b in codes if a < b]
    keys = noise_keys(pairs, ("diplomatic", "economic"))
    assert len(set(keys.tolist())) == keys.size == len(pairs) * 3
