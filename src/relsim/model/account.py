"""The account of a pull: its parts, as of the moment states decide.

A part is what a rule gives when only this interest is there, so the rules of the step are used
and none is written a second time. Parts of a directed pair i → j stand in the order of
:func:`part_count`: affinity, chance (the pair's drift, and what chance elsewhere passes on), each
third party, each issue, reciprocity, each event.

The account of one side is worked out for all lanes at once, and reduced as it is made: to its mean
and spread over the runs, and to what else is wanted of it. Run by run it would fill the memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.plan import Numbers, Plan, Program, Sizes, World
from relsim.model.step import fill_chance_pull, fill_state_pull
from relsim.model.structs import Floats, Ints, Struct, array_of, floats, ints

AFFINITY, CHANCE, FIRST_THIRD_PARTY = 0, 1, 2  # places on the axis of parts
LEVEL, CHANGE = 0, 1  # places on the axis of views


# What there is of one side, in the order of `now`, with its axes.
QUANTITIES = {
    "part": ("D+1", "parts"),
    "pull": ("D+1",),
    "lasting": ("D+1", "E"),
    "posture": ("D+1",),
    "slope": ("D+1",),
    "interest": ("N",),
    "tie": ("N",),
    "happened": ("E",),
}


class Accounts(Struct):
    """The account of one side at one moment, and what a batch keeps of those of all.

    R runs, S sides, L lanes; D + 1 domains, of which the first is the mean of all by their weights.
    Moment 0 is the opening, before anything happens; moment t + 1 is step t after its events,
    when states decide. A side is one direction of a pair. Empty axes keep nothing.
    """

    sides = ints("S 2")  # state indices: who decides, and on whom
    idle = array_of(np.uint8, "S K")  # 1 where a number is not worked out and stays 0
    share = floats("D L")  # of each domain in the weights of all
    # One side at one moment: views into `now`, which has its K numbers in this order.
    now = floats("K L")
    part = floats("D+1 parts L")  # pull units
    pull = floats("D+1 1 L")
    lasting = floats("D+1 E L")  # what of each event's part does not fade
    posture = floats("D+1 1 L")
    slope = floats("D+1 1 L")  # posture per pull: how far the target moves with the pull
    interest = floats("N L")  # tie weights in force
    tie = floats("N L")  # overall cooperation with every state
    happened = floats("E L")  # 1 where an event has happened by then
    # What is kept.
    recorded = array_of(np.float32, "recorded T S D parts")  # parts by run and domain
    history = floats("H S K R")  # the opening, or every moment
    before = floats("B S K R")  # what changes are measured from: one moment, or each its own
    mean = floats("summed views S K")  # over the runs, of each step
    squares = floats("summed views S K")  # sums of squared deviations from that mean

    @classmethod
    def empty(
        cls,
        sides: Ints,
        program: Program,
        runs: int,
        lanes: int,
        *,
        record: bool = False,
        whole: bool = False,
        before: Floats | None = None,
    ) -> Accounts:
        """Accounts to fill.

        Args:
            sides: [S, 2].
            program: whose pull it is.
            runs: how many.
            lanes: how many runs lie side by side at most.
            record: keep the parts of every run, and no means.
            whole: keep the history of every run, not its opening alone.
            before: what changes are measured from, [1 or T + 1, S, K, runs]; the opening of each
                run where absent.
        """
        sizes, steps = program.sizes, program.plan.steps
        axes = side_axes(sizes) | {"R": runs, "T": steps, "S": len(sides), "L": lanes, "views": 2}
        axes |= {"K": numbers_of_side(sizes), "recorded": runs if record else 0}
        axes |= {"summed": 0 if record else steps, "H": 0 if record else steps + 1 if whole else 1}
        now, history = (np.zeros(cls.shape(name, axes)) for name in ("now", "history"))
        idle = np.zeros(cls.shape("idle", axes), np.uint8)
        if before is None:
            before = history[:1]
            _set_idle(by_quantity(sizes, idle, 1), sides, program)
        views = by_quantity(sizes, now, 0)
        given = {name: view.reshape(cls.shape(name, axes)) for name, view in views.items()}
        given |= {"now": now, "history": history, "before": before}
        return cls.zeros(axes, sides=sides, idle=idle, **given)


def _set_idle(idle: dict[str, NDArray[np.uint8]], sides: Ints, program: Program) -> None:
    """Sets which numbers of each side are not worked out: parts of events without a push on it,
    which most events are, and beyond the first side what has happened.

    Args:
        idle: by quantity, each [S, ...].
        sides: [S, 2].
        program: with the events.
    """
    sizes, plan = program.sizes, program.plan
    event = np.repeat(plan.push_event, np.diff(plan.cell_start))
    for side, (i, j) in enumerate(sides):
        acts = event[plan.cell // sizes.domains == i * sizes.states + j]
        never = ~np.isin(np.arange(sizes.events), acts)
        idle["part"][side, :, part_count(sizes) - sizes.events :] = never
        idle["lasting"][side] = never
    idle["happened"][1:] = 1


def by_quantity(sizes: Sizes, values: NDArray[Any], axis: int) -> dict[str, NDArray[Any]]:
    """Views of an array by quantity, each with its own axes where there was the axis of K."""
    axes, start, views = side_axes(sizes), 0, {}
    axis %= values.ndim
    for name, dims in QUANTITIES.items():
        shape = [axes[dim] for dim in dims]
        stop = start + math.prod(shape)
        chosen = values[(*[slice(None)] * axis, slice(start, stop))]
        views[name] = chosen.reshape(*values.shape[:axis], *shape, *values.shape[axis + 1 :])
        start = stop
    return views


def numbers_of_side(sizes: Sizes) -> int:
    """How many numbers the account of one side has at a moment, K."""
    axes = side_axes(sizes)
    return sum(math.prod(axes[dim] for dim in dims) for dims in QUANTITIES.values())


def side_axes(sizes: Sizes) -> dict[str, int]:
    """Lengths of the axes of an account."""
    return sizes.axes | {"parts": part_count(sizes), "D+1": sizes.domains + 1}


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
    """Works out the account of every side at one moment of the runs in the first ``used`` lanes,
    and keeps of it what is wanted.

    Args:
        first: place in the batch of the run in the first lane; those before it are in the means.
        moment: 0 for the opening, t + 1 for step t.
    """
    fill_chance_pull(plan, numbers, world)
    for d in range(plan.domains):
        for lane in range(world.domain_total.size):
            total = world.domain_total[lane]
            share = numbers.domain_weight[d, lane] / total if total > 0.0 else 0.0
            accounts.share[d, lane] = share
    for side in range(accounts.sides.shape[0]):
        i, j = accounts.sides[side, 0], accounts.sides[side, 1]
        if _decides_first(side, accounts.sides):
            fill_state_pull(i, numbers, world, world.pull[i])
        _fill_own_parts(i, j, numbers, world, accounts.part)
        _fill_third_parties(i, j, numbers, world, accounts.part)
        _fill_issues(i, j, numbers, world, accounts.part)
        _fill_events(side, plan, world, accounts)
        _fill_decision(i, j, numbers, world, accounts)
        _fill_overalls(side, accounts)
        if moment < accounts.history.shape[0]:
            _keep(first, used, moment, side, accounts)
        if moment > 0 and accounts.recorded.shape[0] > 0:
            _record_parts(first, used, moment - 1, side, accounts)
        if moment > 0 and accounts.mean.shape[0] > 0:
            add_to_means(first, used, moment, side, accounts)


@compiled
def _decides_first(side: int, sides: Ints) -> bool:
    """Whether no side before this one is of the same state."""
    first = True
    for earlier in range(side):
        first &= sides[earlier, 0] != sides[side, 0]
    return first


@compiled
def _fill_decision(i: int, j: int, numbers: Numbers, world: World, accounts: Accounts) -> None:
    """The whole pull of j on i and what i makes of it, by the functions that the step uses; and
    the ties on which it rests."""
    states, domains, lanes = numbers.capacity.shape
    for d in range(domains):
        for lane in range(lanes):
            pull = world.pull[i, j, d, lane]
            ceiling = min(numbers.capacity[i, d, lane], numbers.capacity[j, d, lane])
            shown = world.posture[i, j, d, lane] + world.chance[i, j, d, lane]
            accounts.slope[1 + d, 0, lane] = rules.target_slope(pull, ceiling)
            accounts.pull[1 + d, 0, lane] = pull + world.chance_pull[i, j, 0, lane]
            accounts.posture[1 + d, 0, lane] = rules.within_limit(shown)
    for k in range(states):
        for lane in range(lanes):
            accounts.interest[k, lane] = world.interest[i, k, lane]
            accounts.tie[k, lane] = world.overall[i, k, lane]
    for event in range(accounts.happened.shape[0]):
        for lane in range(lanes):
            accounts.happened[event, lane] = min(world.times_fired[event, lane], 1)


@compiled
def _fill_own_parts(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """What is left of affinity, what chance adds, and reciprocity; ``out`` [D + 1, parts, L]."""
    states, issues, lanes = numbers.stance.shape
    place = FIRST_THIRD_PARTY + states + issues
    for d in range(out.shape[0] - 1):
        for lane in range(lanes):
            out[1 + d, AFFINITY, lane] = world.history_left[lane] * world.affinity[i, j, d, lane]
            out[1 + d, CHANCE, lane] = world.chance_pull[i, j, 0, lane]
            out[1 + d, place, lane] = rules.reciprocity_pull(
                numbers.reciprocity[i, lane],
                world.posture[j, i, d, lane],
                world.posture[i, j, d, lane],
            )


@compiled
def _fill_third_parties(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of j on i by way of each third party; ``out`` [D + 1, parts, L]."""
    states, _, lanes = numbers.stance.shape
    for d in range(out.shape[0] - 1):
        for k in range(states):
            for lane in range(lanes):
                out[1 + d, FIRST_THIRD_PARTY + k, lane] = rules.third_party_part(
                    world.interest[i, k, lane],
                    numbers.alignment_gain[lane],
                    numbers.rivalry_gain[lane],
                    world.caused[k, j, d, lane],
                    world.caused[i, j, d, lane],
                )
        for lane in range(lanes):  # j is no third party to its own relation
            out[1 + d, FIRST_THIRD_PARTY + j, lane] = 0.0


@compiled
def _fill_issues(i: int, j: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of j on i by each issue, the same in all domains; ``out`` [D + 1, parts, L]."""
    states, issues, lanes = numbers.stance.shape
    gain = world.room[0]
    rules.fill_attention_share(i, numbers.salience, numbers.issue_gain, gain)
    for m in range(issues):
        for d in range(out.shape[0] - 1):
            for lane in range(lanes):
                weighed = numbers.salience[i, m, lane] * numbers.stance[i, m, lane]
                out[1 + d, FIRST_THIRD_PARTY + states + m, lane] = (
                    weighed * numbers.stance[j, m, lane] * gain[lane]
                )


@compiled
def _fill_events(side: int, plan: Plan, world: World, accounts: Accounts) -> None:
    """What the pushes of each event do to the posture of i towards j, and what of it stays."""
    domains, lanes = plan.domains, world.domain_total.size
    out, lasting, idle = accounts.part, accounts.lasting, accounts.idle[side]
    first_event = out.shape[1] - plan.timing.size
    for event in range(plan.timing.size):
        if not idle[first_event + event]:
            out[1:, first_event + event] = 0.0
            lasting[1:, event] = 0.0
    first_cell = (accounts.sides[side, 0] * plan.states + accounts.sides[side, 1]) * domains
    for push in range(plan.push_event.size):
        event = plan.push_event[push]
        for index in range(plan.cell_start[push], plan.cell_start[push + 1]):
            d = plan.cell[index] - first_cell
            if 0 <= d < domains:
                for lane in range(lanes):
                    force = world.fading[push, lane] + world.lasting[push, lane]
                    out[1 + d, first_event + event, lane] += force
                    lasting[1 + d, event, lane] += world.lasting[push, lane]


@compiled
def _fill_overalls(side: int, accounts: Accounts) -> None:
    """Every quantity that has domains, as the mean of them."""
    parts, events = accounts.part.shape[1], accounts.lasting.shape[1]
    idle = accounts.idle[side, :parts]
    _fill_overall(accounts.share, idle, accounts.part)
    _fill_overall(accounts.share, idle[parts - events :], accounts.lasting)
    for values in (accounts.pull, accounts.posture, accounts.slope):
        _fill_overall(accounts.share, idle[AFFINITY:CHANCE], values)  # which never is


@compiled
def _fill_overall(share: Floats, idle: NDArray[np.uint8], values: Floats) -> None:
    """The mean of the domains by their shares in all weights [D, L], in front of them: ``values``
    [D + 1, X, L], save for what is idle, [X]."""
    domains, lanes = share.shape
    for x in range(values.shape[1]):
        if idle[x]:
            continue
        for lane in range(lanes):
            values[0, x, lane] = share[0, lane] * values[1, x, lane]
        for d in range(1, domains):
            for lane in range(lanes):
                values[0, x, lane] += share[d, lane] * values[1 + d, x, lane]


@compiled
def _keep(first: int, used: int, moment: int, side: int, accounts: Accounts) -> None:
    """The account of this moment, to the history of the runs."""
    now, out = accounts.now, accounts.history[moment, side]
    for k in range(now.shape[0]):
        if not accounts.idle[side, k]:
            for lane in range(used):
                out[k, first + lane] = now[k, lane]


@compiled
def _record_parts(first: int, used: int, step: int, side: int, accounts: Accounts) -> None:
    """The parts of this step by domain, to the rows of the runs."""
    domains, parts = accounts.recorded.shape[3:]
    for lane in range(used):
        out = accounts.recorded[first + lane, step, side]
        for d in range(domains):
            for part in range(parts):
                if not accounts.idle[side, part]:
                    out[d, part] = accounts.part[1 + d, part, lane]


@compiled
def add_to_means(first: int, used: int, moment: int, side: int, accounts: Accounts) -> None:
    """Adds the runs in the first ``used`` lanes to the mean of each number and of its change, and
    to the squared deviations from it, by the rule of Chan, Golub and LeVeque (1983).

    Sums over the lanes are of differences from the first of them. Since one difference is 0, the
    squares that remain are at least the ``used``-th part of the whole, so that hardly a digit is
    lost and none falls below 0, however large the numbers are beside their spread.
    """
    now = accounts.now
    before = accounts.before[min(moment, accounts.before.shape[0] - 1), side]
    share, apart = used / (first + used), first * used / (first + used)
    for k in range(now.shape[0]):
        if accounts.idle[side, k]:
            continue
        level, change = now[k, 0], now[k, 0] - before[k, first]
        levels, changes, level_squares, change_squares = 0.0, 0.0, 0.0, 0.0
        for lane in range(used):
            more = now[k, lane] - level
            levels += more
            level_squares += more * more
            more = (now[k, lane] - before[k, first + lane]) - change
            changes += more
            change_squares += more * more
        for view, start, total, squares in (
            (LEVEL, level, levels, level_squares),
            (CHANGE, change, changes, change_squares),
        ):
            gap = start + total / used - accounts.mean[moment - 1, view, side, k]
            accounts.mean[moment - 1, view, side, k] += gap * share
            within = squares - total * (total / used)
            accounts.squares[moment - 1, view, side, k] += within + gap * gap * apart
