"""How fast the embedded data are made, and how like real films they are."""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import track
from scipy.ndimage import affine_transform, gaussian_filter

from xraydojo.data import Films, embedded, load_films, phantom
from xraydojo.data.phantom.exposure import frequencies
from xraydojo.data.phantom.nodules import GRADES
from xraydojo.language import L

Row = tuple[str, str, str]  # what, on the phantom, on the real films
SIDE = 256
MILLIMETRES = 358.4


def measure(real: Path | None, out: Path) -> list[Row]:
    """Measure the phantom, beside real films where there are some.

    Parameters
    ----------
    real : Path or None
        A folder as `load_films` reads it, with lung masks.
    out : Path
        Where ``contact_sheet.png`` and ``worst_five.png`` are written.

    Returns
    -------
    list of (str, str, str)
        What was measured, on the phantom, and on the real films.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = speed()
    films = [embedded.film(patient, SIDE) for patient in track(range(embedded.PATIENTS), L("Films", "画像"))]
    shown = load_films(real) if real else None
    rows += greys(films, shown) + areas(films, shown) + people(films) + nodules()
    contact_sheet(films[:24], shown).save(out / "contact_sheet.png")
    if shown:
        rows.append(lungs_by_a_network(shown, out / "worst_five.png"))
    return rows


def speed() -> list[Row]:
    """Make the set Gender01 anew, 247 films of 256 x 256, and state time and memory of all its processes."""
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        embedded._make("Gender01", embedded.RECIPES["Gender01"], Path(place))
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        for path in Path(place).glob("*/*/*.png"):
            np.asarray(Image.open(path))
        reading = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6 * min(8, embedded._cores())
    return [
        ("247 films of 256 x 256, s", f"{seconds:.1f} on {embedded._cores()} cores", ""),
        ("making over reading them, times", f"{seconds / reading:.0f}", ""),
        ("memory of all processes, GB", f"{most:.2f}", ""),
    ]


def areas(films: list, shown: Films | None) -> list[Row]:
    """Return the share of lungs and heart in the image, per cent."""
    share = [
        100 * np.mean([(getattr(film, name) > 0).mean() for film in films])
        for name in ("lungs", "lungs_behind_heart", "heart")
    ]
    return [
        ("lung fields, % of the image (JSRT 30.5)", f"{share[0]:.1f}", ""),
        ("lungs with those behind the heart, %", f"{share[1]:.1f}", f"{100 * shown.lungs.mean():.1f}" if shown else ""),
        ("heart, % (JSRT 9 to 12)", f"{share[2]:.1f}", ""),
    ]  # fmt: skip


def greys(films: list, shown: Films | None) -> list[Row]:
    """Return grey levels inside and outside the lungs, and the noise power by frequency, with each film's lungs scaled to mean 0, SD 1."""
    ours = [film.display for film in films], [film.lungs_behind_heart > 0 for film in films]
    theirs = (list(shown.images), list(shown.lungs)) if shown else None
    rows = []
    for name, value in (
        ("grey in the lungs, 5th, 50th, 95th percentile", lambda image, lung: np.percentile(image[lung], [5, 50, 95])),
        ("grey elsewhere, 5th, 50th, 95th percentile", lambda image, lung: np.percentile(image[~lung], [5, 50, 95])),
        ("power at 0.03, 0.1, 0.3 cycles/mm in the lungs, log10", _log_power),
    ):  # fmt: skip
        columns = [
            " ".join(f"{part:.2f}" for part in np.mean([value(*pair) for pair in zip(*source)], axis=0))
            if source
            else ""
            for source in (ours, theirs)
        ]
        rows.append((name, *columns))
    return rows


def _log_power(image: np.ndarray, lung: np.ndarray) -> np.ndarray:
    values = np.where(lung, (image - image[lung].mean()) / image[lung].std(), 0)
    pixel = MILLIMETRES / image.shape[0]
    power = np.abs(np.fft.rfft2(values)) ** 2 * pixel**2 / lung.sum()
    radius = frequencies(image.shape, pixel)
    return np.array([np.log10(power[np.abs(radius / f - 1) < 0.2].mean()) for f in (0.03, 0.1, 0.3)])


def people(films: list) -> list[Row]:
    """Return how well ridge regression on 56 x 56 pixels tells sex and age, by cross-validation in ten parts."""
    from sklearn.linear_model import RidgeClassifierCV, RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    small = np.stack([embedded._resized(film.display, 56).ravel() for film in films])
    small = small - small.mean(axis=1, keepdims=True)
    sex = np.array([film.person.sex == "M" for film in films])
    age = np.array([film.person.age for film in films], float)
    folds, strengths = KFold(10, shuffle=True, random_state=0), np.logspace(0, 6, 13)

    def told(model, truth):
        return cross_val_predict(make_pipeline(StandardScaler(), model(strengths)), small, truth, cv=folds)

    accuracy = np.mean(told(RidgeClassifierCV, sex) == sex)
    error, plain = np.abs(told(RidgeCV, age) - age).mean(), np.abs(age - age.mean()).mean()
    return [
        ("sex by ridge regression, % (JSRT 87)", f"{100 * accuracy:.1f}", ""),
        ("age by ridge regression: mean error, years (mean predictor)", f"{error:.1f} ({plain:.1f})", ""),
    ]


def nodules(count: int = 12) -> list[Row]:
    """Return the contrast of nodules over the noise around them, by grade of subtlety."""
    means = []
    for grade in track(GRADES, L("Nodules", "結節影")):
        found = [contrast_to_noise(9000 + 100 * grade + number, grade) for number in range(count)]
        means.append(f"{np.nanmean(found):.2f}")
    return [("nodules: contrast to noise, grades 5 to 1", " ".join(means), "")]


def contrast_to_noise(seed: int, grade: int) -> float:
    """Return what a nodule adds to the film over the standard deviation of its surroundings, their slope taken out."""
    film, plain = (phantom.film(seed, (384, 384), nodules=number, subtlety=grade) for number in (1, 0))
    ((x1, y1, x2, y2),) = film.boxes
    rows, columns = np.indices(film.pixels.shape) + 0.5
    away = np.hypot(columns - (x1 + x2) / 2, rows - (y1 + y2) / 2) / ((x2 - x1) / 2)
    inside, around = away < 0.6, (away > 1.2) & (away < 2)
    if not inside.any() or around.sum() < 10:
        return np.nan
    plane = np.stack([columns[around], rows[around], np.ones(around.sum())], axis=1)
    values = plain.display[around]
    noise = values - plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
    return float((film.display - plain.display)[inside].mean() / noise.std())


def contact_sheet(films: list, shown: Films | None) -> Image.Image:
    """Return 24 films of the phantom and, below, 24 real ones."""
    tiles = [film.display for film in films] + list(shown.images[:24] if shown else [])
    rows = [np.hstack(tiles[start : start + 8]) for start in range(0, len(tiles) - 7, 8)]
    return Image.fromarray(np.round(255 * np.clip(np.vstack(rows), 0, 1)).astype(np.uint8))


# A U-Net (O. Ronneberger et al., MICCAI 2015) that has seen nothing but the phantom

NETWORK_SIDE, EPOCHS, BATCH = 128, 30, 16


def lungs_by_a_network(shown: Films, worst: Path) -> Row:
    """Train a U-Net on 250 films of the phantom alone, and return its mean Dice on the real films."""
    import keras

    keras.utils.set_random_seed(0)
    size = (NETWORK_SIDE, NETWORK_SIDE)
    films = [phantom.film(20_000 + seed, size) for seed in track(range(250), L("Films", "画像"))]
    images = np.stack([film.display for film in films])
    masks = np.stack([film.lungs_behind_heart > 0 for film in films]).astype(np.float32)
    model = _network(keras)
    steps = EPOCHS * (len(films) // BATCH)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)), _loss)
    rng = np.random.default_rng(0)
    for _ in track(range(EPOCHS), L("Training", "学習")):
        order = rng.permutation(len(films))
        for start in range(0, len(films) - BATCH + 1, BATCH):
            pairs = [_varied(images[i], masks[i], rng) for i in order[start : start + BATCH]]
            x, y = (np.stack(part)[..., None].astype(np.float32) for part in zip(*pairs))
            model.train_on_batch(_scaled(x), y)
    real = np.stack([embedded._resized(image, NETWORK_SIDE) for image in shown.images])[..., None]
    truth = np.stack([embedded._resized(lung, NETWORK_SIDE) > 0.5 for lung in shown.lungs])
    answers = model.predict(_scaled(real), verbose=0)[..., 0] > 0.5
    both = 2 * (answers & truth).sum(axis=(1, 2)) / (answers.sum(axis=(1, 2)) + truth.sum(axis=(1, 2)))
    _overlays(real[..., 0], truth, answers, np.argsort(both)[:5]).save(worst)
    name = f"lungs by a U-Net of {model.count_params():,} parameters: Dice, mean (median, least)"
    return name, "", f"{both.mean():.3f} ({np.median(both):.3f}, {both.min():.3f})"


def _network(keras):
    layers = keras.layers

    def block(x, filters):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        return x

    x = image = keras.Input((NETWORK_SIDE, NETWORK_SIDE, 1))
    skips = []
    for filters in (12, 24, 48, 96):
        x = block(x, filters)
        skips.append(x)
        x = layers.MaxPool2D()(x)
    x = block(x, 96)
    for filters, skip in zip((48, 48, 24, 12), reversed(skips)):
        x = block(layers.Concatenate()([layers.UpSampling2D()(x), skip]), filters)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(x))


def _loss(truth, answer):
    from keras import losses, ops

    overlap = 2 * ops.sum(truth * answer, (1, 2, 3)) + 1
    dice = overlap / (ops.sum(truth, (1, 2, 3)) + ops.sum(answer, (1, 2, 3)) + 1)
    return 1 - ops.mean(dice) + ops.mean(losses.binary_crossentropy(truth, answer))


def _scaled(images: np.ndarray) -> np.ndarray:
    low, high = np.percentile(images, [1, 99], axis=(1, 2, 3), keepdims=True)
    return np.clip((images - low) / (high - low), -0.5, 1.5)


def _varied(image, mask, rng):
    """Return a film as other hospitals would have it: zoom, tilt, shift, opacities, bowel gas, grey scale, edges, noise."""
    turn, zoom, aspect = np.radians(rng.normal(0, 4)), rng.uniform(0.66, 1.12), rng.normal(1, 0.06)
    matrix = np.array([[np.cos(turn) / aspect, -np.sin(turn)], [np.sin(turn), np.cos(turn) * aspect]]) / zoom
    middle = np.array(image.shape) / 2
    offset = middle - matrix @ middle + rng.normal(0, [9, 6])
    image = affine_transform(image, matrix, offset, order=1, mode=rng.choice(["nearest", "constant"]))
    mask = affine_transform(mask, matrix, offset, order=0)
    if rng.random() < 0.6:
        image = image + _opacities(mask, rng)
    if rng.random() < 0.6:
        image = image - _gas(mask, rng)
    low, high = np.percentile(image, [1, 99])
    image = np.clip((image - low) / (high - low + 1e-3), 0, 1.3) ** rng.uniform(0.5, 1.8)
    if rng.random() < 0.5:  # consoles enhance edges
        image = image + rng.uniform(0.3, 1.5) * (image - gaussian_filter(image, rng.uniform(3, 16)))
    if rng.random() < 0.3:
        image = gaussian_filter(image, rng.uniform(0.2, 0.9))
    return image + rng.normal(0, rng.uniform(0, 0.04), image.shape), mask


def _opacities(mask, rng):
    """Return blurred patches such as pneumonia makes, in the lungs."""
    total, rows, columns = 0, *np.ogrid[: mask.shape[0], : mask.shape[1]]
    for _ in range(rng.integers(1, 6)):
        (row, column), wide = rng.uniform(0.2, 0.9, 2) * mask.shape[0], rng.uniform(3, 16)
        patch = np.exp(
            -(((rows - row) / wide) ** 2 + ((columns - column) / (wide * rng.uniform(0.5, 2))) ** 2) / 2
        )
        grain = gaussian_filter(rng.normal(size=mask.shape), rng.uniform(0.7, 2.5))
        strength = np.where(mask > 0, rng.uniform(0.1, 0.55), 0.05)
        total = total + strength * patch * (1 + 0.6 * grain / grain.std())
    return total


def _gas(mask, rng):
    """Return dark bubbles in the abdomen."""
    total, rows, columns = 0, *np.ogrid[: mask.shape[0], : mask.shape[1]]
    for _ in range(rng.integers(1, 8)):
        row, column = rng.uniform([0.55, 0], 1) * mask.shape[0]
        high, wide = rng.uniform(2, 9) * np.array([1, rng.uniform(0.6, 2)])
        bubble = (((rows - row) / high) ** 2 + ((columns - column) / wide) ** 2 < 1) & (mask < 0.5)
        total = total + gaussian_filter(bubble.astype(float), rng.uniform(0.5, 2)) * rng.uniform(0.1, 0.45)
    return total


def _overlays(images, truth, answers, chosen) -> Image.Image:
    """Return films side by side with the outlines of truth (green) and answer (orange)."""
    tiles = []
    for index in chosen:
        tile = np.repeat(np.round(255 * np.clip(images[index], 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
        for mask, color in ((truth[index], (0, 158, 115)), (answers[index], (213, 94, 0))):
            edge = (mask != np.roll(mask, 1, 0)) | (mask != np.roll(mask, 1, 1))
            tile[edge] = color
        tiles.append(tile)
    sheet = Image.fromarray(np.hstack(tiles))
    return sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST)
