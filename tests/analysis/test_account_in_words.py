"""Accounts in words: sentences whose numbers are known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relsim.analysis.account import Account, Story, half_gone, story
from relsim.analysis.explain import explain
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.words import possessive, signed, with_the
from scenarios_to_test import FAMILY, STATUS_QUO, quiet, scenario_of

# One domain, no noise, no reciprocity. The opening pulls of A towards B are
# taking its cue from K  0.15·0.5·(-0.4 - 0.1) = -0.0375,
# agreement on the border  0.25·0.5·0.8·1 = +0.100.
TINY: dict[str, Any] = {
    "domains": ["all"],
    "issues": {"border": {"minus": "x", "plus": "y", "label": "the border"}},
    "states": {
        "A": {
            "name": "Arland",
            "ties": {"K": 0.5},
            "issues": {"border": {"stance": 0.8, "salience": 0.5}},
        },
        "B": {"name": "Bess", "issues": {"border": {"stance": 1, "salience": 0}}},
        "K": {"name": "Kay"},
    },
    "ties": {"A-K": 0.6, "B-K": -0.4, "A-B": 0.1},
    "parameters": {"reciprocity": 0},
    "events": {
        "deal": {
            "label": "The arms deal",
            "at": "2020-03",
            "effects": [{"pulse": "A>B", "size": 0.2, "half_life": "6 months", "lasting": 0.25}],
        },
        "turn": {
            "label": "Arland gives in",
            "at": "2020-07",
            "effects": [{"set": "A.issues.border.stance", "to": 0}],
        },
        "coolness": {"at": "2020-05", "effects": [{"shift": "A-B", "size": -0.03}]},
        "caution": {"at": "2021-02", "effects": [{"add": "A.ties.K", "by": -0.25}]},
    },
}


def tiny(**changes: Any) -> Scenario:
    return scenario_of(quiet({**TINY, **changes}))


def told(scenario: Scenario, month: str | None = None, **asked: Any) -> Story:
    account = explain(scenario, "A-B", runs=1, **asked)
    return story(account, "A>B", month)


def test_every_kind_of_change_has_its_sentence() -> None:
    found = told(tiny())
    left = 0.05 + 0.15 * 2 ** (-21 / 6)
    assert found.title == "Arland towards Bess, 2021-12 (all domains, one run)"
    assert found.changes == (
        "Agreement on the border: from +0.100 to 0.000 (−0.100) since 2020-07 (“Arland gives in”).",
        f"“The arms deal” adds {left:.3f} since 2020-03; half of its height of 0.200 in 2020-03 "
        "was gone by 2021-01; 0.050 of it lasts.",
        "“coolness” takes away 0.030 since 2020-05; what is left lasts.",
        "Arland takes its cue from Kay: from −0.037 to −0.018 (+0.020) since 2021-02 (“caution”); "
        "weight from +0.50 to +0.25, A-B from +0.10 to +0.08.",
        f"Together {signed(-0.1 + left - 0.03 + 0.0195, 3)}.",
    )


def test_the_level_says_what_holds_it_and_by_which_ties() -> None:
    quietly = tiny(events={})
    affinity = 0.1 / np.sqrt(1 - 0.01) + 0.0375 - 0.1
    assert told(quietly).changes == ("Nothing has changed since the opening in 2020-01.",)
    assert told(quietly).lead == (
        "The pull is +0.101: 0.000 since the opening in 2020-01. Posture is +0.100."
    )
    assert told(quietly).level == (
        f"Agreement on the border holds it up by 0.100; affinity holds it up by {affinity:.3f}; "
        "Arland takes its cue from Kay (B-K −0.40, A-B +0.10), which holds it down by 0.037; "
        "together +0.101."
    )


def with_tie(weight: float) -> Scenario:
    own = {**TINY["states"]["A"], "ties": {"K": weight}}
    return tiny(events={}, states={**TINY["states"], "A": own})


def test_a_third_party_is_said_by_the_sign_of_the_tie_to_it() -> None:
    # 0.10·0.5·0.4: who is at odds with Kay gains from it
    assert (
        "Arland mistrusts whom Kay befriends (B-K −0.40), which holds it up by 0.020"
        in told(with_tie(-0.5)).level
    )
    gone = with_tie(0.5).with_changes({"A.ties.K": 0})
    assert (
        told(gone, against=with_tie(0.5))
        .changes[0]
        .startswith(
            "Arland takes its cue from Kay: 0.000 instead of −0.037 (+0.037); weight 0.00 "
            "instead of +0.50"
        )
    )
    turned = with_tie(0.5).with_changes({"A.ties.K": -0.5})
    assert (
        told(turned, against=with_tie(0.5))
        .changes[0]
        .startswith("Arland mistrusts whom Kay befriends: +0.020 instead of −0.037")
    )


def test_affinity_that_fades_says_so() -> None:
    scenario = tiny(events={}, parameters={**TINY["parameters"], "history_half_life": "1 year"})
    affinity = 0.1 / np.sqrt(1 - 0.01) + 0.0375 - 0.1
    left = affinity * 2 ** (-23 / 12)
    assert told(scenario).changes[0] == (
        f"Affinity: from {signed(affinity, 3)} to {signed(left, 3)} "
        f"({signed(left - affinity, 3)}), as history fades."
    )


def test_a_pull_is_said_in_posture_at_the_present_level() -> None:
    account = explain(tiny(events={}), "A-B", runs=1)
    slope = (1 - 0.1**2) ** 1.5  # of u/√(1 + u²), by the posture 0.1 at rest
    assert float(account.at()["slope"].sel(view="level", statistic="mean")[0, 0]) == pytest.approx(
        slope, abs=1e-12
    )
    assert story(account, "A>B").note.endswith("Here +0.10 of pull is about +0.099 in posture.")
    capped = tiny(events={}, states={**TINY["states"], "B": {"capacity": {"all": 0.5}}})
    slope = 0.5 * (1 - 0.2**2) ** 1.5
    assert told(capped).note.endswith(f"about {signed(0.1 * slope, 3)} in posture.")


def test_the_past_is_told_as_it_stood() -> None:
    found = told(tiny(), "2020-06")
    assert not any("border" in sentence for sentence in found.changes)
    assert "since 2020-03; 0.050 of it lasts." in found.changes[0]
    assert told(tiny(), "2020-02").changes == ("Nothing has changed since the opening in 2020-01.",)


def test_against_another_scenario_the_other_is_named_and_its_numbers_too() -> None:
    base = tiny().with_changes({"events.turn.off": True, "name": "No turn"})
    found = told(tiny(), against=base)
    assert "−0.099 against “No turn”" in found.lead
    assert found.changes == (
        "Agreement on the border: 0.000 instead of +0.100 (−0.100) since 2020-07 "
        "(“Arland gives in”).",
        "All else (1 part) +0.001; together −0.099.",  # A-B itself, which Kay's part is about
    )


def test_reciprocity_says_what_either_extends() -> None:
    scenario = tiny(parameters={"reciprocity": 0.4}, ties={"A>B": 0.1, "B>A": 0.3}, events={})
    found = told(scenario, against=scenario.with_changes({"parameters.reciprocity": 0.1}))
    assert found.changes[-2] == (
        "Answering in kind: +0.080 instead of +0.020 (+0.060), as Bess extends +0.300 and "
        "Arland +0.100."
    )


def test_what_chance_explains_is_left_to_all_else() -> None:
    scenario = load(STATUS_QUO)
    account = explain(scenario, "PAK-RUS", runs=60)
    chance = account.at()["contribution"].sel(part="chance", direction="PAK>RUS", domain="overall")
    mean, spread = (float(chance.sel(view="change", statistic=name)) for name in ("mean", "sd"))
    assert abs(mean) < 2 * spread / np.sqrt(60)
    assert abs(mean) > 0.001
    assert "Chance" not in "".join(story(account, "PAK>RUS").changes)
    single = explain(scenario, "PAK-RUS", run=3)
    assert "Chance " in "".join(story(single, "PAK>RUS").changes)
    assert "between runs" not in story(single, "PAK>RUS").text


def test_chance_events_say_in_how_many_runs_they_happened() -> None:
    account = explain(load(STATUS_QUO), "IND-PAK", runs=100)
    happened = account.at()["happened"].sel(view="level", statistic="mean", event="kashmir_thaw")
    text = story(account, "IND>PAK").text
    assert "“Thaw between India and Pakistan” adds 0.0" in text
    assert f"having happened in {100 * float(happened):.0f} % of runs" in text


def test_the_sentences_of_the_shipped_recognition() -> None:
    here, base = (load(FAMILY / f"{name}.yaml") for name in ("armenia-recognition", "status-quo"))
    account = explain(here, "PAK-AZE", runs=40, against=base)
    changes = story(account, "AZE>PAK").changes
    assert changes[0].startswith("Agreement on Karabakh: 0.000 instead of +0.1")
    assert changes[0].endswith("since 2022-01 (“Pakistan recognises Armenia”).")
    assert changes[1].startswith("Answering in kind: ")


def test_sentences_named_and_left_add_up_to_what_is_said_together() -> None:
    account = explain(load(FAMILY / "article-programme.yaml"), "PAK-RUS", runs=40)
    *named, last = story(account, "RUS>PAK").changes
    words = last.rstrip(".").split()
    rest, together = float(words[4].rstrip(";")), float(words[-1])
    sizes = []
    for sentence in named:
        if " adds " in sentence:
            sizes.append(float(sentence.split(" adds ")[1].split()[0].rstrip(";.")))
        elif " takes away " in sentence:
            sizes.append(-float(sentence.split(" takes away ")[1].split()[0].rstrip(";.")))
        else:
            sizes.append(float(sentence.split("(")[1].split(")")[0]))
    assert sum(sizes) + rest == pytest.approx(together, abs=0.0006 * (len(sizes) + 2))


def test_halves_are_gone_only_where_they_stay_gone() -> None:
    assert half_gone(np.array([0, 1.0, 0.7, 0.5, 0.2])) == (1, 3)
    assert half_gone(np.array([0, -1.0, -0.4, -0.8, -0.3])) == (1, 4)
    assert half_gone(np.array([0, 1.0, 0.4, 0.8])) is None
    assert half_gone(np.zeros(4)) is None


def test_names_come_from_either_scenario_and_labels_from_keys_where_there_are_none() -> None:
    other = tiny().with_changes(
        {"states.E": {"ties": {}}, "issues.creed": {"minus": "x", "plus": "y"}}
    )
    account: Account = explain(tiny(), "A-B", runs=1, against=other)
    assert account.part_label("third_party.E") == "by way of E"
    assert account.part_label("issue.creed") == "agreement on creed"
    assert account.part_label("event.coolness") == "“coolness”"
    assert account.part_label("third_party.K", "A>B") == "Arland takes its cue from Kay"
    assert account.part_label("third_party.K", "B>A") == "Bess' tie to Kay"
    assert with_the("United States") == "the United States"
    assert with_the("India") == "India"
    assert possessive("United States") == "United States'"
    assert signed(-0.0001, 3) == "0.000"
