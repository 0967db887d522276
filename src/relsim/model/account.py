"""The account of a pull: its parts, as of the moment states decide, for one pair of states.

A part is what a rule gives when only this interest is there, so the rules of the step are used
and none is written a second time. Parts of a directed pair i → j stand in the order of
:func:`part_count`: affinity, chance (the pair's drift, and what chance elsewhere passes on), each
third party, each issue, reciprocity, each event.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.kernel import Batch, open_runs
from relsim.model.plan import Numbers, Plan, Sizes, World
from relsim.model.structs import Floats, Ints, Struct, array_of, floats, ints
from relsim.model.step import (
    begin_step,
    end_step,
    fill_chance_pull,
    fill_state_pull,
    respond,
)


AFFINITY, CHANCE, FIRST_THIRD_PARTY = 0, 1, 2  # places on the axis of parts


class Accounts(Struct):
    """Where a batch writes its accounts: R runs, T + 1 moments, D domains.

    Moment 0 is the opening, before anything happens; moment t + 1 is step t after its events,
    when states decide. The two directions are first → second and back.
    """

    pair = ints("2")  # indices of the states
    part = floats("R T+1 2 D parts")  # pull units
    lasting = floats("R T+1 2 D E")  # what of each event's part does not fade
    pull = floats("R T+1 2 D")
    posture = floats("R T+1 2 D")
    slope = floats("R T+1 2 D")  # posture per pull: how far the target moves with the pull
    interest = floats("R T+1 2 N")  # tie weights in force
    tie = floats("R T+1 2 N")  # overall cooperation of either with every state
    domain_weight = floats("R D")
    fired = array_of(np.uint8, "R T E")


def part_count(states: int, issues: int, events: int) -> int:
    """How many parts a pull has: affinity, chance, N third parties, M issues, reciprocity, E."""
    return FIRST_THIRD_PARTY + states + issues + 1 + events


def empty_accounts(pair: tuple[int, int], sizes: Sizes, steps: int, runs: int) -> Accounts:
    """Accounts to fill for the states of ``pair``, by index."""
    states, issues, events, domains = sizes.states, sizes.issues, sizes.events, sizes.domains
    by_domain = (runs, steps + 1, 2, domains)
    by_state = (runs, steps + 1, 2, states)
    return Accounts(
        pair=np.array(pair, dtype=np.int64),
        part=np.zeros((*by_domain, part_count(states, issues, events))),
        lasting=np.zeros((*by_domain, events)),
        pull=np.zeros(by_domain),
        posture=np.zeros(by_domain),
        slope=np.zeros(by_domain),
        interest=np.zeros(by_state),
        tie=np.zeros(by_state),
        domain_weight=np.zeros((runs, domains)),
        fired=np.zeros((runs, steps, events), dtype=np.uint8),
    )


@compiled
def simulate_accounts(
    plan: Plan, numbers: Numbers, world: World, batch: Batch, accounts: Accounts
) -> None:
    """Simulates the runs of a batch, each as the ensemble does, and accounts for every step.

    Args:
        plan, numbers, world, batch: as of :func:`relsim.model.kernel.simulate_batch`.
        accounts: filled.
    """
    runs = np.empty(world.domain_total.size, dtype=np.uint64)
    for first in range(0, batch.drawn.shape[0], runs.size):
        used = open_runs(plan, numbers, world, batch, first, runs)
        for lane in range(used):
            accounts.domain_weight[first + lane, :] = numbers.domain_weight[:, lane]
        _record(first, used, 0, plan, numbers, world, accounts)
        for step in range(plan.steps):
            if batch.stop[0]:
                return
            begin_step(plan, numbers, world, batch.seed, runs, np.uint64(step))
            _record(first, used, step + 1, plan, numbers, world, accounts)
            for event in range(world.fired.shape[0]):
                for lane in range(used):
                    accounts.fired[first + lane, step, event] = world.fired[event, lane]
            respond(plan, numbers, world)
            end_step(plan, numbers, world, np.uint64(step))


@compiled
def _record(
    first: int,
    used: int,
    moment: int,
    plan: Plan,
    numbers: Numbers,
    world: World,
    accounts: Accounts,
) -> None:
    """Writes the accounts of both directions at one moment of the runs in the used lanes."""
    these = slice(first, first + used)
    fill_chance_pull(plan, numbers, world)
    for direction in range(2):
        i, j = accounts.pair[direction], accounts.pair[1 - direction]
        part = accounts.part[these, moment, direction]
        _fill_own_parts(i, j, numbers, world, part)
        _fill_third_parties(i, j, numbers, world, part)
        _fill_issues(i, j, numbers, world, part)
        _fill_events(i, j, plan, world, part, accounts.lasting[these, moment, direction])
        pull, slope = (
            accounts.pull[these, moment, direction],
            accounts.slope[these, moment, direction],
        )
        _fill_pull(i, j, numbers, world, pull)
        _fill_slope(i, j, numbers.capacity, pull, slope)
        for lane in range(used):
            for d in range(plan.domains):
                pull[lane, d] += world.chance_pull[i, j, 0, lane]
                accounts.posture[first + lane, moment, direction, d] = rules.within_limit(
                    world.posture[i, j, d, lane] + world.chance[i, j, d, lane]
                )
            accounts.interest[first + lane, moment, direction, :] = world.interest[i, :, lane]
            accounts.tie[first + lane, moment, direction, :] = world.overall[i, :, lane]


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
        alone[k, :] = world.interest[i, k]
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


@compiled
def _fill_pull(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of j on i by causes, by domain [used, D], by the function that the step uses."""
    fill_state_pull(i, numbers, world, world.pull[i])
    for lane in range(out.shape[0]):
        out[lane, :] = world.pull[i, j, :, lane]


@compiled
def _fill_slope(i: int, j: int, capacity: Floats, pull: Floats, out: Floats) -> None:
    """How far the target of i towards j moves with its pull, by domain [used, D]."""
    for lane in range(pull.shape[0]):
        for d in range(pull.shape[1]):
            ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
            out[lane, d] = rules.target_slope(pull[lane, d], ceiling)
