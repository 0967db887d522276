"""A made-up scenario of any size, with every mechanism in use."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import yaml

from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario

DOMAINS = ("diplomatic", "economic", "defence", "societal")
ISSUES = ("border", "creed", "trade_rules")
INTERESTS = 3  # tie interests of each state, of which the last is a rival
NEIGHBOURS = 12  # states with which each opens a tie, at most
START = 2020


def make_scenario(
    *, states: int = 12, months: int = 120, events: int = 20, volatility: float = 0.06
) -> Scenario:
    """A scenario of four domains and three issues; a fixed generator codes its numbers.

    Tie interests fade with a context variable on a path, so third parties are worked out anew
    every month. Events take turns: scheduled, periodic, by chance, by chance under a condition,
    by condition; pulses, shifts, sets and adds.
    """
    chance = random.Random(1)
    codes = [f"S{number:03d}" for number in range(states)]
    data: dict[str, Any] = {
        "relsim": 1,
        "name": "benchmark",
        "time": {"start": f"{START}-01", "end": f"{START + months // 12}-{months % 12 + 1:02d}"},
        "domains": dict.fromkeys(DOMAINS, 1),
        "context": {"multipolarity": {"start": 0.2, "end": 0.6}, "tension": 0.0},
        "issues": {name: {"minus": "no", "plus": "yes"} for name in ISSUES},
        "states": {code: _state(code, codes, chance) for code in codes},
        "ties": _ties(codes, chance),
        "parameters": {"volatility": volatility},
        "events": {
            f"event_{number}": _event(number, codes, months, chance) for number in range(events)
        },
        "watch": [f"{codes[0]}-{codes[1]}", f"{codes[0]}-{codes[2]}"],
    }
    return check_text(yaml.safe_dump(data, sort_keys=False)).require()


def _state(code: str, codes: list[str], chance: random.Random) -> dict[str, Any]:
    """Interests, two of the issues, and a ceiling in one domain."""
    others = [other for other in codes if other != code]
    ties: dict[str, Any] = {
        other: round(chance.uniform(0.05, 0.3), 2) for other in chance.sample(others, INTERESTS)
    }
    first, *_, rival = ties
    ties[rival] *= -1
    ties[first] = {"weight": ties[first], "fades_with": "multipolarity"}
    issues = {
        issue: {
            "stance": round(chance.uniform(-1, 1), 2),
            "salience": round(chance.uniform(0.1, 0.4), 2),
        }
        for issue in chance.sample(ISSUES, 2)
    }
    capacity = {chance.choice(DOMAINS): round(chance.uniform(0.7, 1), 2)}
    return {"ties": ties, "issues": issues, "capacity": capacity}


def _ties(codes: list[str], chance: random.Random) -> dict[str, Any]:
    """Opening levels by domain, within what any state can afford."""
    near = [
        pair for pair in combinations(range(len(codes)), 2) if pair[1] - pair[0] <= NEIGHBOURS // 2
    ]
    if len(codes) <= NEIGHBOURS:
        near = list(combinations(range(len(codes)), 2))
    return {
        f"{codes[a]}-{codes[b]}": {name: round(chance.uniform(-0.4, 0.6), 2) for name in DOMAINS}
        for a, b in near
    }


def _event(number: int, codes: list[str], months: int, chance: random.Random) -> dict[str, Any]:
    """Event ``number``; five kinds take turns."""
    a, b, c = chance.sample(codes, 3)
    domain = chance.choice(DOMAINS)
    match number % 5:
        case 0:
            dates = sorted(chance.sample(range(months), 2))
            pulse = {"pulse": f"{a}-{b}.{domain}", "cameo": "057", "lasting": 0.25}
            return {"at": [_month(date) for date in dates], "effects": [pulse]}
        case 1:
            pulse = {"pulse": f"{a}>{b}", "size": 0.1, "half_life": "4 months"}
            return {"every": "12 months", "from": _month(number % 12), "effects": [pulse]}
        case 2:
            tie = {"tie": f"{a}-{b}", "above": -0.1}
            pulse = {"pulse": f"{a}-{b}", "size": -0.2, "half_life": "6 months", "only_if": tie}
            change = {"add": "context.tension", "by": 0.1}
            return {"chance": "0.5 per year", "effects": [pulse, change]}
        case 3:
            return {
                "chance": "1 per year",
                "when": {"tie": f"{a}-{b}.{domain}", "above": -0.2},
                "at_most": 3,
                "effects": [
                    {"shift": f"{b}>{c}", "size": 0.05},
                    {"add": f"{a}.ties.{b}", "by": 0.05},
                ],
            }
    conditions: list[dict[str, Any]] = [
        {"tie": f"{a}-{b}", "above": 0.0},
        {"context": "tension", "above": 0.25},
        {"event": "event_2"},
    ]
    return {
        "when": conditions[number // 5 % 3],
        "effects": [
            {"set": f"{a}.issues.{chance.choice(ISSUES)}.stance", "to": 0.1},
            {"set": f"{b}.capacity.{domain}", "to": 0.9},
            {"pulse": f"{a}-{c}", "size": 0.1, "lasting": 0.5},
        ],
    }


def _month(number: int) -> str:
    return f"{START + number // 12}-{number % 12 + 1:02d}"
