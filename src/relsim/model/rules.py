"""What a month means: one function per mechanism, each called by Mesa agents and the kernel.

Symbols and sources are those of docs/ODD.md. Arrays: N states, M issues, D domains, L lanes (runs
side by side); i is the state that acts, j the one it faces. Pull units are the argument of the
squashing function. Rules of single numbers are written out where they are called, so that the
loops over lanes become vector instructions.
"""

from __future__ import annotations

import math

from relsim.model.compilation import compiled, inlined, woven
from relsim.model.plan import Floats

POSTURE_LIMIT = 0.999  # posture lies in (-1, 1); the pull that would hold it here is 22


@inlined
def pair_cooperation(forth: float, back: float, mutuality: float) -> float:
    """Cooperation c of two postures: it takes two, so the less willing side weighs more.

    (1 - κ)·mean + κ·min with κ = ``mutuality`` in [0, 1]. Symmetric.
    """
    return (1.0 - mutuality) * (0.5 * (forth + back)) + mutuality * min(forth, back)


@compiled
def fill_cooperation(
    posture: Floats,
    domain_weight: Floats,
    domain_total: Floats,
    mutuality: Floats,
    cooperation: Floats,
    overall: Floats,
) -> None:
    """Cooperation of every pair, by domain and overall (mean by domain weight).

    Args:
        posture: p [N, N, D, L].
        domain_weight, domain_total: [D, L] and their sum [L].
        mutuality: κ [L].
        cooperation: c [N, N, D, L], filled.
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
                    c = pair_cooperation(forth, back, mutuality[lane])
                    cooperation[i, j, d, lane] = c
                    cooperation[j, i, d, lane] = c
                    overall[i, j, lane] += domain_weight[d, lane] * c
            for lane in range(lanes):
                total = domain_total[lane]
                mean = overall[i, j, lane] / total if total > 0.0 else 0.0
                overall[i, j, lane] = mean
                overall[j, i, lane] = mean


@inlined
def weight_in_force(weight: float, fading: float) -> float:
    """A tie weight that fades with a context variable z: weight·max(0, 1 - z)."""
    return weight * max(0.0, 1.0 - fading)


@woven
def fill_third_party_pull(
    interest: Floats, ties: Floats, overall: Floats, gain: Floats, lever: Floats, out: Floats
) -> None:
    """Structural balance weighted by interest: τ·Σ_k w_ik·C_ik·C_kj, for every j.

    The friend of a friend draws, the friend of a rival repels (Heider 1946; Marvel, Kleinberg,
    Kleinberg and Strogatz 2011). C has a zero diagonal, so k = i and k = j drop out.

    Args:
        interest: weights in force w_i [N, L].
        ties: C_i [N, L], overall cooperation of i.
        overall: C [N, N, L].
        gain: τ [L].
        lever: [L], overwritten.
        out: [N, L], filled, in pull units.
    """
    n_states, lanes = interest.shape
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] = 0.0
    for k in range(n_states):
        matters = False
        for lane in range(lanes):
            lever[lane] = interest[k, lane] * ties[k, lane]
            matters |= lever[lane] != 0.0
        if matters:
            for j in range(n_states):
                for lane in range(lanes):
                    out[j, lane] += lever[lane] * overall[k, j, lane]
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] *= gain[lane]


@woven
def fill_issue_pull(
    i: int, stance: Floats, salience: Floats, gain: Floats, lever: Floats, out: Floats
) -> None:
    """Closeness on issues: ι·Σ_m s_im·x_im·x_jm, for every j.

    Positions and saliences as in the spatial tradition (Bueno de Mesquita 1984, 1997).

    Args:
        stance, salience: x and s [N, M, L].
        gain: ι [L].
        lever: [L], overwritten.
        out: [N, L], filled, in pull units.
    """
    n_states, n_issues, lanes = stance.shape
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] = 0.0
    for m in range(n_issues):
        for lane in range(lanes):
            lever[lane] = salience[i, m, lane] * stance[i, m, lane]
        for j in range(n_states):
            for lane in range(lanes):
                out[j, lane] += lever[lane] * stance[j, m, lane]
    for j in range(n_states):
        for lane in range(lanes):
            out[j, lane] *= gain[lane]


@inlined
def reciprocity_pull(reciprocity: float, received: float, extended: float) -> float:
    """Answering in kind: r_i·(p_ji - p_ij) (Goldstein and Freeman 1991)."""
    return reciprocity * (received - extended)


@inlined
def total_pull(
    affinity: float, third_party: float, issue: float, answer: float, stimulus: float
) -> float:
    """The pull of j on i in a domain, u = affinity + third parties + issues + reciprocity
    + stimulus, in pull units."""
    return affinity + (third_party + issue) + answer + stimulus


@inlined
def target_posture(pull: float, ceiling: float) -> float:
    """Where a pull leads: u/√(1 + u²), scaled to what both can afford where positive."""
    target = pull / math.sqrt(1.0 + pull * pull)
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
    return min(max(share, -POSTURE_LIMIT), POSTURE_LIMIT)


@inlined
def opening_posture(level: float, ceiling: float) -> float:
    """The opening level, kept to what both can afford, so that it can be at rest."""
    share = share_of_ceiling(level, ceiling)
    return share * ceiling if share > 0.0 else share


@inlined
def moved_posture(posture: float, target: float, kept: float, spread: float, shock: float) -> float:
    """One Ornstein-Uhlenbeck step, exact for a constant target, kept in (-1, 1).

    Args:
        kept: share of the distance to the target that remains, e^(-η·Δ).
        spread: standard deviation of the step, v·√(1 - e^(-2η·Δ)).
        shock: a standard normal.
    """
    moved = target + (posture - target) * kept + spread * shock
    return min(max(moved, -POSTURE_LIMIT), POSTURE_LIMIT)


@inlined
def share_kept(adaptability: float, months: float) -> float:
    """e^(-η·Δ), η per month."""
    return math.exp(-adaptability * months)


@inlined
def step_spread(volatility: float, adaptability: float, months: float) -> float:
    """v·√(1 - e^(-2η·Δ)), where v is the stationary standard deviation."""
    return volatility * math.sqrt(-math.expm1(-2.0 * adaptability * months))


@inlined
def shock_shares(correlation: float) -> tuple[float, float]:
    """How much of a shock both sides of a pair share, and how much is a side's own.

    Both live through the same news: √(½(1 + q)) and √(½(1 - q)) give a correlation of q.
    """
    return math.sqrt(0.5 * (1.0 + correlation)), math.sqrt(0.5 * (1.0 - correlation))


@inlined
def factor_shares(correlation: float) -> tuple[float, float]:
    """How much of what both sides share is news to all domains, and how much to one.

    One common factor: √ρ and √(1 - ρ) give a correlation of ρ between domains.
    """
    return math.sqrt(correlation), math.sqrt(1.0 - correlation)


@inlined
def side_shock(common: float, apart: float, side: float) -> float:
    """The shock to one side of a pair: what both share, and what sets the ``side`` (1 or -1)
    apart from the other."""
    return common + side * apart


@inlined
def drift_step(drift: float, months: float, shock: float) -> float:
    """The change of affinity in a step, ω·√(Δ/12)·ζ: a random walk, ω per √year."""
    return drift * math.sqrt(months / 12.0) * shock


@inlined
def decay_factor(half_life: float, months: float) -> float:
    """What is left of a pulse after a step, 2^(-Δ/half-life)."""
    return math.exp2(-months / half_life)


@inlined
def firing_probability(hazard: float, months: float) -> float:
    """The probability that a chance event fires in a step, 1 - e^(-h·Δ/12), h per year."""
    return -math.expm1(-hazard * months / 12.0)
