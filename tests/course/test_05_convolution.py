"""Unit 05: its functions against Keras, TensorFlow's gradients and central differences, and what its demos print."""

import contextlib
import io
from itertools import product
from pathlib import Path

import keras
import matplotlib
import numpy as np
import pytest
import tensorflow as tf

from xraydojo.library import convolution as library

REAL_FILMS = Path(__file__).parents[3] / "shared" / "realdata"
UNIT = "05_convolution"
STRIDES_AND_PADDINGS = list(product((1, 2, 3), (0, 1, 2)))
strides_and_paddings = pytest.mark.parametrize(("stride", "padding"), STRIDES_AND_PADDINGS)


def layer_case(stride, padding, dtype):
    """Return random films, weights, biases and an output gradient: non-square, two films, three channels, four kernels."""
    rng = np.random.default_rng([stride, padding])
    x, w = rng.normal(size=(2, 9, 7, 3)), rng.normal(size=(4, 2, 3, 4))
    rows, columns = (9 + 2 * padding - 4) // stride + 1, (7 + 2 * padding - 2) // stride + 1
    arrays = x, w, rng.normal(size=4), rng.normal(size=(2, rows, columns, 4))
    return [array.astype(dtype) for array in arrays]


def convolution_of_keras(x, w, b, stride, padding):
    around = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return keras.ops.conv(keras.ops.pad(x, around), w, strides=stride, padding="valid") + b


def close(got, expected, tolerance):
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=tolerance, atol=tolerance)


def central_differences(f, a, h=1e-3):
    slopes = np.zeros(a.shape)
    for index in np.ndindex(a.shape):
        step = np.zeros(a.shape)
        step[index] = h
        slopes[index] = (f(a + step) - f(a - step)) / (2 * h)
    return slopes


@strides_and_paddings
def test_a_layer_is_what_keras_computes(functions, stride, padding):
    x, w, b, _ = layer_case(stride, padding, "float32")
    close(
        functions["conv2d_layer"](x, w, b, stride, padding),
        convolution_of_keras(x, w, b, stride, padding),
        1e-5,
    )


@strides_and_paddings
def test_the_convolution_of_a_grey_image_is_what_keras_computes(functions, stride, padding):
    x, w, _, _ = layer_case(stride, padding, "float32")
    image, kernel = x[0, :, :, 0], w[:, :, 0, 0]
    expected = convolution_of_keras(image[None, :, :, None], kernel[:, :, None, None], 0, stride, padding)
    close(functions["conv2d"](image, kernel, stride, padding), expected[0, :, :, 0], 1e-5)


@strides_and_paddings
def test_the_gradients_are_tensorflow_s(functions, stride, padding):
    x, w, b, dout = layer_case(stride, padding, "float32")
    variables = [tf.Variable(array) for array in (x, w, b)]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(convolution_of_keras(*variables, stride, padding) * dout)
    for got, expected in zip(
        functions["conv2d_backward"](dout, x, w, stride, padding), tape.gradient(loss, variables)
    ):
        close(got, expected, 1e-5)


@strides_and_paddings
def test_the_gradients_are_central_differences(functions, stride, padding):
    x, w, b, dout = layer_case(stride, padding, "float64")
    layer = functions["conv2d_layer"]

    def loss(x, w, b):
        return np.sum(layer(x, w, b, stride, padding) * dout)

    expected = (
        central_differences(lambda a: loss(a, w, b), x),
        central_differences(lambda a: loss(x, a, b), w),
        central_differences(lambda a: loss(x, w, a), b),
    )
    for got, slopes in zip(functions["conv2d_backward"](dout, x, w, stride, padding), expected):
        close(got, slopes, 1e-7)


@pytest.mark.parametrize(("size", "stride"), [(2, 1), (2, 2), (3, 2), (2, 3), (3, 1), (4, 3)])
def test_pooling_is_what_keras_computes_and_slopes_as_tensorflow_says(functions, size, stride):
    rng = np.random.default_rng([size, stride])
    # all values at least 0.01 apart, so that no small step changes which one is the largest
    x = 0.01 * rng.permutation(2 * 9 * 7 * 3).reshape(2, 9, 7, 3)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        pooled = keras.ops.max_pool(variable, size, stride, padding="valid")
        dout = rng.normal(size=pooled.shape)
        loss = tf.reduce_sum(pooled * dout)
    pool = functions["max_pool"]
    close(pool(x, size, stride), pooled, 1e-12)
    close(pool(x.astype("float32"), size, stride), pooled, 1e-5)
    slopes = central_differences(lambda a: np.sum(pool(a, size, stride) * dout), x)
    close(slopes, tape.gradient(loss, variable), 1e-7)


def test_the_table_of_the_text_gives_the_nine_answers_of_the_text(functions):
    small = np.array([[1, 1, 1, 5, 5], [1, 1, 1, 5, 5], [1, 1, 5, 5, 5], [1, 5, 5, 5, 5]])
    answers = functions["conv2d"](small, np.array([[-1, 0, 1], [-1, 0, 1]]))
    assert np.array_equal(answers, [[0, 8, 8], [4, 8, 4], [8, 4, 0]])


def test_the_sizes_of_the_text_and_of_lenet_are_right(functions):
    size = functions["output_size"]
    assert [size(7, 3, 1, 0), size(7, 3, 1, 1), size(7, 3, 2, 1), size(6, 3, 2, 1)] == [5, 7, 4, 3]
    # LeCun and others 1998, figure 2: 32 -> 28 -> 14 -> 10 -> 5
    sizes = [32]
    for k, s in ((5, 1), (2, 2), (5, 1), (2, 2)):
        sizes.append(size(sizes[-1], k, s, 0))
    assert sizes == [32, 28, 14, 10, 5]


@pytest.mark.parametrize("arguments", [(2, 3, 1, 0), (2, 5, 1, 1), (1, 4, 2, 1)])
def test_a_window_that_does_not_fit_is_refused(functions, arguments):
    with pytest.raises(ValueError):
        functions["output_size"](*arguments)


def test_the_library_refuses_a_kernel_larger_than_the_image():
    # SciPy's correlate2d would exchange the two
    with pytest.raises(ValueError, match="does not fit"):
        library.conv2d(np.zeros((3, 8)), np.zeros((4, 2)))


@pytest.mark.parametrize("layers", [[], [(5, 1), (2, 2), (5, 1), (2, 2)], [(3, 2), (2, 2), (4, 1)], [(7, 3)]])
def test_the_receptive_field_is_where_the_gradient_of_keras_is_not_zero(functions, layers):
    x = tf.Variable(np.ones((1, 41, 1)))
    with tf.GradientTape() as tape:
        y = x
        for k, s in layers:
            y = keras.ops.conv(y, np.ones((k, 1, 1)), strides=s, padding="valid")
        middle = y[0, y.shape[1] // 2, 0]
    reached = np.flatnonzero(np.ravel(tape.gradient(middle, x)))
    assert functions["receptive_field"](layers) == reached[-1] - reached[0] + 1


FOLDERS = [
    pytest.param("", id="phantom"),
    pytest.param(
        str(REAL_FILMS),
        id="real",
        marks=pytest.mark.skipif(not REAL_FILMS.is_dir(), reason="the 39 real films are not here"),
    ),
]


@pytest.fixture(params=FOLDERS, scope="module")
def demo(request, unit, solution):
    """The names after all demos of the lesson have run, on the phantom's films and on real ones."""
    matplotlib.use("Agg")
    names = dict(solution)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setenv("XRAYDOJO_FILMS", request.param)
        for cell in unit.cells:
            if cell.kind in ("demo", "explore"):
                exec(cell.sources["en"], names)
    return names


def test_the_windows_are_at_least_fifty_times_faster_than_the_loops(demo):
    assert demo["slow"] / demo["fast"] >= 50
    film, blur = demo["film"], demo["blur"]
    assert np.allclose(demo["by_loops"](film, blur), demo["by_windows"](film, blur), rtol=1e-12)


def test_the_demo_agrees_with_keras_to_1e_5(demo):
    assert demo["difference"] < 1e-5


def test_pooling_forgives_the_shift(demo):
    changes = [np.abs(after - before).sum() / before.sum() for before, after in demo["maps"].values()]
    assert changes[0] > 1.5 * changes[1] > 2 * changes[2]


def test_smoothing_lowers_noise_as_the_formula_says(demo):
    # the continuous Gaussian's factor is 1 / (2 sqrt(pi) sigma)
    factor = demo["left_over"] / demo["noise"].std()
    assert np.isclose(factor, 1 / (2 * np.sqrt(np.pi)), rtol=0.02)


def test_unsharp_masking_is_one_kernel_of_sum_one_that_amplifies_noise(demo):
    assert np.abs(demo["one_step"] - demo["two_steps"]).max() < 1e-6
    assert np.isclose(demo["together"].sum(), 1)
    assert np.sqrt(np.sum(demo["together"] ** 2)) > 2.5


def test_the_layer_finds_the_kernel_of_sobel(demo):
    assert np.allclose(demo["guess"][:, :, 0, 0], demo["S_X"], atol=0.005)


def test_the_second_layer_finds_domes_mediastinum_and_lungs_on_the_film_shown(unit, demo):
    if "phantom" not in demo["films"].source:
        pytest.skip("the text speaks of the phantom's film")
    domes, bright, dark = np.moveaxis(demo["parts"][0], -1, 0)
    rows, columns = np.nonzero(domes > 0.1)
    assert rows.min() > 0.6 * len(domes), "the domes of the diaphragm lie in the lower part"
    assert columns.min() < 15 < columns.max(), "on both sides"
    # columns of the maps: the middle of the film is at 16
    assert bright[8:28, 14:22].mean() > 3 * bright[8:28, 5:12].mean(), "the mediastinum is bright"
    assert dark[8:28, 5:12].mean() > 3 * dark[8:28, 14:22].mean(), "the lung beside it is dark"
