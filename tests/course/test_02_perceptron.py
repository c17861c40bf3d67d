"""Unit 02: values worked out by hand and in the literature, and what its demo reaches on real films."""

import contextlib
import io
from itertools import permutations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from sklearn.linear_model import Perceptron

from xraydojo.data import load_films
from xraydojo.library import perceptron as library

UNIT = "02_perceptron"

REAL_FILMS = Path(__file__).parents[3] / "shared" / "realdata"
CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, OR, XOR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0])


def test_the_neuron_of_the_text_computes_and(functions):
    assert list(functions["predict"](CORNERS, np.array([2, 1]), -3)) == [0, 0, 0, 1]


def test_the_step_of_the_text_is_right(functions):
    w, b = functions["update"](np.array([1.0, 2.0]), -1.0, np.array([2.0, 1.0]), 0, 1)
    assert (list(w), b) == ([-1, 1], -2)


def test_a_right_answer_changes_nothing(functions):
    w, b = functions["update"](np.array([1.0, 2.0]), -1.0, np.array([2.0, 1.0]), 1, 1)
    assert (list(w), b) == ([1, 2], -1)


def test_and_is_learnt_on_the_path_worked_out_by_hand(functions):
    w, b, errors = functions["fit"](CORNERS, AND, 1, 20)
    assert (list(w), b, errors) == ([2, 1], -3, [2, 3, 3, 2, 1, 0])


def test_the_rate_scales_the_weights_and_not_the_path(functions):
    w, b, errors = functions["fit"](CORNERS, AND, 0.5, 20)
    assert (list(w), b, errors) == ([1, 0.5], -1.5, [2, 3, 3, 2, 1, 0])


def test_xor_never_has_a_clean_epoch(functions):
    errors = functions["fit"](CORNERS, XOR, 1, 200)[2]
    assert len(errors) == 200 and min(errors) > 0


def test_fit_finds_what_scikit_learn_finds_where_the_conventions_agree(functions):
    # scikit-learn takes z = 0 for a mistake of either class: so the first target is 0, and no other z is exactly 0
    rng = np.random.default_rng(0)
    X = rng.normal(0, 1, (30, 3))
    t = (X @ [1.0, -2.0, 0.5] + 0.2 > 0).astype(int)
    t[0], X[0] = 0, [-2, 0, 0]
    model = Perceptron(eta0=0.5, shuffle=False, tol=None, max_iter=60).fit(X, t)
    w, b, errors = functions["fit"](X, t, 0.5, 60)
    assert errors[-1] == 0
    assert np.allclose(w, model.coef_[0]) and np.isclose(b, model.intercept_[0])


def test_and_makes_at_most_51_mistakes_in_any_order(functions):
    # Novikoff (1962): (R / gamma)^2 with R^2 = 3 and gamma^2 = 1 / 17
    for order in permutations(range(4)):
        errors = functions["fit"](CORNERS[list(order)], AND[list(order)], 1, 100)[2]
        assert errors[-1] == 0 and sum(errors) <= 51


def test_the_margin_of_and_in_the_text_is_the_widest():
    # on a fine grid of directions no boundary leaves more room than w = (2, 2), b = -3
    signs, lifted = np.where(AND == 1, 1, -1), np.column_stack([CORNERS, np.ones(4)])
    told = np.array([2, 2, -3])
    assert min(signs * (lifted @ told)) == 1 and told @ told == 17
    angle, height = np.meshgrid(np.linspace(0, 2 * np.pi, 721), np.linspace(-np.pi / 2, np.pi / 2, 361))
    directions = np.stack(
        [np.cos(angle) * np.cos(height), np.sin(angle) * np.cos(height), np.sin(height)], -1
    )
    margins = (signs * (directions @ lifted.T)).min(-1)
    assert margins.max() <= 1 / np.sqrt(17) + 1e-12
    assert margins.max() > 0.98 / np.sqrt(17)


def test_two_layers_compute_xor_for_rows_in_any_order(functions):
    for order in permutations(range(4)):
        assert list(functions["xor_two_layers"](CORNERS[list(order)])) == list(XOR[list(order)])


def run_film_demo(unit, solution, monkeypatch, folder):
    """Run all demos of the lesson on the films of a folder (None: the phantom's) and return their names."""
    matplotlib.use("Agg")
    monkeypatch.setenv("XRAYDOJO_FILMS", str(folder or ""))
    names = dict(solution)
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in unit.cells:
            if cell.kind == "demo":
                exec(cell.sources["en"], names)
    return names


def held_out_accuracies(names, films, splits=20):
    """Train the library's perceptron on the demo's features over many splits; return the held-out accuracies."""
    upright = names["features"](films.images)
    turned = names["features"](films.images[:, ::-1, ::-1])
    accuracies = []
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        learning, held_out = np.split(rng.permutation(len(films)), [round(0.6 * len(films))])
        X, t = np.concatenate([upright[learning], turned[learning]]), np.repeat([1, 0], len(learning))
        shuffled = rng.permutation(len(X))
        w, b, _ = library.fit(X[shuffled], t[shuffled], 1, 200)
        answers = library.predict(np.concatenate([upright[held_out], turned[held_out]]), w, b)
        accuracies.append(np.mean(answers == np.repeat([1, 0], len(held_out))))
    return accuracies


FOLDERS = [
    pytest.param(None, id="phantom"),
    pytest.param(
        REAL_FILMS,
        id="real",
        marks=pytest.mark.skipif(not REAL_FILMS.is_dir(), reason="the 39 real films are not here"),
    ),
]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_two_features_tell_upright_from_turned_films(unit, solution, monkeypatch, folder):
    names = run_film_demo(unit, solution, monkeypatch, folder)
    assert names["accuracy"] >= 0.95
    accuracies = held_out_accuracies(names, load_films(folder, size=(128, 128)))
    assert np.mean(accuracies) >= 0.97


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_the_text_says_of_the_film_demo_holds(unit, solution, monkeypatch, folder):
    names = run_film_demo(unit, solution, monkeypatch, folder)
    assert names["errors"][-1] == 0, "the line makes no mistake on the training films"
    assert names["w"][0] < 0, "low lungs speak against upright"
    upright = {
        name: np.mean(library.predict(names["features"](images), names["w"], names["b"]))
        for name, images in names["changes"].items()
    }
    assert upright["as before"] > 0.9
    assert upright["inverted"] < 0.3 and upright["shutter"] < 0.3, "the features fail when the films change"
