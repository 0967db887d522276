"""Every code of a problem, in its place; no mistake hides or makes others."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario
from scenario.minimal import SECTIONS, problems_of, with_rest

EVENT = "events: {e: {at: 2020-02, effects: [%s]}}"
CLAIM = "claims: {c: {says: x, expect: {%s}}}"

PLACED = [
    # form
    ("colour: red", 1, 1, "unknown-key"),
    ("relsim: 2", 1, 9, "format-version"),
    ("name:", 1, 1, "missing-key"),
    ("name: ''", 1, 7, "wrong-length"),
    ("name: 2020", 1, 7, "wrong-type"),
    ("name: true", 1, 7, "wrong-type"),
    ("ensemble: {runs: 1.5}", 1, 18, "wrong-type"),
    ("ensemble: {runs: 0}", 1, 18, "out-of-range"),
    ("ensemble: {seed: -1}", 1, 18, "out-of-range"),
    ("events: {e: {off: yes, at: 2020-02}}", 1, 19, "wrong-type"),
    ("events: {e: {at: 2020-02, effects: {pulse: A-B}}}", 1, 27, "wrong-type"),
    ("events: [e]", 1, 1, "wrong-type"),
    ("states: {A: , B: 5}", 1, 18, "wrong-type"),
    ("issues: {i: {minus: x}}", 1, 10, "missing-key"),
    ("time: {start: 2020-01, end: 2022-01, step: week}", 1, 44, "unknown-word"),
    # time
    ("time: {start: 2020, end: 2022-01}", 1, 15, "bad-date"),
    ("time: {start: 2020-1, end: 2022-01}", 1, 15, "bad-date"),
    ("time: {start: 2020-01-01, end: 2022-01}", 1, 15, "bad-date"),
    ("time: {start: 2020-13, end: 2022-01}", 1, 15, "bad-date"),
    ("time: {start: 2020-01, end: 2020-01}", 1, 1, "bad-time"),
    ("time: {start: 2020-01, end: 2022-02, step: quarter}", 1, 1, "bad-time"),
    # numbers
    ("parameters: {drift: 12:30}", 1, 21, "not-a-number"),
    ("parameters: {drift: '0.1'}", 1, 21, "not-a-number"),
    ("parameters: {drift: 062}", 1, 21, "not-a-number"),
    ("parameters: {drift: .inf}", 1, 21, "not-a-number"),
    ("parameters: {drift: .nan}", 1, 21, "not-a-number"),
    ("parameters: {drift: NO}", 1, 21, "not-a-number"),
    ("parameters:\n  drift: 1,5", 2, 10, "not-a-number"),
    ("parameters: {mutuality: 1.1}", 1, 25, "out-of-range"),
    ("parameters: {half_life: 9}", 1, 25, "bad-duration"),
    ("parameters: {half_life: -1 months}", 1, 25, "out-of-range"),
    ("parameters: {drift: {uniform: [0.1]}}", 1, 14, "bad-distribution"),
    ("parameters: {drift: {uniform: [2, 1]}}", 1, 14, "bad-distribution"),
    ("parameters: {drift: {normal: [0, -1]}}", 1, 14, "bad-distribution"),
    ("parameters: {drift: {lognormal: [0, 1]}}", 1, 14, "bad-distribution"),
    ("parameters: {drift: {uniform: [0, 1], normal: [0, 1]}}", 1, 14, "bad-distribution"),
    ("parameters: {drift: {unifrom: [0, 1]}}", 1, 14, "unknown-key"),
    ("parameters: {drift: {uniform: [-1, 1]}}", 1, 14, "out-of-range"),
    # names
    ("domains: {overall: 1}\nties: {}", 1, 11, "bad-name"),
    ("domains: {2nd: 1}\nties: {}", 1, 11, "bad-name"),
    ("domains: [a, 1]\nties: {}", 1, 14, "wrong-type"),
    ("domains: [a, [b]]\nties: {}", 1, 14, "wrong-type"),
    ("domains: [a, a]\nties: {}", 1, 1, "duplicate-key"),
    ("domains: {a: 0, b: 0}", 1, 1, "out-of-range"),
    ("states: {A: , B: , events: }", 1, 20, "bad-name"),
    ("states: {A: , B: , Pak-1: }", 1, 20, "bad-name"),
    ("states: {A: {ties: {C: 1}}, B: }", 1, 21, "unknown-state"),
    ("states: {A: {ties: {A: 1}}, B: }", 1, 21, "self-tie"),
    ("states: {A: {ties: {B: {weight: 1, fades_with: z}}}, B: }", 1, 48, "unknown-context"),
    ("states: {A: {issues: {i: {stance: 0, salience: 0}}}, B: }", 1, 23, "unknown-issue"),
    ("states: {A: {capacity: {defense: 0.5}}, B: }", 1, 25, "unknown-domain"),
    # ties
    ("ties: {A-C: 0}", 1, 8, "unknown-state"),
    ("ties: {A-B: {trade: 0}}", 1, 14, "unknown-domain"),
    ("ties: {A-A: 0}", 1, 8, "self-tie"),
    ("ties: {A/B: 0}", 1, 8, "bad-tie"),
    ("ties: {A-B.defence: 0}", 1, 8, "bad-tie"),
    ("ties: {A-B: 0, B-A: 0}", 1, 16, "duplicate-tie"),
    ("ties: {A-B: 1.4}", 1, 13, "out-of-range"),
    ("states: {A: {capacity: {defence: 0.1}}, B: }", 5, 13, "above-capacity"),
    ("watch: [A>B]", 1, 9, "bad-tie"),
    ("watch: [A-B, B-C]", 1, 14, "unknown-state"),
    # events
    ("events: {e: {effects: []}}", 1, 10, "bad-timing"),
    ("events: {e: {at: 2020-02, every: 3 months}}", 1, 10, "bad-timing"),
    ("events: {e: {every: 1.5 months}}", 1, 21, "bad-timing"),
    ("events: {e: {at: 2020-02, until: 2020-03}}", 1, 10, "bad-timing"),
    ("events: {e: {every: 1 month, from: 2021-02, until: 2021-01}}", 1, 10, "bad-timing"),
    ("events: {e: {every: {uniform: [1 month, 2 months]}}}", 1, 14, "bad-distribution"),
    ("events: {e: {chance: 0.15}}", 1, 22, "bad-rate"),
    ("events: {e: {chance: -1 per year}}", 1, 22, "out-of-range"),
    ("events: {e: {at: [2020-02, 2020-2]}}", 1, 28, "bad-date"),
    ("events: {e: {when: {above: 1}}}", 1, 14, "bad-condition"),
    ("events: {e: {when: {tie: A-B, above: 0, below: 1}}}", 1, 14, "bad-condition"),
    ("events: {e: {when: {event: e, above: 0}}}", 1, 14, "bad-condition"),
    ("events: {e: {when: {event: f}}}", 1, 28, "unknown-event"),
    ("events: {e: {when: {context: z, above: 0}}}", 1, 30, "unknown-context"),
    # effects
    (EVENT % "{pulse: A-B}", 1, 37, "missing-key"),
    (EVENT % "{shift: A-B}", 1, 37, "missing-key"),
    (EVENT % "{push: A-B}", 1, 37, "bad-effect"),
    (EVENT % "{pulse: A-B, size: 1, shift: A-B}", 1, 37, "bad-effect"),
    (EVENT % "pulse", 1, 37, "bad-effect"),
    (EVENT % "{pulse: A-B, size: 1, halflife: 1 month}", 1, 59, "unknown-key"),
    (EVENT % '{pulse: A-B, cameo: "0733"}', 1, 57, "unknown-cameo"),
    (EVENT % "{pulse: A-B, cameo: 73}", 1, 57, "wrong-type"),
    (EVENT % "{pulse: A-B.trade, size: 1}", 1, 45, "unknown-domain"),
    (EVENT % "{set: A.tise.B, to: 1}", 1, 43, "bad-path"),
    (EVENT % "{set: A.ties.C, to: 1}", 1, 43, "unknown-state"),
    (EVENT % "{set: A.ties.A, to: 1}", 1, 43, "self-tie"),
    (EVENT % "{set: A.issues.i.stance, to: 1}", 1, 43, "unknown-issue"),
    (EVENT % "{set: A.capacity.trade, to: 1}", 1, 43, "unknown-domain"),
    (EVENT % "{set: context.z, to: 1}", 1, 43, "unknown-context"),
    (EVENT % "{set: A.ties.B, to: -2}", 1, 57, "out-of-range"),
    # claims
    (CLAIM % "level: A-B", 1, 23, "bad-claim"),
    (CLAIM % "level: A-B, change: A-B, above: 0", 1, 23, "bad-claim"),
    (CLAIM % "level: A-B, above: 0, at: 2020-02, by: 2020-03", 1, 23, "bad-claim"),
    (CLAIM % "order: [A-B, A-B], above: 0", 1, 23, "bad-claim"),
    (CLAIM % "order: [A-B]", 1, 32, "wrong-length"),
    (CLAIM % "order: [A-B, A-B], against: f.yaml", 1, 23, "bad-claim"),
    (CLAIM % "level: A-B, of: change, above: 0", 1, 23, "bad-claim"),
    (CLAIM % "order: [A-B, A-B], of: both", 1, 55, "unknown-word"),
    (CLAIM % "level: A-B, above: 0.1, below: 0.1", 1, 23, "bad-claim"),
    (CLAIM % "level: A-B, above: {uniform: [0, 1]}, below: 0.4", 1, 23, "bad-claim"),
    (CLAIM % "reach: A-B, above: 0, below: 0.1", 1, 23, "bad-claim"),
    (CLAIM % "level: A-B, above: 0, after: 2020-03", 1, 23, "bad-claim"),
    (CLAIM % "halfway: A-B", 1, 23, "bad-claim"),
    (CLAIM % "halfway: A-B, above: 0", 1, 23, "bad-claim"),
    (CLAIM % "halfway: A-B, after: 2020-03, by: 2020-05", 1, 23, "bad-claim"),
    (CLAIM % "halfway: A-B, after: 2020-05, before: 2020-03", 1, 23, "bad-claim"),
    (CLAIM % "halfway: A>B, after: 2020-03", 1, 41, "bad-tie"),
    (CLAIM % "halfway: A-B, after: 2022-01", 1, 53, "outside-time"),
    (CLAIM % "halfway: A-B, before: 2020-02", 1, 54, "outside-time"),
    (CLAIM % "halfway: A-B, before: 2022-02", 1, 54, "outside-time"),
    (CLAIM % "halfway: A-B, after: soon, before: 2020-05", 1, 53, "bad-date"),
    (CLAIM % "level: A-B, above: 0, at: 2023-01", 1, 58, "outside-time"),
    (CLAIM % "level: A-B, above: 0, since: 2020-03", 1, 23, "bad-claim"),
    (CLAIM % "change: A-B, above: 0, since: 2019-03", 1, 62, "outside-time"),
    (CLAIM % "change: A-B, above: 0, since: 2020-03, at: 2020-03", 1, 62, "outside-time"),
    (CLAIM % "change: A-B, above: 0, since: 2022-01", 1, 62, "outside-time"),
    (CLAIM % "level: A-B, above: 0, at: soon", 1, 58, "bad-date"),
    ("claims: {c: {says: x, probability: 2, expect: {level: A-B, above: 0}}}", 1, 36,
     "out-of-range"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("snippet", "line", "column", "code"), PLACED, ids=[f"{row[3]}: {row[0]}" for row in PLACED]
)
def test_one_mistake_is_one_problem_in_its_place(
    snippet: str, line: int, column: int, code: str
) -> None:
    assert problems_of(snippet) == [(line, column, code)]


HINTS = [
    ("parameters: {drift: '1,5'}", "Write a point: 1.5."),
    ("parameters: {drift: 15%}", "Write a share: 15% is 0.15."),
    ("parameters: {drift: 1_000}", "Write digits without underscores or leading zeros."),
    ("parameters: {drift: 12:30}", "A colon does not stand in a number."),
    ("parameters: {drift: '0.1'}", "Remove the quotes."),
    ("parameters: {half_life: 9}", "Write the unit: 9 months."),
    ("events: {e: {chance: 0.15}}", "Write it as 0.15 per year."),
    ("events: {e: {at: 2020-02, off: no}}", "Write false."),
    ("events: {e: {at: 2020-02, off: on}}", "Write true."),
    ("name: true", 'Put it in quotes: "true".'),
    ("name: 2020", 'Put it in quotes: "2020".'),
    ("name: [x]", ""),
    ("time: {start: 2020, end: 2022-01}", "Name the month: 2020-01."),
    ("time: {start: 2020-1, end: 2022-01}", "Two digits: 2020-01."),
    ("time: {start: 2020-01-31, end: 2022-01}", "Days are not modelled: 2020-01."),
    ("states: {PAK: {ties: {PKA: 1}}, RUS: }\nties: {}", "Did you mean PAK?"),
]


@pytest.mark.parametrize(("snippet", "hint"), HINTS)
def test_a_hint_says_what_would_be_right(snippet: str, hint: str) -> None:
    assert [problem.hint for problem in check_text(with_rest(snippet)).problems] == [hint]


TOGETHER = [
    # what stands in for a broken part makes no problems of its own
    ("states: {A: {capacity: {economic: 1.5}}, B: }", ["out-of-range"]),
    ("domains: {a: -1}", ["out-of-range"]),
    ("domains: {a: [1]}", ["wrong-type"]),
    ("domains: 5\nties: {A-B: {trade: 0}}", ["wrong-type"]),
    ("context: 5\nstates: {A: {ties: {B: {weight: 1, fades_with: z}}}, B: }", ["wrong-type"]),
    ("events: {e: {every: 1 month, from: 2021-01, until: x}}", ["bad-date"]),
    ("ties: {A-B: {normal: x}}", ["bad-distribution"]),
    ("states: {A: {ties: {B: {normal: x}}}, B: }", ["bad-distribution"]),
    # and what is broken as a whole does not hide what is wrong inside or beside it
    ("events: {e: {effects: [{pulse: A-C, size: 1}]}}", ["bad-timing", "unknown-state"]),
    (EVENT % "{pulse: A-C}", ["missing-key", "unknown-state"]),
    (EVENT % "{pulse: A-C, size: x}", ["unknown-state", "not-a-number"]),
    (EVENT % "{pulse: A-C, size: 1, only_if: {event: e, above: 1}}",
     ["unknown-state", "bad-condition"]),
    (EVENT % "{pulse: A, size: 1}, {pulse: A-B, half_life: x}, {pulse: A-C, size: 1}",
     ["bad-tie", "missing-key", "bad-duration", "unknown-state"]),
    ("events: {e: {when: {tie: A-B}, effects: [{pulse: A-C, size: 1}]}}",
     ["bad-condition", "unknown-state"]),
    ("states: {A: {ties: {C: 1}}}\nties: {A-D: 0}",
     ["wrong-length", "unknown-state", "unknown-state"]),
    ("states: 5\nevents: {e: {at: 2020-02, every: 2 months}}", ["wrong-type", "bad-timing"]),
    ("states:\nissues: {i: {minus: x}}", ["missing-key", "missing-key"]),
    ("time: {start: soon, end: later}\nwatch: [A-C]", ["bad-date", "bad-date", "unknown-state"]),
    ("watch: [A, A-C, B]", ["bad-tie", "unknown-state", "bad-tie"]),
]  # fmt: skip


@pytest.mark.parametrize(("snippet", "codes"), TOGETHER)
def test_mistakes_neither_make_nor_hide_others(snippet: str, codes: list[str]) -> None:
    assert sorted(code for _, _, code in problems_of(snippet)) == sorted(codes)


@pytest.mark.parametrize("section", ["events", "issues", "context", "domains", "claims", "watch"])
def test_a_section_with_nothing_in_it_counts_as_not_written(section: str) -> None:
    ties = "ties: {A-B: {diplomatic: 0.1}}"
    assert problems_of(f"{section}:\n{ties}") == []


def test_a_missing_section_is_missing_once() -> None:
    for section in ("relsim", "name", "time", "states"):
        rest = "".join(text for name, text in SECTIONS.items() if name != section)
        (problem,) = check_text(rest).problems
        assert (problem.code, problem.text) == ("missing-key", f"a scenario needs `{section}`.")


def test_a_key_that_looks_like_pydantics_mark_is_an_ordinary_key() -> None:
    assert problems_of('states: {A: {"[key]": 1}, B: }') == [(1, 14, "unknown-key")]


@pytest.mark.parametrize(
    "snippet", ["", *(row[0] for row in PLACED), *(row[0] for row in TOGETHER)]
)
def test_a_file_is_typed_once_whatever_is_wrong_with_it(
    snippet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    validate = Mock(wraps=Scenario.model_validate)
    monkeypatch.setattr(Scenario, "model_validate", validate)
    check_text(with_rest(snippet))
    assert validate.call_count == 1


def test_parts_that_are_broken_hide_no_names_and_no_mistakes_of_their_own() -> None:
    claim = "claims: {c: {says: x, expect: {level: A>C, above: x, at: 2020-02, by: 2020-03}}}"
    event = "events: {e: {chance: 0.2, at: 2020-02, effects: [{set: C.ties.A, to: -2, by: 1}]}}"
    state = "states: {A: {issues: {i: 5}}, B: {traits: 5}}"
    codes = sorted(code for _, _, code in problems_of(f"{claim}\n{event}\n{state}"))
    expected = "bad-claim bad-rate bad-tie bad-timing not-a-number out-of-range unknown-issue"
    expected += " unknown-key unknown-state wrong-type wrong-type"
    assert codes == expected.split()
