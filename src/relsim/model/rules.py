"""What a month means: one function per mechanism, each called by Mesa agents and the kernel.

Symbols and sources are those of docs/ODD.md. Arrays: N states, M issues, D domains, L lanes (runs
side by side); i is the state that acts, j the one it faces. Pull units are the argument of the
squashing function. Rules of single numbers are written out where they are called, so that the
loops over lanes become vector instructions.
"""

from __future__ import annotations

import math

import numpy as np

from relsim.model.compilation import compiled, inlined
from relsim.model.structs import Floats

LIMIT = 0.999  # posture and cooperation lie in (-1, 1); the pull that would hold them here is 22


@inlined
def pair_cooperation(forth: float, back: float, mutuality: float) -> float:
    """Cooperation c of two postures: it takes two, so the less willing side weighs more.

    (1 - κ)·mean + κ·min with κ = ``mutuality`` in [0, 1]. Symmetric.
    """
    return (1.0 - mutuality) * (0.5 * (forth + back)) + mutuality * min(forth, back)


@inlined
def within_limit(level: float) -> float:
    """A posture or a cooperation kept inside (-1, 1)."""
    return min(max(level, -LIMIT), LIMIT)


@compiled
def fill_cooperation(
    posture: Floats,
    chance: Floats,
    domain_weight: Floats,
    domain_total: Floats,
    mutuality: Floats,
    caused: Floats,
    overall: Floats,
) -> None:
    """Cooperation of every pair, by domain as caused, and overall (mean by domain weight).

    Args:
        posture: p [N, N, D, L], what states mean to extend.
        chance: [N, N, D, L], what chance adds to the cooperation of each pair.
        domain_weight, domain_total: [D, L] and their sum [L].
        mutuality: κ [L].
        caused: c̄ [N, N, D, L], filled: cooperation without what chance adds; with it, within the
            limit, it is c.
        overall: C [N, N, L], filled.
    """
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
        for j in range(i):
            for lane in range(lanes):
                overall[i, j, lane] = 0.0
            for d in range(n_domains):
                for lane in range(lanes):
                    forth, back = posture[i, j, d, lane], posture[j, i, d, lane]
                    level = pair_cooperation(forth, back, mutuality[lane])
                    caused[i, j, d, lane] = level
                    caused[j, i, d, lane] = level
                    level = within_limit(level + chance[i, j, d, lane])
                    overall[i, j, lane] += domain_weight[d, lane] * level
            for lane in range(lanes):
                total = domain_total[lane]
                mean = overall[i, j, lane] / total if total > 0.0 else 0.0
                overall[i, j, lane] = mean
                overall[j, i, lane] = mean


@inlined
def weight_in_force(weight: float, fading: float) -> float:
    """A tie weight that fades with a context variable z: weight·max(0, 1 - z)."""
    return weight * max(0.0, 1.0 - fading)


@compiled
def fill_third_party_pull(
    i: int,
    interest: Floats,
    alignment_gain: Floats,
    rivalry_gain: Floats,
    cooperation: Floats,
    weighed: Floats,
    out: Floats,
) -> None:
    """Third parties: towards the relations of those one takes a cue from, away from the friends of
    rivals; for every j, by domain.

    Σ_k g·w_ik·(c_kj - c_ij) over k with w_ik > 0, less Σ_k λ·|w_ik|·c_kj over k with w_ik < 0,
    for k other than i and j. The form is linear in what moves, c_kj; a product of c_ik and c_kj
    explains nothing out of sample (docs/ODD.md, docs/decisions.md).

    Args:
        i: the state that acts.
        interest: signed weights in force w_i [N, L].
        alignment_gain, rivalry_gain: g and λ [L].
        cooperation: c [N, N, D, L]; its diagonal is 0.
        weighed: [N + 4, L], overwritten.
        out: [N, D, L], filled, in pull units.
    """
    n_states, n_domains, lanes = out.shape
    who, count = np.full(n_states + 2, i), 0  # third parties that matter; filled up with none
    cues, own = weighed[n_states + 2], weighed[n_states + 3]
    cues[:] = 0.0
    for k in range(n_states):
        matters = False
        for lane in range(lanes):
            aligned = alignment_gain[lane] * max(interest[k, lane], 0.0)
            cues[lane] += aligned
            weighed[count, lane] = aligned + rivalry_gain[lane] * min(interest[k, lane], 0.0)
            matters |= weighed[count, lane] != 0.0
        if matters:
            who[count] = k
            count += 1
    weighed[count : count + 2] = 0.0
    # Two third parties at a time, so that memory is read and written less often.
    weight_a, weight_b, a, b = weighed[0], weighed[1], who[0], who[1]
    for j in range(n_states):
        for lane in range(lanes):  # j is no third party to its own relation
            own[lane] = cues[lane] - alignment_gain[lane] * max(interest[j, lane], 0.0)
        for d in range(n_domains):
            for lane in range(lanes):
                out[j, d, lane] = (
                    weight_a[lane] * cooperation[a, j, d, lane]
                    + weight_b[lane] * cooperation[b, j, d, lane]
                ) - own[lane] * cooperation[i, j, d, lane]
    for first in range(2, count, 2):
        weight_a, weight_b = weighed[first], weighed[first + 1]
        a, b = who[first], who[first + 1]
        for j in range(n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    out[j, d, lane] += (
                        weight_a[lane] * cooperation[a, j, d, lane]
                        + weight_b[lane] * cooperation[b, j, d, lane]
                    )


@inlined
def third_party_part(
    weight: float, alignment_gain: float, rivalry_gain: float, theirs: float, own: float
) -> float:
    """One term of :func:`fill_third_party_pull`, for one third party k: g·w_ik·(c_kj - c_ij) where
    the weight is positive, -λ·|w_ik|·c_kj where it is negative.

    Args:
        theirs, own: c_kj and c_ij.
    """
    aligned = alignment_gain * max(weight, 0.0)
    weighed = aligned + rivalry_gain * min(weight, 0.0)
    return 0.0 + weighed * theirs - aligned * own  # from 0.0, so that nothing is never -0.0


@compiled
def fill_issue_pull(
    i: int, stance: Floats, salience: Floats, gain: Floats, room: Floats, out: Floats
) -> None:
    """Closeness on issues: ι·Σ_m s_im·x_im·x_jm / max(1, Σ_m s_im), for every j.

    Positions and saliences as in the spatial tradition (Bueno de Mesquita 1984, 1997). Salience is
    a share of attention, so those of a state that add up to more than 1 are scaled to 1.

    Args:
        i: the state that acts.
        stance, salience: x and s [N, M, L].
        gain: ι [L].
        room: [2 or more, L], overwritten.
        out: [N, L], filled, in pull units.
    """
    n_states, n_issues, lanes = stance.shape
    share, weighed = room[0], room[1]
    fill_attention_share(i, salience, gain, share)
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] = 0.0
    for m in range(n_issues):
        for lane in range(lanes):
            weighed[lane] = salience[i, m, lane] * stance[i, m, lane]
        for j in range(n_states):
            for lane in range(lanes):
                out[j, lane] += weighed[lane] * stance[j, m, lane]
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] *= share[lane]


@compiled
def fill_attention_share(i: int, salience: Floats, gain: Floats, out: Floats) -> None:
    """The gain on the issues of a state, ι / max(1, Σ_m s_im), [L]."""
    for lane in range(out.size):
        total = 0.0
        for m in range(salience.shape[1]):
            total += salience[i, m, lane]
        out[lane] = gain[lane] / max(1.0, total)


@inlined
def reciprocity_pull(reciprocity: float, received: float, extended: float) -> float:
    """Answering in kind: r_i·(p_ji - p_ij) (Goldstein and Freeman 1991)."""
    return reciprocity * (received - extended)


@inlined
def total_pull(
    affinity: float, third_party: float, issue: float, answer: float, stimulus: float
) -> float:
    """What causes make of the pull of j on i in a domain, ū = affinity + third parties + issues
    + reciprocity + stimulus, in pull units. Chance adds to it: see :func:`chance_target`."""
    return affinity + (third_party + issue) + answer + stimulus


@inlined
def squashed(pull: float) -> float:
    """A pull as a level in (-1, 1): u/√(1 + u²)."""
    return pull / math.sqrt(1.0 + pull * pull)


@inlined
def target_posture(pull: float, ceiling: float) -> float:
    """Where a pull leads: u/√(1 + u²), scaled to what both can afford where positive."""
    target = squashed(pull)
    return target * ceiling if target > 0.0 else target


@inlined
def target_slope(pull: float, ceiling: float) -> float:
    """How far the target moves with a small pull: the derivative of :func:`target_posture`,
    (1 + u²)^(-3/2), times the ceiling where positive."""
    slope = (1.0 + pull * pull) ** -1.5
    return slope * ceiling if pull > 0.0 else slope


@inlined
def pull_at_rest(posture: float, ceiling: float) -> float:
    """The pull whose target is ``posture``: the inverse of :func:`target_posture`."""
    share = share_of_ceiling(posture, ceiling)
    return share / math.sqrt(1.0 - share * share)


@inlined
def share_of_ceiling(posture: float, ceiling: float) -> float:
    """A posture as a share of its ceiling where positive, kept within the posture limit."""
    share = posture
    if posture > 0.0:
        share = posture / ceiling if ceiling > 0.0 else 0.0
    return within_limit(share)


@inlined
def opening_posture(level: float, ceiling: float) -> float:
    """The opening level, kept to what both can afford, so that it can be at rest."""
    share = share_of_ceiling(level, ceiling)
    return share * ceiling if share > 0.0 else share


@inlined
def moved_posture(posture: float, target: float, kept: float) -> float:
    """Posture after a step towards a target, exact for a constant one.

    Args:
        kept: share of the distance to the target that remains, e^(-η·Δ).
    """
    return target + (posture - target) * kept


@inlined
def chance_target(pull: float, chance_pull: float) -> float:
    """Where chance leads a pair, beside what causes make of it: ½·(T(ū + b) - T(ū - b)).

    T is :func:`squashed`, ū the mean pull of both sides by causes, b what chance adds. A function
    of b that is odd has the median and the mean of b, 0, so the bend of T cannot turn chance into
    a slide. Ceilings bind what states mean to extend, not chance: means that raise one would else
    widen what chance takes away.
    """
    return 0.5 * (squashed(pull + chance_pull) - squashed(pull - chance_pull))


@inlined
def moved_chance(chance: float, target: float, kept: float, spread: float, shock: float) -> float:
    """What chance adds to a pair's cooperation, one Ornstein-Uhlenbeck step later.

    Args:
        kept: share of the distance to the target that remains, e^(-η·Δ).
        spread: standard deviation of the step, v·√(1 - e^(-2η·Δ)).
        shock: a standard normal.
    """
    return target + (chance - target) * kept + spread * shock


@inlined
def share_kept(adaptability: float, months: float) -> float:
    """e^(-η·Δ), η per month."""
    return math.exp(-adaptability * months)


@inlined
def step_spread(volatility: float, adaptability: float, months: float) -> float:
    """v·√(1 - e^(-2η·Δ)), where v is the stationary standard deviation."""
    return volatility * math.sqrt(-math.expm1(-2.0 * adaptability * months))


@inlined
def factor_shares(correlation: float) -> tuple[float, float]:
    """How much of a shock is news to all domains of a pair, and how much to one.

    One common factor: √ρ and √(1 - ρ) give a correlation of ρ between domains.
    """
    return math.sqrt(correlation), math.sqrt(1.0 - correlation)


@inlined
def drift_step(drift: float, months: float, shock: float) -> float:
    """The change of a pair's drift in a step, ω·√(Δ/12)·ζ: a random walk, ω per √year."""
    return drift * math.sqrt(months / 12.0) * shock


@inlined
def decay_factor(half_life: float, months: float) -> float:
    """What is left of a pulse, or of history, after a step: 2^(-Δ/half-life), in months."""
    return math.exp2(-months / half_life)


@inlined
def firing_probability(hazard: float, months: float) -> float:
    """The probability that a chance event fires in a step, 1 - e^(-h·Δ/12), h per year."""
    return -math.expm1(-hazard * months / 12.0)
