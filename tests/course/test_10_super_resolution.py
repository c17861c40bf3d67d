"""Unit 10: values worked out by hand, in the papers, by scikit-image and by Keras; what its networks reach; every backend."""

import contextlib
import io

import keras
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from skimage.metrics import peak_signal_noise_ratio

from tests.course.cells import run_on
from xraydojo.library import super_resolution as library

UNIT = "10_super_resolution"


quick = settings(max_examples=40, deadline=None)


def keys_kernel(distance):
    """Return Keys' cubic kernel with a = -0.5 (Keys 1981, equation 15)."""
    d = abs(distance)
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def shrunk_by_hand(line, scale):
    """Return a line of pixels resized by the kernel stretched by the scale; weights beyond the border are left out."""
    out = []
    for i in range(len(line) // scale):
        weights = [keys_kernel((j + 0.5) / scale - (i + 0.5)) for j in range(len(line) // scale * scale)]
        out.append(sum(w * value for w, value in zip(weights, line)) / sum(weights))
    return out


@quick
@given(
    st.lists(st.floats(0, 1, width=32), min_size=5, max_size=30),
    st.lists(st.floats(-1, 1, width=32), min_size=5, max_size=20),
    st.integers(2, 5),
)
def test_degrade_stretches_the_cubic_kernel_in_both_directions(functions, row, column, scale):
    # a film that is a product of a column and a row is shrunk to the product of both shrunk
    film = np.outer(column, row).astype("float32")[None, ..., None]
    wanted = np.outer(shrunk_by_hand(column, scale), shrunk_by_hand(row, scale))
    got = ops.convert_to_numpy(functions["degrade"](film, scale))
    assert got.shape == (1, len(column) // scale, len(row) // scale, 1)
    assert got[0, ..., 0] == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize(("shape", "scale"), [((2, 9, 14, 3), 2), ((3, 13, 8, 1), 3), ((1, 12, 20, 2), 4)])
def test_degrade_equals_keras_on_the_cropped_film(functions, shape, scale):
    film = np.random.default_rng(0).normal(size=shape).astype("float32")
    rows, columns = shape[1] // scale, shape[2] // scale
    cropped = film[:, : rows * scale, : columns * scale]
    wanted = ops.image.resize(cropped, (rows, columns), interpolation="bicubic", antialias=True)
    got = ops.convert_to_numpy(functions["degrade"](film, scale))
    assert got == pytest.approx(ops.convert_to_numpy(wanted), abs=1e-6)


@quick
@given(
    st.integers(0, 999), st.sampled_from([("uint8", 255), ("uint16", 4095), ("float32", 1), ("float64", 2)])
)
def test_psnr_equals_scikit_images(functions, seed, kind):
    dtype, data_range = kind
    films = np.random.default_rng(seed).random((2, 3, 4, 5)) * data_range
    a, b = films.astype(dtype)
    wanted = peak_signal_noise_ratio(a.astype(float), b.astype(float), data_range=data_range)
    assert functions["psnr"](a, b, data_range) == pytest.approx(wanted)


def test_equal_films_have_infinitely_many_decibels(functions):
    assert functions["psnr"](np.ones((2, 3)), np.ones((2, 3)), 1) == np.inf


def test_the_wrong_range_of_the_third_question_is_worth_24_decibels(functions):
    a, b = np.random.default_rng(0).integers(0, 4096, (2, 9, 7))
    assert functions["psnr"](a, b, 65535) - functions["psnr"](a, b, 4095) == pytest.approx(24, abs=0.1)


def test_the_networks_have_as_many_parameters_as_in_the_papers(functions):
    # Dong 2014: 9-1-5 with 64 and 32 maps, 8,032 weights and 97 biases; Kim 2016: 20 layers of 64 maps
    assert functions["srcnn"]().count_params() == 8032 + 97 == 8129
    assert functions["srcnn"](3).count_params() == 81 * 3 * 64 + 64 + 64 * 32 + 32 + 25 * 32 * 3 + 3
    assert functions["vdsr"]().count_params() == 9 * 64 + 64 + 18 * (9 * 64 * 64 + 64) + 9 * 64 + 1 == 665921


@pytest.mark.parametrize("depth", [2, 6, 20])
def test_vdsr_with_a_last_layer_of_zeros_is_the_cubic_kernel_bit_by_bit(functions, depth):
    model = functions["vdsr"](depth)
    weights = model.get_weights()
    model.set_weights([*weights[:-2], 0 * weights[-2], 0 * weights[-1]])
    small = library.degrade(np.random.default_rng(0).random((2, 14, 22, 1)).astype("float32"), 2)
    enlarged = library.resize(small, (14, 22))
    assert np.array_equal(ops.convert_to_numpy(model(enlarged)), enlarged)


@pytest.mark.parametrize(("name", "field"), [("srcnn", 13), ("vdsr", 41)])
def test_the_receptive_fields_are_those_of_the_text(functions, name, field):
    model = functions[name]()
    model.set_weights([np.abs(w) for w in model.get_weights()])
    film = np.zeros((1, 61, 65, 1), "float32")
    film[0, 30, 32] = 1
    reached = ops.convert_to_numpy(model(film) - model(0 * film))[0, ..., 0] != 0
    assert [np.flatnonzero(reached.any(axis=axis)).size for axis in (0, 1)] == [field, field]


def test_a_film_of_any_size_comes_back_in_its_size(functions):
    for name in ("srcnn", "vdsr"):
        model = functions[name]()
        for shape in ((1, 9, 31, 1), (2, 40, 17, 1)):
            assert model(np.zeros(shape, "float32")).shape == shape


def test_srcnn_may_answer_below_zero(functions):
    model = functions["srcnn"]()
    model.set_weights([0 * w for w in model.get_weights()[:-1]] + [np.array([-0.5], "float32")])
    assert np.all(ops.convert_to_numpy(model(np.ones((1, 5, 7, 1), "float32"))) == -0.5)


def test_the_residual_added_to_the_enlarged_film_is_the_original(functions):
    original, enlarged = np.random.default_rng(0).random((2, 3, 5, 7, 1))
    assert enlarged + functions["residual_target"](original, enlarged) == pytest.approx(original)


@quick
@given(
    st.lists(
        st.none() | st.lists(st.floats(-1e4, 1e4, width=32, allow_subnormal=False), min_size=1, max_size=5),
        min_size=1,
        max_size=5,
    ),
    st.floats(1e-3, 10),
    st.floats(1e-4, 1),
)
def test_no_step_is_longer_than_theta_and_short_ones_stay(functions, grads, theta, lr):
    grads = [None if g is None else np.array(g) for g in grads]
    clipped = functions["clip_gradients"](grads, theta, lr)
    assert [c is None for c in clipped] == [g is None for g in grads]
    for c, g in zip(clipped, grads):
        if g is not None:
            c = ops.convert_to_numpy(c)
            assert np.all(np.abs(lr * c) <= theta * (1 + 1e-6))
            short = np.abs(lr * g) <= theta
            assert c[short] == pytest.approx(g[short]) and np.all(np.sign(c) == np.sign(g))


def test_the_perceptual_loss_is_the_one_worked_out_by_hand(functions):
    # phi: pixel times 2 and pixel times -1; films (1, 3), (0, 1): differences (2, -1), (4, -2): (4 + 1 + 16 + 4) / 4
    phi = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 1, use_bias=False)])
    phi.set_weights([np.array([2.0, -1.0], "float32").reshape(1, 1, 1, 2)])
    y, p = (np.array(values, "float32").reshape(1, 1, 2, 1) for values in ((1, 3), (0, 1)))
    assert float(functions["perceptual_loss"](phi, y, p)) == pytest.approx(25 / 4)
    assert float(functions["perceptual_loss"](phi, y, p, 0.4)) == pytest.approx(2.5)


def test_a_network_can_learn_by_the_perceptual_loss_alone(functions):
    keras.utils.set_random_seed(0)
    phi = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(3, 3, activation="relu")])
    phi.trainable = False
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 3, padding="same")])
    model.compile(
        optimizer=keras.optimizers.Adam(0.05), loss=lambda y, p: functions["perceptual_loss"](phi, y, p)
    )
    films = np.random.default_rng(0).random((8, 9, 12, 1)).astype("float32")
    losses = model.fit(films, films, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


@pytest.fixture(scope="module")
def trained(unit):
    """Return the lesson's names after all its cells, with its networks fully trained."""
    matplotlib.use("Agg")
    names = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in unit.cells:
            if cell.kind in ("setup", "exercise", "demo"):
                exec(cell.sources["en"], names)
    return names


def decibels(trained, scale, name):
    images = (trained["twice"] if scale == 2 else trained["thrice"])[name]
    truth = trained["test_films"]
    return peak_signal_noise_ratio(truth.astype(float), images.astype(float), data_range=1)


@pytest.mark.whole_training
def test_srcnn_beats_the_cubic_kernel_by_half_a_decibel_and_vdsr_beats_srcnn(trained):
    bicubic, srcnn, vdsr = (decibels(trained, 2, name) for name in ("bicubic", "SRCNN", "VDSR"))
    assert srcnn >= bicubic + 0.5
    assert vdsr > srcnn


@pytest.mark.whole_training
def test_the_perceptual_network_is_sharper_than_vdsr_and_further_from_the_original(trained):
    assert decibels(trained, 2, "perceptual") < decibels(trained, 2, "VDSR")
    sharpness = trained["sharpness"]
    assert sharpness(trained["twice"]["perceptual"]) > 1.05 * sharpness(trained["twice"]["VDSR"])


@pytest.mark.whole_training
def test_what_is_framed_as_invented_is_further_from_the_original_than_vdsrs(trained):
    truth, safe, bold = (trained[name][trained["here"]] for name in ("truth", "safe", "bold"))
    assert np.mean((bold - truth) ** 2) > 1.5 * np.mean((safe - truth) ** 2)


# run in a process of its own, for Keras takes its backend once
ONE_BATCH = """
import keras
import numpy as np
from keras import ops
from xraydojo.lesson import read_unit
from xraydojo.library import super_resolution as library

names = {"__name__": "__main__"}
for cell in read_unit("10_super_resolution").cells:
    if cell.kind in ("setup", "exercise", "test"):
        exec(cell.sources["en"], names)
sharp = np.random.default_rng(0).random((4, 24, 18, 1)).astype("float32")
features = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 3)])
features.trainable = False
for source in (names, vars(library)):
    blurred = library.resize(source["degrade"](sharp, 2), (24, 18))
    for build, loss in ((source["srcnn"], "mse"), (lambda: source["vdsr"](4), "mse"),
                        (lambda: source["vdsr"](4), lambda y, p: source["perceptual_loss"](features, y, p))):
        model = build()
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
        before = model.get_weights()
        assert np.isfinite(model.fit(blurred, sharp, verbose=0).history["loss"]).all()
        assert any(np.any(a != b) for a, b in zip(before, model.get_weights()))
print("trained with", keras.config.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_tests_pass_and_the_networks_learn_a_batch_with_another_backend(backend, tmp_path):
    run_on(backend, ONE_BATCH, tmp_path)
