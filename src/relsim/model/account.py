"""The account of a pull: its parts, as of the moment states decide.

A part is what a rule gives when only this interest is there, so the rules of the step are used
and none is written a second time. Parts of a directed pair i → j stand in the order of
:func:`part_count`: affinity, chance (the pair's drift, and what chance elsewhere passes on), each
third party, each issue, reciprocity, each event.
"""

from __future__ import annotations

import numpy as np

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.plan import Numbers, Plan, Program, Sizes, World
from relsim.model.step import fill_chance_pull, fill_state_pull
from relsim.model.structs import Floats, Ints, Struct, floats, ints

AFFINITY, CHANCE, FIRST_THIRD_PARTY = 0, 1, 2  # places on the axis of parts


class Accounts(Struct):
    """Where a batch writes accounts: R runs, T + 1 moments, S sides, D domains.

    Moment 0 is the opening, before anything happens; moment t + 1 is step t after its events,
    when states decide. A side is one direction of a pair.
    """

    sides = ints("S 2")  # state indices: who decides, and on whom
    part = floats("R T+1 S D parts")  # pull units
    lasting = floats("R T+1 S D E")  # what of each event's part does not fade
    pull = floats("R T+1 S D")
    posture = floats("R T+1 S D")
    slope = floats("R T+1 S D")  # posture per pull: how far the target moves with the pull
    interest = floats("R T+1 S N")  # tie weights in force
    tie = floats("R T+1 S N")  # overall cooperation with every state
    domain_weight = floats("R D")

    @classmethod
    def empty(cls, sides: Ints, program: Program, runs: int) -> Accounts:
        """Accounts to fill."""
        sizes, steps = program.sizes, program.plan.steps
        axes = sizes.axes | {"R": runs, "T+1": steps + 1, "S": len(sides)}
        return cls.zeros({**axes, "parts": part_count(sizes)}, sides=sides)


def part_count(sizes: Sizes) -> int:
    """How many parts a pull has: affinity, chance, N third parties, M issues, reciprocity, E."""
    return FIRST_THIRD_PARTY + sizes.states + sizes.issues + 1 + sizes.events


@compiled
def record_accounts(
    first: int,
    used: int,
    moment: int,
    plan: Plan,
    numbers: Numbers,
    world: World,
    accounts: Accounts,
) -> None:
    """Writes the accounts of every side at one moment of the runs in the first ``used`` lanes."""
    fill_chance_pull(plan, numbers, world)
    for lane in range(used):
        for d in range(plan.domains):
            accounts.domain_weight[first + lane, d] = numbers.domain_weight[d, lane]
    rows = slice(first, first + used)
    for side in range(accounts.sides.shape[0]):
        i, j = accounts.sides[side, 0], accounts.sides[side, 1]
        part = accounts.part[rows, moment, side]
        _fill_own_parts(i, j, numbers, world, part)
        _fill_third_parties(i, j, numbers, world, part)
        _fill_issues(i, j, numbers, world, part)
        _fill_events(i, j, plan, world, part, accounts.lasting[rows, moment, side])
        _fill_decision(i, j, first, moment, side, used, numbers, world, accounts)


@compiled
def _fill_decision(
    i: int,
    j: int,
    first: int,
    moment: int,
    side: int,
    used: int,
    numbers: Numbers,
    world: World,
    accounts: Accounts,
) -> None:
    """The whole pull of j on i and what i makes of it, by the functions that the step uses; and
    the ties on which it rests."""
    states, domains, _ = numbers.capacity.shape
    fill_state_pull(i, numbers, world, world.pull[i])
    for lane in range(used):
        r = first + lane
        for d in range(domains):
            pull = world.pull[i, j, d, lane]
            ceiling = min(numbers.capacity[i, d, lane], numbers.capacity[j, d, lane])
            shown = world.posture[i, j, d, lane] + world.chance[i, j, d, lane]
            accounts.slope[r, moment, side, d] = rules.target_slope(pull, ceiling)
            accounts.pull[r, moment, side, d] = pull + world.chance_pull[i, j, 0, lane]
            accounts.posture[r, moment, side, d] = rules.within_limit(shown)
        for k in range(states):
            accounts.interest[r, moment, side, k] = world.interest[i, k, lane]
            accounts.tie[r, moment, side, k] = world.overall[i, k, lane]


@compiled
def _fill_own_parts(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """What is left of affinity, what chance adds, and reciprocity.

    Args:
        out: [used, D, parts], filled.
    """
    states, issues, _ = numbers.stance.shape
    place = FIRST_THIRD_PARTY + states + issues
    for lane in range(out.shape[0]):
        for d in range(out.shape[1]):
            out[lane, d, AFFINITY] = world.history_left[lane] * world.affinity[i, j, d, lane]
            out[lane, d, CHANCE] = world.chance_pull[i, j, 0, lane]
            out[lane, d, place] = rules.reciprocity_pull(
                numbers.reciprocity[i, lane],
                world.posture[j, i, d, lane],
                world.posture[i, j, d, lane],
            )


@compiled
def _fill_third_parties(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of j on i by way of each third party alone, by domain."""
    states, _, lanes = numbers.stance.shape
    alone, pull = np.zeros((states, lanes)), np.zeros((states, out.shape[1], lanes))
    for k in range(states):
        for lane in range(lanes):
            alone[k, lane] = world.interest[i, k, lane]
        rules.fill_third_party_pull(
            i,
            alone,
            numbers.alignment_gain,
            numbers.rivalry_gain,
            world.caused,
            world.room,
            pull,
        )
        alone[k, :] = 0.0
        for lane in range(out.shape[0]):
            for d in range(out.shape[1]):
                out[lane, d, FIRST_THIRD_PARTY + k] = pull[j, d, lane]


@compiled
def _fill_issues(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of j on i by each issue alone, the same in all domains."""
    states, issues, lanes = numbers.stance.shape
    gain = np.empty(lanes)
    rules.fill_attention_share(i, numbers.salience, numbers.issue_gain, gain)
    for m in range(issues):
        for lane in range(out.shape[0]):
            weighed = numbers.salience[i, m, lane] * numbers.stance[i, m, lane]
            out[lane, :, FIRST_THIRD_PARTY + states + m] = (
                weighed * numbers.stance[j, m, lane] * gain[lane]
            )


@compiled
def _fill_events(i: int, j: int, plan: Plan, world: World, out: Floats, lasting: Floats) -> None:
    """What the pushes of each event do to the posture of i towards j, and what of it stays.

    Args:
        out: [used, D, parts].
        lasting: [used, D, E].
    """
    domains = plan.domains
    first_event = out.shape[2] - plan.timing.size
    out[:, :, first_event:] = 0.0
    lasting[:] = 0.0
    first_cell = (i * plan.states + j) * domains
    for push in range(plan.push_event.size):
        event = plan.push_event[push]
        for index in range(plan.cell_start[push], plan.cell_start[push + 1]):
            d = plan.cell[index] - first_cell
            if 0 <= d < domains:
                for lane in range(out.shape[0]):
                    force = world.fading[push, lane] + world.lasting[push, lane]
                    out[lane, d, first_event + event] += force
                    lasting[lane, d, event] += world.lasting[push, lane]
