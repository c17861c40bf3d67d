"""Unit 04: agreement with scikit-learn and Keras on random cases, and what the text says of the demos."""

import contextlib
import io
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import xraydojo
from xraydojo import language
from xraydojo.library import training as library

UNIT = "04_training"
NAMES = ("split_by_patient", "standardize", "minibatches", "early_stopping", "augment")


@pytest.fixture(params=["solution", "library"])
def functions(request, solution):
    source = solution if request.param == "solution" else vars(library)
    return SimpleNamespace(**{name: source[name] for name in NAMES})


def test_no_patient_is_in_two_parts_and_no_film_in_none(functions):
    rng = np.random.default_rng(0)
    for seed, fractions in enumerate([(0.5, 0.5), (0.6, 0.2, 0.2), (0.7, 0.1, 0.1, 0.1), (1 / 3, 2 / 3)] * 5):
        ids = rng.integers(0, 40, int(rng.integers(30, 120)))
        if seed % 2:
            ids = np.char.add("JPC", ids.astype(str))
        parts = functions.split_by_patient(ids, fractions, seed)
        patients = [set(ids[part]) for part in parts]
        assert sorted(np.concatenate(parts)) == list(range(len(ids)))
        assert sum(map(len, patients)) == len(set(ids))
        for group, fraction in zip(patients, fractions):
            assert abs(len(group) - fraction * len(set(ids))) <= 1 + 1e-9


def test_each_patient_comes_into_training_as_often_as_the_fraction_says(functions):
    # binomial: 60 of 100 seeds, standard deviation 4.9
    ids = np.repeat(np.arange(10), [1, 1, 2, 3, 1, 9, 1, 1, 4, 1])
    counts = sum(
        np.isin(np.arange(10), ids[functions.split_by_patient(ids, (0.6, 0.4), s)[0]]) for s in range(100)
    )
    assert np.all(np.abs(counts - 60) < 20)


def test_standardising_agrees_with_scikit_learn_and_keras(functions):
    from keras import layers, ops

    rng = np.random.default_rng(1)
    for shape, other in (((12, 5), (3, 5)), ((6, 4, 7, 2), (2, 4, 7, 2)), ((9, 3, 4), (5, 3, 4))):
        train, rest = rng.normal(5, 3, shape), rng.normal(2, 1, other)
        train[..., 0] = 2.5
        mine, mine_other = functions.standardize(train, rest)
        scaler = StandardScaler().fit(train.reshape(-1, shape[-1]))
        assert np.allclose(
            mine, scaler.transform(train.reshape(-1, shape[-1])).reshape(shape), rtol=1e-10, atol=1e-12
        )
        assert np.allclose(
            mine_other, scaler.transform(rest.reshape(-1, shape[-1])).reshape(other), rtol=1e-10
        )
        # Keras divides by at least 1e-7, where the others divide by 1
        normalise = layers.Normalization(axis=-1)
        normalise.adapt(train.astype(np.float32))
        assert np.allclose(
            ops.convert_to_numpy(normalise(rest.astype(np.float32)))[..., 1:], mine_other[..., 1:], atol=1e-4
        )


def test_an_epoch_holds_every_sample_once_and_the_short_batch_comes_last(functions):
    rng = np.random.default_rng(2)
    for n, size in ((1, 3), (7, 7), (20, 6), (64, 16), (65, 16)):
        batches = list(functions.minibatches(n, size, rng))
        assert sorted(np.concatenate(batches)) == list(range(n))
        assert [len(b) for b in batches[:-1]] == [size] * ((n - 1) // size)


def test_early_stopping_keeps_the_epoch_that_keras_keeps(functions):
    from keras.callbacks import EarlyStopping

    rng = np.random.default_rng(3)
    for _ in range(60):
        losses, patience = rng.integers(1, 25, 30).astype(float), int(rng.integers(1, 6))
        losses[rng.integers(1, 30, 3)] = np.nan
        callback = EarlyStopping("val_loss", patience=patience, mode="min", restore_best_weights=True)
        model = SimpleNamespace(
            stop_training=False, get_weights=lambda: [], set_weights=lambda weights: None, optimizer=None
        )
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"val_loss": loss})
            if model.stop_training:
                break
        assert functions.early_stopping(losses, patience) == callback.best_epoch


def tracing_films(count, shape=(15, 21)):
    """Films whose first two channels say where each pixel came from; the third is a texture."""
    height, width = shape
    y, x = np.mgrid[:height, :width]
    texture = np.random.default_rng(4).uniform(size=shape)
    film = np.stack([y / (height - 1), x / (width - 1), texture], axis=-1)
    return np.repeat(film[None], count, axis=0).astype(np.float32)


def test_augmented_films_agree_with_an_affine_transform_of_keras(functions):
    from keras import ops

    films = tracing_films(25)
    height, width = films.shape[1:3]
    new = functions.augment(films, np.random.default_rng(5), 2, 8)
    assert new.shape == films.shape and new.dtype == np.float32
    inner = (slice(4, -4), slice(6, -6))
    y, x = np.mgrid[:height, :width]
    inside = np.stack([x[inner], y[inner], np.ones_like(x[inner])], -1).reshape(-1, 3)
    for film in new:
        came_from = np.stack(
            [film[inner][..., 1] * (width - 1), film[inner][..., 0] * (height - 1)], -1
        ).reshape(-1, 2)
        (a0, b0), (a1, b1), (a2, b2) = np.linalg.lstsq(inside, came_from, rcond=None)[0]
        assert np.allclose([a0, a1], [b1, -b0], atol=1e-4) and np.isclose(a0**2 + a1**2, 1, atol=1e-3)
        assert abs(np.rad2deg(np.arctan2(a1, a0))) <= 8.01
        theirs = ops.image.affine_transform(
            films[0], np.array([a0, a1, a2, b0, b1, b2, 0, 0], np.float32), "bilinear", "nearest"
        )
        assert np.allclose(ops.convert_to_numpy(theirs)[inner], film[inner], atol=2e-3)


def test_no_shift_and_no_angle_change_nothing(functions):
    films = np.random.default_rng(6).uniform(size=(3, 8, 11, 2)).astype(np.float32)
    assert np.allclose(functions.augment(films, np.random.default_rng(7), 0, 0), films, atol=1e-6)


@pytest.fixture(scope="module")
def demos(unit):
    """Run setup, solutions, checks and demos of the lesson in order, and return their names and what they printed."""
    matplotlib.use("Agg")
    names = {"__name__": "__main__"}
    xraydojo.begin(unit.id, "en")
    for cell in unit.cells:
        if cell.kind in ("setup", "exercise", "test", "demo"):
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(cell.sources["en"], names)
            if "random flips" in cell.sources["en"]:
                names["flips_printed"] = printed.getvalue()
    yield SimpleNamespace(**names)
    language.use(None)


def test_the_polynomials_of_the_text_fit_as_it_says(demos):
    stiff, good, wild = (demos.fit_readings(12, degree)[1] for degree in (1, 5, 11))
    assert stiff[0] > 0.3 and stiff[1] > 0.3
    assert good[0] < 0.2 and good[1] < 0.2
    assert wild[0] < 1e-6 and wild[1] > 2 * good[1]
    assert demos.fit_readings(60, 11)[1][1] < 0.2, "more data tame the flexible model"


def test_a_leak_predicts_even_coins(demos):
    assert demos.results["coin", "by film"] > 0.85
    assert abs(demos.results["coin", "by patient"] - 0.5) < 0.1
    assert demos.results["sex", "by film"] > demos.results["sex", "by patient"] + 0.15


def test_the_network_overfits_and_the_cures_help(demos):
    mean = {name: np.mean([curve for curve, _ in runs], axis=0) for name, runs in demos.runs.items()}
    end = {name: curves[-20:, 1].mean() for name, curves in mean.items()}
    stopped = {
        name: np.mean([curve[library.early_stopping(curve[:, 1], 10), 1] for curve, _ in runs])
        for name, runs in demos.runs.items()
    }
    plain, decayed, augmented, everyone = mean
    assert mean[plain][-1, 0] < 0.1, "known by heart"
    assert end[plain] > np.log(2) > mean[plain][:, 1].min() + 0.1
    rise = end[plain] - stopped[plain]
    assert end[decayed] < end[plain] - 0.5 * rise and end[augmented] < end[plain] - 0.5 * rise
    assert mean[decayed][-20:, 0].mean() > 0.1 and mean[augmented][-20:, 0].mean() > 0.1
    assert min(stopped, key=stopped.get) == everyone
    assert end[everyone] > stopped[everyone] + 0.05, "it rises there, too"


def test_flips_destroy_the_side_of_the_heart(demos):
    without, with_flips = (
        float(line.split("right in ")[1].split("%")[0]) for line in demos.flips_printed.splitlines()[-2:]
    )
    assert without >= 95 and with_flips <= 60


def test_the_honest_result_is_between_the_parrot_and_the_leak(demos):
    assert demos.results["sex", "by patient"] < demos.hits < demos.results["sex", "by film"]
