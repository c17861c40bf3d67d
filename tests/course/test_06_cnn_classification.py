"""Unit 06: counts and models against Keras, scikit-learn and a graph built by hand; films in the real layout; every backend."""

import contextlib
import io
import subprocess
import sys

import keras
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops
from PIL import Image
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

from tests.course.cells import run, run_on

UNIT = "06_cnn_classification"


quick = settings(max_examples=50, deadline=None)


@quick
@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_weights_equal_scikit_learns_and_make_all_classes_weigh_the_same(functions, labels):
    labels = np.array(labels)
    classes = np.unique(labels)
    wanted = compute_class_weight("balanced", classes=classes, y=labels)
    found = functions["class_weights"](labels)
    assert found == pytest.approx({int(k): w for k, w in zip(classes, wanted)})
    sums = [found[k] * np.sum(labels == k) for k in classes]
    assert sums == pytest.approx([len(labels) / len(classes)] * len(classes))


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40), st.integers(4, 6))
def test_confusion_matrices_equal_scikit_learns_with_absent_classes_and_without_films(
    functions, pairs, classes
):
    y, p = np.array(pairs, int).reshape(-1, 2).T
    table = np.asarray(functions["confusion_matrix"](y, p, classes))
    wanted = metrics.confusion_matrix(y, p, labels=range(classes)) if pairs else np.zeros((classes, classes))
    assert table.shape == (classes, classes) and np.array_equal(table, wanted)


@pytest.mark.parametrize("shape, classes", [((64, 48, 1), 4), ((64, 64, 1), 2), ((37, 51, 3), 5)])
def test_lenet_has_as_many_parameters_as_the_table_says(functions, shape, classes):
    model = functions["lenet"](shape, classes)
    rows, columns = (((side - 4) // 2 - 4) // 2 for side in shape[:2])
    kernels = 25 * shape[2] * 6 + 6 + 25 * 6 * 16 + 16
    dense = 16 * rows * columns * 120 + 120 + 120 * 84 + 84 + 84 * classes + classes
    assert model.count_params() == kernels + dense
    assert (model.input_shape, model.output_shape) == ((None, *shape), (None, classes))
    assert not model.compiled
    if shape == (64, 48, 1):
        assert model.count_params() == 237_836


def test_the_numbers_in_the_text_of_lenet_are_keras_own(unit, functions):
    model = functions["lenet"]((64, 48, 1), 4)
    prose = "".join(cell.sources["en"] for cell in unit.cells if cell.kind == "prose")
    counts = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert counts == [156, 2416, 224_760, 10_164, 340]
    assert all(f"= {count:,} |" in prose for count in counts)
    shapes = [" × ".join(map(str, layer.output.shape[1:])) for layer in model.layers[:4]]
    assert all(f"| {shape} |" in prose for shape in shapes)


def by_hand(x, filters, stride, bridge):
    """Return a block's graph, written out one layer after the other."""
    one = layers.Conv2D(filters, 3, stride, "same")(x)
    two = layers.BatchNormalization(momentum=0.9)(one)
    three = layers.Activation("relu")(two)
    four = layers.Conv2D(filters, 3, 1, "same")(three)
    five = layers.BatchNormalization(momentum=0.9)(four)
    short = layers.Conv2D(filters, 1, stride, "same")(x) if bridge else x
    return ops.maximum(five + short, 0.0)


@pytest.mark.parametrize(
    "channels, filters, stride, bridge", [(3, 3, 1, False), (3, 4, 2, True), (3, 3, 2, True), (4, 3, 1, True)]
)
@pytest.mark.parametrize("training", [False, True])
def test_a_residual_block_computes_what_a_graph_built_by_hand_does(
    functions, channels, filters, stride, bridge, training
):
    x = keras.Input((7, 10, channels))
    ours = keras.Model(x, functions["residual_block"](x, filters, stride))
    theirs = keras.Model(x, by_hand(x, filters, stride, bridge))
    rng = np.random.default_rng(0)
    weights = [
        rng.normal(size=w.shape) if w.ndim > 1 else rng.uniform(0.5, 2, w.shape) for w in ours.get_weights()
    ]
    for model in (ours, theirs):
        model.set_weights(weights)
    films = rng.normal(size=(4, 7, 10, channels)).astype("float32")
    got, wanted = (ops.convert_to_numpy(model(films, training=training)) for model in (ours, theirs))
    assert got.shape == (4, -(-7 // stride), 10 // stride, filters)
    assert got == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert (got == 0).any() and (got > 0).any()


def block_parameters(before, filters, bridge):
    norm = 4 * filters
    kernels = 9 * before * filters + filters + 9 * filters * filters + filters
    return kernels + 2 * norm + (before * filters + filters if bridge else 0)


@pytest.mark.parametrize("blocks", [(1, 1, 1), (2, 1), (1,)])
def test_a_resnet_has_the_parameters_and_the_maps_of_its_plan(functions, blocks):
    model = functions["resnet"]((40, 24, 2), 3, blocks)
    wanted, width = 9 * 2 * 16 + 16 + 4 * 16, 16
    for stage, count in enumerate(blocks):
        for number in range(count):
            filters = 16 * 2**stage
            wanted += block_parameters(width, filters, stage > 0 and number == 0)
            width = filters
    assert model.count_params() == wanted + 3 * width + 3
    maps = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, layers.Conv2D)]
    last = 2 ** (len(blocks) - 1)
    assert {tuple(size) for size in maps} == {(40 // 2**k, 24 // 2**k, 16 * 2**k) for k in range(len(blocks))}
    assert tuple(maps[-1]) == (40 // last, 24 // last, width)
    answers = ops.convert_to_numpy(model(np.random.default_rng(0).normal(size=(3, 40, 24, 2))))
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_block_hands_its_input_on_when_there_is_nothing_to_correct(functions):
    x = keras.Input((6, 5, 2))
    block = keras.Model(x, functions["residual_block"](x, 2, 1))
    block.set_weights([0 * w if w.ndim > 1 else w for w in block.get_weights()])
    films = np.random.default_rng(0).uniform(size=(3, 6, 5, 2)).astype("float32")
    assert ops.convert_to_numpy(block(films)) == pytest.approx(films)


@pytest.fixture(scope="module")
def trained(unit):
    """Return the lesson's names after the direction, one network for the sex, and the readers of the marker, fully trained."""
    matplotlib.use("Agg")
    names = {"__name__": "__main__"}
    run(unit, names, until='compete("LeNet"')
    cells = {cell.sources["en"] for cell in unit.cells if cell.kind == "demo"}
    (race,) = (source for source in cells if 'compete("LeNet"' in source)
    (reading,) = (source for source in cells if "readers = {}" in source)
    (asking,) = (source for source in cells if "def share(" in source)
    with contextlib.redirect_stdout(io.StringIO()):
        for source in (race[: race.index('compete("AlexNet"')], reading, asking):
            exec(source, names)
    return names


def test_the_direction_of_at_least_98_percent_of_the_test_films_is_right(trained):
    assert trained["direction_accuracy"] >= 0.98


def test_the_sex_of_at_least_85_percent_of_the_test_films_is_right(trained):
    films = trained["sexes"].test
    answers = ops.convert_to_numpy(trained["trained"]["LeNet"](trained["prepared"](films)))
    assert np.mean(answers.argmax(axis=1) == films.targets) >= 0.85


def test_the_reader_of_the_marker_is_splendid_with_it_lost_without_and_the_masked_one_does_not_care(trained):
    same, other, masked, masked_other = trained["shares"].values()
    assert same > 0.95 and other < 0.2
    assert masked == masked_other and 0.6 < masked < same


def noise(seed, side):
    return np.random.default_rng(seed).integers(0, 256, (side, side), np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_list(path, lines):
    """Write a list as the real ones are: the one of the test films in UTF-16LE with a mark, both with CRLF."""
    text = "".join(line + "\r\n" for line in lines)
    path.write_bytes(
        b"\xff\xfe" + text.encode("utf-16-le") if path.name == "list_test.txt" else text.encode("ascii")
    )


@pytest.fixture
def folders(tmp_path):
    """Return Directions01 and Gender01 in the layout of the real ones, with few films, of their real sizes."""
    home = tmp_path / "Directions01"
    turns = {"up": 0, "left": 1, "down": 2, "right": 3}
    for part, count in (("train", 10), ("test", 3)):
        for number in range(count):
            for way, quarter in turns.items():
                film = noise(number + 100 * (part == "test"), 128)
                save(home / part / way / f"{number}.png", np.rot90(film, quarter))
        lines = [f".\\{part}\\{way}\\{number}.png,{way}" for way in turns for number in range(count)]
        write_list(home / f"list_{part}.txt", lines)
    sexes = tmp_path / "Gender01"
    for part, kind, count in (("train", "LN", 12), ("test", "NN", 5)):
        names = [
            (("female", "male")[number % 2], f"JPC{kind}{number:03d}.png") for number in range(1, count + 1)
        ]
        for number, (sex, name) in enumerate(names):
            save(sexes / part / sex / name, noise(number + 50 * (part == "test"), 256))
        write_list(sexes / f"list_{part}.txt", [f".\\{part}\\{sex}\\{name},{sex}" for sex, name in names])
    return {"Directions01": home, "Gender01": sexes}


def test_the_same_cells_run_on_folders_in_the_real_layout(unit, folders, tmp_path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.setenv("XRAYDOJO_DATA", str(tmp_path / "cache"))
    for name, folder in folders.items():
        command = [sys.executable, "-m", "xraydojo", "data", "use", name, "--from", folder]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model,
        "fit",
        lambda model, *films, epochs=1, **more: fit(model, *films, epochs=min(epochs, 1), **more),
    )
    names = {"__name__": "__main__"}
    said = run(unit, names)
    assert "phantom" not in names["directions"].source + names["sexes"].source
    assert [len(part) for part in (names["directions"].test, names["sexes"].test)] == [12, 5]
    assert names["sexes"].test.images.shape == (5, 48, 48)
    assert set(names["chances"]) == {"LeNet", "AlexNet", "ResNet"} and "majority baseline" in said


# run in a process of its own, for Keras takes its backend once
ONE_BATCH = """
import keras
import numpy as np
from xraydojo.data.pipeline import Batches
from xraydojo.lesson import read_unit

names = {"__name__": "__main__"}
for cell in read_unit("06_cnn_classification").cells:
    source = cell.sources["en"]
    if cell.kind in ("setup", "exercise", "test") or "def small_alexnet" in source or "def shifted" in source:
        exec(source, names)
names["weigh"] = names["class_weights"]
films = np.random.default_rng(0).normal(size=(8, 48, 48, 1)).astype("float32"), np.arange(8) % 2
for build in (names["lenet"], names["small_alexnet"], lambda shape, classes: names["resnet"](shape, classes, (1, 1, 1))):
    model = build((48, 48, 1), 2)
    losses = names["train"](model, films, films, 1e-3, epochs=1)
    assert np.isfinite(losses["loss"] + losses["val_loss"]).all()
print("trained with", keras.config.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_tests_pass_and_the_networks_learn_a_batch_with_another_backend(backend, tmp_path):
    run_on(backend, ONE_BATCH, tmp_path)
