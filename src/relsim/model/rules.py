"""What a month means: one function per mechanism, each called by Mesa agents and the kernel.

Symbols and sources are those of docs/ODD.md. Arrays: N states, M issues, D domains; i is the
state that acts, j the one it faces. Pull units are the argument of the squashing function.
"""

from __future__ import annotations

import math

from relsim.model.compilation import compiled
from relsim.model.plan import Floats

POSTURE_LIMIT = 0.999  # posture lies in (-1, 1); the pull that would hold it here is 22


@compiled
def pair_cooperation(forth: float, back: float, mutuality: float) -> float:
    """Cooperation c of two postures: it takes two, so the less willing side weighs more.

    (1 - κ)·mean + κ·min with κ = ``mutuality`` in [0, 1]. Symmetric.
    """
    return (1.0 - mutuality) * (0.5 * (forth + back)) + mutuality * min(forth, back)


@compiled
def fill_cooperation(
    posture: Floats, domain_weight: Floats, mutuality: float, cooperation: Floats, overall: Floats
) -> None:
    """Cooperation of every pair, by domain [N, N, D] and overall [N, N] (weighted mean)."""
    n_states, _, n_domains = posture.shape
    total = 0.0
    for d in range(n_domains):
        total += domain_weight[d]
    for i in range(n_states):
        for j in range(i):
            mean = 0.0
            for d in range(n_domains):
                c = pair_cooperation(posture[i, j, d], posture[j, i, d], mutuality)
                cooperation[i, j, d] = c
                cooperation[j, i, d] = c
                mean += domain_weight[d] * c
            mean = mean / total if total > 0.0 else 0.0
            overall[i, j] = mean
            overall[j, i] = mean


@compiled
def weight_in_force(weight: float, fading: float) -> float:
    """A tie weight that fades with a context variable z: weight·max(0, 1 - z)."""
    return weight * max(0.0, 1.0 - fading)


@compiled
def fill_third_party_pull(
    interest: Floats, ties: Floats, overall: Floats, gain: float, out: Floats
) -> None:
    """Structural balance weighted by interest: τ·Σ_k w_ik·C_ik·C_kj, for every j.

    The friend of a friend draws, the friend of a rival repels (Heider 1946; Marvel, Kleinberg,
    Kleinberg and Strogatz 2011). C has a zero diagonal, so k = i and k = j drop out.

    Args:
        interest: weights in force w_i [N].
        ties: C_i [N], overall cooperation of i.
        overall: C [N, N].
        gain: τ.
        out: [N], filled, in pull units.
    """
    n_states = interest.size
    for j in range(n_states):
        out[j] = 0.0
    for k in range(n_states):
        lever = interest[k] * ties[k]
        if lever != 0.0:
            for j in range(n_states):
                out[j] += lever * overall[k, j]
    for j in range(n_states):
        out[j] *= gain


@compiled
def fill_issue_pull(i: int, stance: Floats, salience: Floats, gain: float, out: Floats) -> None:
    """Closeness on issues: ι·Σ_m s_im·x_im·x_jm, for every j.

    Positions and saliences as in the spatial tradition (Bueno de Mesquita 1984, 1997).

    Args:
        stance, salience: x and s [N, M].
        gain: ι.
        out: [N], filled, in pull units.
    """
    n_states, n_issues = stance.shape
    for j in range(n_states):
        total = 0.0
        for m in range(n_issues):
            total += salience[i, m] * stance[i, m] * stance[j, m]
        out[j] = gain * total


@compiled
def reciprocity_pull(reciprocity: float, received: float, extended: float) -> float:
    """Answering in kind: r_i·(p_ji - p_ij) (Goldstein and Freeman 1991)."""
    return reciprocity * (received - extended)


@compiled
def fill_pull(
    i: int,
    affinity: Floats,
    stimulus: Floats,
    third_party: Floats,
    issue: Floats,
    reciprocity: float,
    posture: Floats,
    out: Floats,
) -> None:
    """The pull of every j on i by domain, u = affinity + third parties + issues + reciprocity
    + stimulus, in pull units.

    Args:
        affinity, stimulus: a and e [N, N, D].
        third_party, issue: [N].
        reciprocity: r_i.
        posture: p [N, N, D].
        out: [N, D], filled.
    """
    n_states, _, n_domains = posture.shape
    for j in range(n_states):
        shared = third_party[j] + issue[j]
        for d in range(n_domains):
            answer = reciprocity_pull(reciprocity, posture[j, i, d], posture[i, j, d])
            out[j, d] = affinity[i, j, d] + shared + answer + stimulus[i, j, d]


@compiled
def target_posture(pull: float, ceiling: float) -> float:
    """Where a pull leads: u/√(1 + u²), scaled to what both can afford where positive."""
    target = pull / math.sqrt(1.0 + pull * pull)
    return target * ceiling if target > 0.0 else target


@compiled
def target_slope(pull: float, ceiling: float) -> float:
    """How far the target moves with a small pull: the derivative of :func:`target_posture`,
    (1 + u²)^(-3/2), times the ceiling where positive."""
    slope = (1.0 + pull * pull) ** -1.5
    return slope * ceiling if pull > 0.0 else slope


@compiled
def pull_at_rest(posture: float, ceiling: float) -> float:
    """The pull whose target is ``posture``: the inverse of :func:`target_posture`."""
    share = share_of_ceiling(posture, ceiling)
    return share / math.sqrt(1.0 - share * share)


@compiled
def share_of_ceiling(posture: float, ceiling: float) -> float:
    """A posture as a share of its ceiling where positive, kept within the posture limit."""
    share = posture
    if posture > 0.0:
        share = posture / ceiling if ceiling > 0.0 else 0.0
    return min(max(share, -POSTURE_LIMIT), POSTURE_LIMIT)


@compiled
def opening_posture(level: float, ceiling: float) -> float:
    """The opening level, kept to what both can afford, so that it can be at rest."""
    share = share_of_ceiling(level, ceiling)
    return share * ceiling if share > 0.0 else share


@compiled
def moved_posture(posture: float, target: float, kept: float, spread: float, shock: float) -> float:
    """One Ornstein-Uhlenbeck step, exact for a constant target, kept in (-1, 1).

    Args:
        kept: share of the distance to the target that remains, e^(-η·Δ).
        spread: standard deviation of the step, v·√(1 - e^(-2η·Δ)).
        shock: a standard normal.
    """
    moved = target + (posture - target) * kept + spread * shock
    return min(max(moved, -POSTURE_LIMIT), POSTURE_LIMIT)


@compiled
def share_kept(adaptability: float, months: float) -> float:
    """e^(-η·Δ), η per month."""
    return math.exp(-adaptability * months)


@compiled
def step_spread(volatility: float, adaptability: float, months: float) -> float:
    """v·√(1 - e^(-2η·Δ)), where v is the stationary standard deviation."""
    return volatility * math.sqrt(-math.expm1(-2.0 * adaptability * months))


@compiled
def pair_shocks(first: float, second: float, correlation: float) -> tuple[float, float]:
    """Two standard normals of the given correlation from two independent ones.

    Both sides of a pair live through the same news.
    """
    common = math.sqrt(0.5 * (1.0 + correlation)) * first
    own = math.sqrt(0.5 * (1.0 - correlation)) * second
    return common + own, common - own


@compiled
def drift_step(drift: float, months: float, shock: float) -> float:
    """The change of affinity in a step, ω·√(Δ/12)·ζ: a random walk, ω per √year."""
    return drift * math.sqrt(months / 12.0) * shock


@compiled
def decay_factor(half_life: float, months: float) -> float:
    """What is left of a pulse after a step, 2^(-Δ/half-life)."""
    return math.exp2(-months / half_life)


@compiled
def firing_probability(hazard: float, months: float) -> float:
    """The probability that a chance event fires in a step, 1 - e^(-h·Δ/12), h per year."""
    return -math.expm1(-hazard * months / 12.0)
