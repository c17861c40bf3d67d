"""Unit 09: measures against scikit-learn and scikit-image, the U-Net by hand, films in the real layout; every backend."""

import subprocess
import sys

import keras
import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from PIL import Image
from scipy import ndimage
from skimage import measure
from sklearn import metrics

from tests.course.cells import run, run_on
from xraydojo.bench import segmentation as bench
from xraydojo.library import segmentation as library

UNIT = "09_unet_segmentation"


quick = settings(max_examples=50, deadline=None)
masks = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@quick
@given(masks, st.floats(0, 1), st.floats(0, 1), st.sampled_from([(3, 5, 8), (2, 4, 7, 1)]))
def test_dice_and_iou_are_the_mean_over_films_of_scikit_learns(functions, rng, often, seldom, shape):
    y, p = (rng.random(shape) < often).astype(int), (rng.random(shape) < seldom).astype(int)
    for name, judge in (("dice", metrics.f1_score), ("iou", metrics.jaccard_score)):
        each = [judge(a.ravel(), b.ravel(), zero_division=1) for a, b in zip(y, p)]
        assert functions[name](y, p) == pytest.approx(np.mean(each), abs=1e-9)


def test_dice_and_iou_of_pooled_pixels_would_hide_a_missed_organ(functions):
    y = np.zeros((2, 20, 30), int)
    y[0, :, :15], y[1, 3, 4:9] = 1, 1
    p = y.copy()
    p[1] = 0
    assert functions["dice"](y, p) == pytest.approx(0.5) and functions["iou"](y, p) == pytest.approx(0.5)
    assert metrics.f1_score(y.ravel(), p.ravel()) > 0.99


@quick
@given(masks)
def test_on_yes_and_no_the_soft_loss_is_1_minus_dice(functions, rng):
    y, p = (rng.random((2, 4, 5, 7, 1)) < 0.4).astype("float32")
    y[0] = p[0] = 0
    loss = functions["soft_dice_loss"](ops.convert_to_tensor(y), ops.convert_to_tensor(p))
    assert float(loss) == pytest.approx(1 - functions["dice"](y, p), abs=1e-5)


def test_the_gradient_of_the_soft_loss_is_that_of_central_differences_and_of_the_formula(functions):
    rng = np.random.default_rng(0)
    y, p = (rng.random((2, 3, 4, 1)) < 0.5).astype("float64"), rng.uniform(0.05, 0.95, (2, 3, 4, 1))
    y[1] = 0

    def loss(values):
        return float(functions["soft_dice_loss"](ops.convert_to_tensor(y), ops.convert_to_tensor(values)))

    differences, h = np.zeros_like(p), 1e-5
    for index in np.ndindex(p.shape):
        step = np.zeros_like(p)
        step[index] = h
        differences[index] = (loss(p + step) - loss(p - step)) / (2 * h)
    common, together = ((y * p).sum((1, 2, 3), keepdims=True), (y + p).sum((1, 2, 3), keepdims=True))
    formula = -(2 * y * (together + 1e-6) - (2 * common + 1e-6)) / (together + 1e-6) ** 2 / len(y)
    assert differences == pytest.approx(formula, abs=1e-7)

    # a layer whose weights are the probabilities: one step of gradient descent of rate 1 takes away the gradient
    film = keras.Input((2,))
    weights = keras.layers.Dense(12, use_bias=False)
    model = keras.Model(film, keras.layers.Reshape((3, 4, 1))(weights(film)))
    model.set_weights([p.reshape(2, 12)])
    model.compile(keras.optimizers.SGD(1.0), functions["soft_dice_loss"])
    model.fit(np.eye(2), y, epochs=1, verbose=0)
    assert p.reshape(2, 12) - model.get_weights()[0] == pytest.approx(formula.reshape(2, 12), abs=1e-5)


def parameters(filters, depth, channels, classes):
    """Count a U-Net's parameters on paper: 9 in out + out for each convolution."""
    wide = [filters * 2**i for i in range(depth + 1)]
    pairs = []
    for before, after in zip([channels, *wide], wide):
        pairs += [(before, after), (after, after)]
    for i in reversed(range(depth)):
        pairs += [(wide[i + 1] + wide[i], wide[i]), (wide[i], wide[i])]
    return sum(9 * a * b + b for a, b in pairs) + filters * classes + classes


@pytest.mark.parametrize(
    "shape, filters, depth, classes",
    [((128, 128, 1), 12, 3, 1), ((128, 128, 1), 12, 3, 4), ((16, 24, 3), 5, 2, 3), ((6, 10, 1), 3, 1, 1)],
)
def test_a_unet_has_the_shapes_and_the_parameters_of_its_plan(functions, shape, filters, depth, classes):
    model = functions["unet"](shape, filters, depth, classes)
    assert model.input_shape == (None, *shape) and model.output_shape == (None, *shape[:2], classes)
    assert model.count_params() == parameters(filters, depth, shape[-1], classes)
    assert not model.compiled
    films = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    answers = ops.convert_to_numpy(model(films))
    assert (answers >= 0).all() and (answers <= 1).all() and np.ptp(answers) > 0
    if classes > 1:
        assert answers.sum(axis=-1) == pytest.approx(1, abs=1e-5)


def test_the_picture_and_the_text_name_the_maps_of_the_unet_that_is_trained(functions):
    model = functions["unet"]((128, 128, 1), 12, 3)
    maps = [layer.output.shape[1::2] for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert maps[::2] == [(128, 12), (64, 24), (32, 48), (16, 96), (32, 48), (64, 24), (128, 12), (128, 1)]


@pytest.mark.parametrize("shape, depth", [((20, 16, 1), 3), ((16, 20, 1), 3), ((9, 8, 1), 1)])
def test_a_side_that_cannot_be_halved_is_refused(functions, shape, depth):
    with pytest.raises(ValueError):
        functions["unet"](shape, 2, depth)


@pytest.mark.parametrize("level", range(3))
def test_every_skip_connection_is_used(functions, level):
    model = functions["unet"]((16, 24, 1), 3, 3)
    rng = np.random.default_rng(level)
    film = rng.normal(size=(1, 16, 24, 1)).astype("float32")
    weights = [rng.normal(0, 0.3, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    whole = ops.convert_to_numpy(model(film))
    (kernel,) = (w for w in weights if w.shape == (3, 3, 9 * 2**level, 3 * 2**level))
    kernel[:, :, 6 * 2**level :] = 0  # behind the maps from below
    model.set_weights(weights)
    assert np.abs(ops.convert_to_numpy(model(film)) - whole).max() > 1e-3


def test_without_its_skips_a_unet_cannot_tell_pixels_of_one_block_apart(functions):
    """With a bottom and skips set to 0, only the biases are left: the same answer for every film."""
    model = functions["unet"]((8, 12, 1), 2, 1)
    rng = np.random.default_rng(0)
    weights = [np.abs(rng.normal(0, 0.3, w.shape)) for w in model.get_weights()]
    films = rng.normal(size=(2, 8, 12, 1)).astype("float32")
    (up,) = (w for w in weights if w.shape == (3, 3, 6, 2))
    up[:, :, :4] = 0
    model.set_weights(weights)
    only_skip = ops.convert_to_numpy(model(films))
    up[:] = 0
    model.set_weights(weights)
    neither = ops.convert_to_numpy(model(films))
    assert np.abs(only_skip[0] - only_skip[1]).max() > 1e-3
    assert neither[0] == pytest.approx(neither[1])


@quick
@given(masks)
def test_film_and_mask_move_together_and_the_mask_gets_no_new_value(functions, rng):
    mask = np.zeros((60, 90), "uint8")
    mask[12:48, 15:40], mask[20:45, 50:75] = 85, 255
    image = mask[..., None].astype("float32") / 255
    film, moved = map(np.asarray, functions["augment_pair"](image, mask, rng))
    assert film.shape == image.shape and moved.shape == mask.shape
    assert set(np.unique(moved)) <= {0, 85, 255}
    # where the moved film is clearly one organ, the mask says so; two roundings of the mask are allowed
    bright = ndimage.minimum_filter(film[..., 0], 5) > 0.99
    dark = ndimage.maximum_filter(film[..., 0], 5) < 0.01
    assert bright.sum() > 300 and (moved[bright] == 255).all() and (moved[dark] == 0).all()


def test_turns_and_shifts_keep_within_5_degrees_and_5_percent(functions):
    """Three dots tell the movement: their centres of mass before and after."""
    places = np.array([(30, 30), (30, 90), (70, 60)])
    image = np.zeros((101, 121, 3), "float32")
    for channel, (row, column) in enumerate(places):
        image[row - 2 : row + 3, column - 2 : column + 3, channel] = 1
    before = (places - [50, 60]) @ [1j, 1]
    turns, shifts = [], []
    for seed in range(60):
        film, _ = functions["augment_pair"](image, np.zeros((101, 121), int), np.random.default_rng(seed))
        found = np.array([ndimage.center_of_mass(np.asarray(film)[..., k]) for k in range(3)])
        after = (found - [50, 60]) @ [1j, 1]
        sides = np.array([before, np.ones(3)]).T
        (turn, shift), *_ = np.linalg.lstsq(sides, after, rcond=None)
        assert abs(turn) == pytest.approx(1, abs=0.01)
        turns.append(np.degrees(np.angle(turn)))
        shifts.append([shift.imag / 101, shift.real / 121])
    assert np.abs(turns).max() <= 5.1 and np.abs(shifts).max() <= 0.0502
    assert np.std(turns) > 2 and (np.std(shifts, axis=0) > 0.02).all()


@quick
@given(masks, st.integers(1, 4))
def test_the_largest_parts_are_scikit_images(functions, rng, n):
    mask = ndimage.uniform_filter(rng.random((17, 24)), 3) > 0.58
    regions = sorted(measure.regionprops(measure.label(mask, connectivity=2)), key=lambda one: -one.area)
    if len(regions) > n and regions[n - 1].area == regions[n].area:
        return  # ties are left open
    wanted = np.zeros_like(mask)
    for region in regions[:n]:
        wanted[tuple(region.coords.T)] = True
    assert np.array_equal(functions["keep_largest"](mask, n), wanted)


@quick
@given(masks, st.floats(0.01, 0.4))
def test_the_ratio_is_that_of_the_boxes_of_scikit_image(functions, rng, often):
    lungs, heart = rng.random((9, 21)) < often, rng.random((9, 21)) < often / 2
    found = functions["cardiothoracic_ratio"](lungs, heart)
    if not lungs.any() or not heart.any():
        assert np.isnan(found)
        return
    rows = measure.regionprops(np.where(lungs, np.arange(1, 10)[:, None], 0))
    (box,) = (region.bbox for region in measure.regionprops(heart.astype(int)))
    assert found == pytest.approx((box[3] - box[1]) / max(row.bbox[3] - row.bbox[1] for row in rows))


@pytest.fixture(scope="module")
def trained(unit):
    """Return the lesson's names once the lungs' network is fully trained."""
    matplotlib.use("Agg")
    names = {"__name__": "__main__"}
    run(unit, names, until="chests = load_segmentation")
    return names


@pytest.mark.whole_training
def test_the_dice_of_lungs_is_at_least_96_percent_on_the_test_films(trained):
    assert len(trained["each"]) == 10
    assert trained["each"].mean() >= 0.96
    assert trained["each"].mean() == pytest.approx(library.dice(trained["truth"], trained["said"]))


@pytest.mark.whole_training
def test_the_worst_film_comes_first(trained):
    assert trained["each"][trained["worst_first"][0]] == trained["each"].min()


@pytest.mark.whole_training
def test_finding_no_lung_is_right_in_70_percent_of_the_pixels(trained):
    assert np.mean(trained["films"].test.targets == 0) == pytest.approx(0.7, abs=0.02)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def chest(seed):
    """Return noise with a lung on either side and a heart between them, and the masks of the lungs and of all organs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:256, :256]
    lung = (np.abs(np.abs(columns - 128) - 60) < 35) & (np.abs(rows - 120) < 70)
    heart = (np.hypot(rows - 160, columns - 135) < 30) & ~lung
    organs = np.full((256, 256), 170, np.uint8)
    organs[:8], organs[lung], organs[heart] = 0, 255, 85
    film = np.clip(160 - 100 * lung + 40 * heart + rng.normal(0, 10, (256, 256)), 0, 255).astype(np.uint8)
    return film, np.where(lung, 255, 0).astype(np.uint8), organs


@pytest.fixture
def folders(tmp_path):
    """Return Segmentation01 and Segmentation02 in the layout of the real ones, with few films, of their real size."""
    lungs, organs = tmp_path / "Segmentation01", tmp_path / "segmentation02" / "segmentation"
    for part, numbers in (("train", range(1, 7)), ("test", range(3))):
        for number in numbers:
            film, mask, _ = chest(number + 100 * (part == "test"))
            save(lungs / part / "org" / f"{number}.png", film)
            save(lungs / part / "label" / f"{number}.png", mask)
        lines = [f".\\{part}\\org\\{number}.png,.\\{part}\\label\\{number}.png\r\n" for number in numbers]
        encoding = "utf-16" if part == "test" else "ascii"
        (lungs / f"list_{part}.txt").write_bytes("".join(lines).encode(encoding))
    for part, numbers in (("train", range(1, 8)), ("test", range(8, 10))):
        for number in numbers:
            film, _, mask = chest(200 + number)
            save(organs / f"org_{part}" / f"case{number:03d}.bmp", film)
            save(organs / f"label_{part}" / f"case{number:03d}_label.png", mask)
    return {"Segmentation01": lungs, "Segmentation02": organs}


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
    assert "phantom" not in names["films"].source + names["chests"].source
    assert [len(names[part].test) for part in ("films", "chests")] == [3, 2]
    assert names["films"].test.images.shape == (3, 128, 128) and len(names["error"]) == 2
    # of the 256 columns the heart has those from 106 to 153, the lungs reach from 34 to 222; the films come at half the size
    assert names["true_ratio"] == pytest.approx(48 / 189, abs=0.01)
    assert "3 test films" in said


def test_the_benchmark_compares_embedded_and_real_films_and_draws_the_worst(tmp_path, monkeypatch):
    trainings = bench.trainings()
    monkeypatch.setattr(bench, "trainings", lambda: trainings[:1])
    real = tmp_path / "real"
    for number in range(2):
        film, mask, _ = chest(number)
        save(real / "films" / f"{number}.png", film)
        save(real / "lung_masks" / f"{number}.png", mask)
    (real / "index.csv").write_text("file\n0.png\n1.png\n", encoding="utf-8")
    (row,) = bench.measure(real, tmp_path / "out", epochs=1)
    assert "as in the notebook, 40 films" in row[0]
    assert row[1].endswith("of 10") and row[2].endswith("of 2")
    for kind, count in (("embedded", 5), ("real", 2)):
        with Image.open(tmp_path / "out" / f"worst_{kind}_notebook.png") as picture:
            assert picture.size == (2 * 128 * count, 2 * 128)


# run in a process of its own, for Keras takes its backend once
ONE_BATCH = """
import keras
import numpy as np
from xraydojo.data.sets import FilmSet
from xraydojo.lesson import read_unit

names = {"__name__": "__main__"}
for cell in read_unit("09_unet_segmentation").cells:
    source = cell.sources["en"]
    if cell.kind in ("setup", "exercise", "test"):
        exec(source, names)
    elif "def dice_and_entropy" in source:
        names |= {"yours_or": lambda function: names[function.__name__]}
        names |= {"loss_of": names["soft_dice_loss"], "move": names["augment_pair"], "build": names["unet"]}
        exec(source[source.index("def dice_and_entropy"):source.index("keras.utils.set_random_seed")], names)
    elif "def cross_entropy" in source:
        exec(source[source.index("def cross_entropy"):source.index("keras.utils.set_random_seed")], names)
rng = np.random.default_rng(0)
images = rng.random((8, 32, 48)).astype("float32")
people = tuple(map(str, range(8)))
for classes, loss in ((1, names["dice_and_entropy"]), (4, names["cross_entropy"])):
    films = FilmSet(images, rng.integers(0, max(2, classes), images.shape).astype("uint8"), people, people)
    losses = names["train"](names["build"]((32, 48, 1), 2, 2, classes), films, films, loss, epochs=1)
    assert np.isfinite(losses["loss"] + losses["val_loss"]).all()
print("trained with", keras.config.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_tests_pass_and_the_network_learns_a_batch_with_another_backend(backend, tmp_path):
    run_on(backend, ONE_BATCH, tmp_path)
