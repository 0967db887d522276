"""What a scenario beside a measured series comes to, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from relsim.hindcast.beside import MEAN, NAMED, NO_CHANGE, SCENARIO, Beside
from relsim.hindcast.findings import over
from relsim.words import percent, signed, true_minus

RIGHT = 0.8  # share of a pair's years in the 80 % band, as it should be
WRONG = 0.5
FAR_OFF = 0.1  # of coverage from its level; values of a pair are no independent ones
LEAST_PAIRS = 4  # for a rank correlation
CHANGES = ("measured_change", "said_change")


def sentences(found: Beside) -> list[str]:
    """Scores against the references, which pairs are right, levels, changes, what was fitted."""
    return [
        _score_sentence(found),
        *_worst_sentence(found.pairs),
        _band_sentence(found.skill),
        *_pairs_sentences(found.pairs),
        _rank_sentence(found.pairs, "Levels", "measured", "said"),
        _change_sentence(found.pairs),
        _fitted_sentence(found),
    ]


def warnings(found: Beside) -> list[str]:
    """What the series does not judge."""
    missing = ", ".join(found.unmeasured)
    if not missing:
        return []
    if len(found.unmeasured) == len(found.scenario.watched_pairs):
        return [
            f"None of the watched pairs is in the series ({missing}): nothing here judges what the "
            "scenario is about, only the world around it."
        ]
    return [f"Watched, but not in the series: {missing}. Nothing here judges what is said of them."]


def _score_sentence(found: Beside) -> str:
    table, panel = found.skill.set_index("forecaster"), found.panel
    own = table.loc[SCENARIO]
    against = "; ".join(_ratio(row, str(name)) for name, row in table.drop(SCENARIO).iterrows())
    pairs = f"{len(panel.dyads)} pair" + ("s" if len(panel.dyads) != 1 else "")
    return (
        f"Of {own['n']:,.0f} values of {pairs}, {panel.years[0]} to {panel.years[-1]}, the "
        f"scenario's CRPS is {own['crps']:.4f}: {against}. The 95 % intervals are "
        f"{over(own['year_blocks'])}."
    )


def _ratio(row: pd.Series, name: str) -> str:
    said = {NO_CHANGE: "its own opening, held", MEAN: "the mean of all pairs of the series"}
    word = "better than" if row["ratio_high"] < 1 else "worse than" if row["ratio_low"] > 1 else ""
    return (
        f"{row['ratio']:.3f} times that of {said[name]} ({row['ratio_low']:.3f} to "
        f"{row['ratio_high']:.3f}; {word or 'not to be told from'} it)"
    )


def _band_sentence(table: pd.DataFrame) -> str:
    (own,) = table[table["forecaster"] == SCENARIO].to_dict("records")
    off = own["cover80"] - 0.8
    word = "" if abs(off) <= FAR_OFF else ": too narrow" if off < 0 else ": too wide"
    held = [percent(own[f"cover{level}"]) for level in (50, 80, 95)]
    return f"Its 50, 80 and 95 % bands hold {held[0]}, {held[1]} and {held[2]} of the values{word}."


def _worst_sentence(pairs: pd.DataFrame) -> list[str]:
    """The scores without the pair that is missed by most, which may decide a mean alone."""
    if len(pairs) < LEAST_PAIRS:
        return []
    worst = int(np.argmax(pairs[SCENARIO] * pairs["years"]))
    rest = pairs.drop(index=pairs.index[worst])
    crps = {
        name: float((rest[name] * rest["years"]).sum() / rest["years"].sum())
        for name in (SCENARIO, NO_CHANGE, MEAN)
    }
    return [
        f"Without {pairs['dyad'].iloc[worst]}, which it misses by most (chosen afterwards, in its "
        f"favour), its CRPS is {crps[SCENARIO]:.4f}: {crps[SCENARIO] / crps[NO_CHANGE]:.3f} times "
        f"that of its opening, {crps[SCENARIO] / crps[MEAN]:.3f} times that of the mean."
    ]


def _pairs_sentences(pairs: pd.DataFrame) -> list[str]:
    right, wrong = pairs["in80"] >= RIGHT, pairs["in80"] < WRONG
    return [
        f"Right, with four fifths of the years or more in the 80 % band: {_those(pairs[right])}.",
        f"Not right, with fewer than half: {_those(pairs[wrong])}.",
        f"Between: {_those(pairs[~right & ~wrong])}.",
    ]


def _those(pairs: pd.DataFrame) -> str:
    named = [
        f"{row['dyad']} (measured {signed(row['measured'])}, said {signed(row['said'])})"
        for _, row in pairs.head(NAMED).iterrows()
    ]
    more = f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
    return ", ".join(named) + more if named else "none"


def _change_sentence(pairs: pd.DataFrame) -> str:
    moved = pairs[pairs["years"] > 1]
    same = (moved["measured_change"] * moved["said_change"] > 0).sum()
    text = _rank_sentence(moved, "Changes from the first year to the last", *CHANGES)
    return f"{text} {same} of {len(moved)} have the measured sign."


def _rank_sentence(pairs: pd.DataFrame, what: str, measured: str, said: str) -> str:
    """Whether pairs stand in the same order, and how often chance does as well."""
    count = len(pairs)
    if count < LEAST_PAIRS or pairs[measured].nunique() == 1 or pairs[said].nunique() == 1:
        return f"{what}: too few pairs ({count}) to compare their order."
    ranks = spearmanr(pairs[measured], pairs[said])
    found = signed(ranks.statistic)
    return (
        f"{what}: rank correlation of said and measured {found} over {count} pairs; "
        f"pairs in random order are as far from 0 in {percent(ranks.pvalue)} of cases."
    )


def _fitted_sentence(found: Beside) -> str:
    source, passing = found.sources[SCENARIO], found.fitted.dynamics.passing
    return (
        "Fitted on the series: the link, measured pull = "
        f"{true_minus(f'{source.link.offset:.2f}')} + "
        f"{source.link.scale:.2f}·pull units, {source.spread:.2f} of spread over pairs and "
        f"{passing:.2f} of what passes in a year, and {source.clustering:.1f} events for each "
        "independent one. Scale and spread suit the scenario best. Nothing of it is fitted."
    )
