"""Unit 08: features, the machine and the frozen statistics against scikit-learn and Keras, and the demo's networks on every backend."""

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.course.cells import run_on
from xraydojo.data.backbone import build_backbone, load_backbone

UNIT = "08_transfer_learning"


def test_the_colours_are_those_of_the_liver_study(functions):
    """Yamada 2019: pre-contrast, early and delayed phase to the blue, red and green channel."""
    pre, early, late = np.random.default_rng(0).normal(size=(3, 5, 4))
    colour = np.asarray(functions["composite_rgb"]((pre, early, late)))
    assert colour.dtype == np.float32 and colour.shape == (5, 4, 3)
    for channel, phase in enumerate((early, late, pre)):
        assert np.array_equal(colour[..., channel], phase.astype(np.float32))


def test_phases_of_unlike_shape_are_refused_even_where_numpy_would_stretch_one(functions):
    for odd in (np.zeros((1, 4)), np.zeros(4), np.zeros((5, 3))):
        with pytest.raises(ValueError):
            functions["composite_rgb"]((np.zeros((5, 4)), odd, np.zeros((5, 4))))


def branched():
    films = keras.Input((9, 7, 2))
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(films)
    way = layers.Dropout(0.5)(layers.BatchNormalization(name="normal")(x))
    x = layers.Add(name="sum")([x, way])
    pooled = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(films, layers.Dense(3, activation="softmax", name="head")(pooled))


@pytest.mark.parametrize("layer", ["first", "normal", "sum", "pool", "head"])
def test_features_are_those_of_a_functional_model_of_keras(functions, layer):
    model, rng = branched(), np.random.default_rng(1)
    model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    films = rng.normal(size=(6, 9, 7, 2)).astype("float32")
    wanted = keras.ops.convert_to_numpy(
        keras.Model(model.input, model.get_layer(layer).output)(films, training=False)
    )
    if wanted.ndim == 4:
        wanted = np.einsum("nhwf->nf", wanted) / (9 * 7)
    got = np.asarray(functions["features"](model, layer, films))
    assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_features_of_a_model_in_a_row_around_a_backbone(functions, films):
    """The demo's model, which is a keras.Sequential."""
    model = on_the_backbone()
    pooled = model.layers[-2].name
    got = np.asarray(functions["features"](model, pooled, films[0][:3]))
    assert np.allclose(got, load_backbone().predict(films[0][:3], verbose=0).mean(axis=(1, 2)), atol=1e-4)


def test_a_films_features_do_not_depend_on_its_neighbours(functions):
    model, films = branched(), np.random.default_rng(2).normal(size=(6, 9, 7, 2)).astype("float32")
    together = np.asarray(functions["features"](model, "normal", films))
    alone = np.concatenate(
        [np.asarray(functions["features"](model, "normal", films[i : i + 1])) for i in range(3)]
    )
    assert np.allclose(together[:3], alone, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_scikit_learns_pipeline(functions, seed):
    rng = np.random.default_rng(seed)
    train, test = (rng.normal(size=(n, 6)) * [1, 10, 0.1, 5, 1, 100] + 7 for n in (40, 15))
    labels = (train[:, 0] + rng.normal(size=40) > 7).astype(int)
    wanted = (
        make_pipeline(StandardScaler(), SVC(kernel="linear", C=1)).fit(train, labels).decision_function(test)
    )
    assert np.allclose(functions["svm_on_features"](train, labels, test), wanted, rtol=1e-3, atol=1e-3)


def test_the_test_films_do_not_take_part_in_the_scaling(functions):
    rng = np.random.default_rng(3)
    train, labels = rng.normal(size=(20, 3)), np.tile([0, 1], 10)
    test = rng.normal(size=(5, 3))
    alone = functions["svm_on_features"](train, labels, test)
    with_an_outlier = functions["svm_on_features"](
        train, labels, np.concatenate([test, np.full((1, 3), 1e6)])
    )
    assert np.allclose(alone, with_an_outlier[:5])


def on_the_backbone(lr=0.01):
    body = load_backbone()
    model = keras.Sequential([
        keras.Input((64, 64, 1)), body, layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax", name="head"),
    ])  # fmt: skip
    model.compile(keras.optimizers.SGD(lr), "sparse_categorical_crossentropy")
    return model


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(4)
    return rng.uniform(size=(40, 64, 64, 1)).astype("float32"), rng.integers(0, 2, 40)


def statistics(body):
    """The moving means and variances, which no gradient touches."""
    norms = [layer for layer in body.layers if isinstance(layer, layers.BatchNormalization)]
    return [np.array(w) for norm in norms for w in (norm.moving_mean, norm.moving_variance)]


def test_the_statistics_of_a_frozen_backbone_do_not_move_although_it_had_learnt_before(functions, films):
    keras.utils.set_random_seed(0)
    model = on_the_backbone()
    model.fit(*films, verbose=0)
    body = model.get_layer("backbone")
    moved_once = any(np.any(a != b) for a, b in zip(statistics(load_backbone()), statistics(body)))
    assert moved_once, "before it is frozen, training moves them"
    before, head = body.get_weights(), model.get_layer("head").get_weights()
    means = statistics(body)
    model = functions["freeze_backbone"](model)
    model.fit(*films, epochs=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_layer("backbone").get_weights()))
    assert all(np.array_equal(a, b) for a, b in zip(means, statistics(model.get_layer("backbone"))))
    assert all(np.any(a != b) for a, b in zip(head, model.get_layer("head").get_weights()))
    assert isinstance(model.optimizer, keras.optimizers.Adam) and np.isclose(
        float(model.optimizer.learning_rate), 1e-3
    )


def test_training_false_in_the_call_does_not_keep_them_in_keras_3(films):
    """What the text says of the recipe on the web."""
    body, inputs = load_backbone(), keras.Input((64, 64, 1))
    pooled = layers.GlobalAveragePooling2D()(body(inputs, training=False))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(pooled))
    model.compile("adam", "sparse_categorical_crossentropy")
    before = statistics(body)
    model.fit(films[0][:32], films[1][:32], verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, statistics(body)))


def test_fine_tuning_moves_every_convolution_and_no_normalisation(functions, films):
    keras.utils.set_random_seed(0)
    model = on_the_backbone()
    body = model.get_layer("backbone")
    before = {w.path: np.array(w) for w in body.weights}
    model = functions["fine_tune"](model, *films, 1, 1, 1e-3, 1e-4)
    for layer in model.get_layer("backbone").layers:
        for weight in layer.weights:
            moved = np.any(before[weight.path] != np.array(weight))
            assert moved != isinstance(layer, layers.BatchNormalization), weight.path


def test_the_first_step_of_each_part_is_its_learning_rate(functions, films):
    """Kingma and Ba (2015): the first step of Adam is the rate times the gradient's sign."""
    x, y = films[0][:32], films[1][:32]
    for epochs, name, rate in (((1, 0), "head", 1e-2), ((0, 1), "backbone", 1e-4)):
        keras.utils.set_random_seed(0)
        model = on_the_backbone()
        before = model.get_layer(name).get_weights()
        after = functions["fine_tune"](model, x, y, *epochs, 1e-2, 1e-4).get_layer(name).get_weights()
        assert np.isclose(max(np.abs(a - b).max() for a, b in zip(before, after)), rate, rtol=0.02)


def test_a_backbone_for_colour_answers_to_grey_as_before(films):
    """The recipe of the text: the first kernels three times, divided by three."""
    grey, colour = load_backbone(), build_backbone(3)
    weights = grey.get_weights()
    colour.set_weights([np.repeat(weights[0], 3, axis=2) / 3, *weights[1:]])
    x = films[0][:4]
    assert np.allclose(grey.predict(x, verbose=0), colour.predict(np.repeat(x, 3, -1), verbose=0), atol=1e-3)


BACKEND = """
import keras, numpy as np
import xraydojo
from xraydojo.lesson import read_unit
names = {"__name__": "__main__"}
unit = read_unit("08_transfer_learning")
xraydojo.begin(unit.id, "en")
for cell in unit.cells:
    if cell.kind in ("setup", "exercise"):
        exec(cell.sources["en"], names)
demo = next(cell.sources["en"] for cell in unit.cells if "def with_head" in cell.sources["en"])
exec(demo.split("take =")[0], names)
x, y = np.random.default_rng(0).uniform(size=(32, 64, 64, 1)).astype("float32"), np.arange(32) % 2
for body in (names["build_backbone"](), names["load_backbone"]()):
    model = names["with_head"](body)
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = body.get_weights()
    model = names["freeze_backbone"](model)
    model.fit(x, y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, body.get_weights()))
    model = names["fine_tune"](model, x, y, 1, 1)
    assert any(np.any(a != b) for a, b in zip(before, body.get_weights()))
    assert np.asarray(names["features"](model, "pool", x)).shape == (32, 128)
print("trained with", keras.config.backend())
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_networks_are_built_and_trained_on_every_backend(backend, tmp_path):
    run_on(backend, BACKEND, tmp_path)
