"""Unit 07: figures against scikit-learn and published tables, and what the text says of its demos."""

import contextlib
import io

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, rankdata
from sklearn import metrics

from xraydojo.library import evaluation as library

UNIT = "07_evaluation"


answers = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)
scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=40)
quick = settings(max_examples=60, deadline=None)


@quick
@given(answers)
def test_counts_and_shares_equal_scikit_learns_with_one_class_and_none_called(functions, pairs):
    y, p = np.array(pairs).T
    tn, fp, fn, tp = metrics.confusion_matrix(y, p, labels=[0, 1]).ravel()
    assert functions["confusion_counts"](y, p) == {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
    wanted = [metrics.recall_score(y, p, pos_label=k, zero_division=np.nan) for k in (1, 0)]
    assert functions["sensitivity_specificity"](y, p) == pytest.approx(wanted, abs=1e-12, nan_ok=True)
    wanted = [
        judge(y, p, zero_division=np.nan)
        for judge in (metrics.precision_score, metrics.recall_score, metrics.f1_score)
    ]
    assert functions["precision_recall_f1"](y, p) == pytest.approx(wanted, abs=1e-12, nan_ok=True)


@quick
@given(scored)
@pytest.mark.filterwarnings("ignore")
def test_curve_and_area_equal_scikit_learns_with_ties(functions, pairs):
    y, score = np.array(pairs, float).T
    y = y.astype(int)
    found, wanted = functions["roc_curve"](y, score), metrics.roc_curve(y, score, drop_intermediate=False)
    for ours, theirs in zip(found, wanted):
        assert np.asarray(ours) == pytest.approx(theirs, abs=1e-12, nan_ok=True)
    if len(set(y)) == 2:
        assert functions["auc"](*found[:2]) == pytest.approx(metrics.roc_auc_score(y, score), abs=1e-12)
        best = functions["choose_threshold"](y, score)
        youden = {cut: np.mean(score[y == 1] >= cut) - np.mean(score[y == 0] >= cut) for cut in set(score)}
        assert best == max(cut for cut in youden if youden[cut] > max(youden.values()) - 1e-9)
    else:
        assert np.isnan(functions["choose_threshold"](y, score))


def test_wilsons_intervals_are_those_of_newcombes_paper_and_of_scipy(functions):
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert functions["wilson_interval"](k, n) == pytest.approx((low, high), abs=6e-5)
        ours = binomtest(k, n).proportion_ci(method="wilson")
        assert functions["wilson_interval"](k, n) == pytest.approx((ours.low, ours.high), abs=1e-7)
    assert functions["wilson_interval"](0, 0) == (0, 1)


def test_the_worth_of_a_positive_answer_is_counted_on_ten_thousand_people(functions):
    assert functions["ppv_at_prevalence"](0.9, 0.9, 0.01) == pytest.approx(90 / 1080)
    assert functions["ppv_at_prevalence"](0.9, 0.9, np.array([0.5])) == pytest.approx([0.9])


def test_the_bootstrap_interval_covers_the_true_area_nearly_as_often_as_it_says(functions):
    """Two normal scores one standard deviation apart have the area Phi(1 / sqrt 2) = 0.7602."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(60):
        y = np.repeat([0, 1], 40)
        low, high = functions["bootstrap_auc"](y, y + rng.normal(size=80), np.arange(80), rng, 120)
        hits += low <= 0.7602 <= high
    assert hits >= 50  # 95 % of 60 is 57; fewer than 50 has a chance below 1 in 1,000


def test_patients_with_many_films_make_the_interval_wider(functions):
    rng = np.random.default_rng(1)
    y, level = np.repeat([0, 1], 15), rng.normal(size=30)
    people = np.repeat(np.arange(30), 8)
    score = (level + y)[people] + 0.05 * rng.normal(size=240)
    width = [np.diff(functions["bootstrap_auc"](y[people], score, who, np.random.default_rng(2), 300))[0] for who in (people, np.arange(240))]  # fmt: skip
    assert width[0] > 2 * width[1]


@pytest.fixture(scope="module")
def demos(unit, solution):
    matplotlib.use("Agg")
    names, said = dict(solution), io.StringIO()
    with contextlib.redirect_stdout(said):
        for cell in unit.cells:
            if cell.kind == "demo":
                exec(cell.sources["en"], names)
    return names | {"said": said.getvalue()}


def test_what_the_text_says_of_the_two_readers_holds(demos):
    y, s, g = demos["y"], demos["s"], demos["g"]
    assert int(y.sum()) == 19
    assert int(((s < 0.5) & (y == 1)).sum()) == 10 and int(((g < 4) & (y == 1)).sum()) == 7
    assert metrics.roc_auc_score(y, s >= 0.5) < metrics.roc_auc_score(y, s) - 0.1
    assert "8.3%" in demos["said"] and "90.0%" in demos["said"]


def test_copies_of_films_leave_the_interval_by_patient_and_narrow_the_one_by_film(demos):
    low, high = demos["by_patient"]
    plain = library.bootstrap_auc(demos["y"], demos["s"], demos["who"], np.random.default_rng(0))
    assert (low, high) == pytest.approx(plain, abs=0.02)
    assert np.diff(demos["by_film"])[0] < 0.6 * (high - low)


def test_choosing_on_the_test_films_looks_better_than_it_is(demos):
    y, s = demos["y"], demos["s"]
    youden = [
        np.mean(s[y == 1] >= cut) - np.mean(s[y == 0] >= cut) for cut in (demos["honest"], demos["cheating"])
    ]
    assert youden[1] > youden[0] + 0.05


def test_most_of_the_worst_mistakes_are_borderline_hearts(demos):
    worst = demos["ratios"][demos["held_out"]][demos["shown"]]
    assert np.median(np.abs(worst - 0.5)) < 0.03


def test_the_area_is_the_chance_that_the_diseased_film_scores_higher(functions):
    rng = np.random.default_rng(3)
    y, score = rng.integers(0, 2, 60), rng.integers(0, 12, 60)
    k = y.sum()
    wins = (rankdata(score)[y == 1].sum() - k * (k + 1) / 2) / (k * (60 - k))
    assert functions["auc"](*functions["roc_curve"](y, score)[:2]) == pytest.approx(wins)
