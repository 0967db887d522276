"""What a changed interest does to the focus pairs of the shipped regions, and a recoded one not."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.interest_effects import REGIONS, Effect, Region

PATHS = {file.parent.name: file for file in REGIONS}
ARTICLE = "pakistan-russia"
OF_REGIONS = [
    region if region == ARTICLE else pytest.param(region, marks=pytest.mark.slow)
    for region in PATHS
]


@cache
def effects(region: str) -> dict[str, Effect]:
    return {effect.path: effect for effect in Region(PATHS[region]).effects()}


@pytest.mark.parametrize("region", OF_REGIONS)
def test_a_recoded_interest_moves_nothing_and_a_changed_one_something(region: str) -> None:
    for effect in effects(region).values():
        assert effect.recoded == 0.0, effect.path
        assert effect.changed != 0.0, effect.path


@pytest.mark.parametrize("region", OF_REGIONS)
def test_ties_and_saliences_follow_the_formula(region: str) -> None:
    # A tie with the other side of the pair has no first order: it acts through third relations.
    direct = {
        path: effect
        for path, effect in effects(region).items()
        if ("ties" in path or "salience" in path) and effect.formula != 0.0
    }
    assert len(direct) >= 14
    for path, effect in direct.items():
        assert effect.changed == pytest.approx(effect.formula, rel=0.2, abs=0.001), path


def test_the_interests_that_the_article_is_about_are_worth_a_look() -> None:
    article = effects(ARTICLE)
    assert article["PAK.ties.USA"].changed < -0.01
    assert article["RUS.ties.IND"].changed < -0.03
    assert abs(article["RUS.issues.karabakh.salience"].changed) > 0.005
