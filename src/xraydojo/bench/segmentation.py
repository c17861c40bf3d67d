"""How well the U-Net of unit 09 outlines lungs: on embedded films that it has not seen, and on real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xraydojo.bench.data import Row, _overlays, _scaled, _varied
from xraydojo.data import FilmSet, Split, load_films, load_segmentation

SIDE, FILTERS, DEPTH = 128, 12, 3
BATCH, RATE = 8, 2e-3
WORST = 5
LUNG = 3  # of outside, heart, body, lung


@dataclass(frozen=True)
class Training:
    """How the network is trained.

    Attributes
    ----------
    name : str
        For the table and the picture's file.
    classes : int
        Of the set: 2 takes Segmentation01, 4 the larger Segmentation02.
    epochs : int
    augment : callable
        (film, mask, rng) -> film and mask, as `xraydojo.data.pipeline.Batches` takes it.
    prepare : callable
        Films of shape (N, H, W, 1) -> what the network sees.
    """

    name: str
    classes: int
    epochs: int
    augment: Callable
    prepare: Callable


def measure(real: Path | None, out: Path, epochs: int | None = None) -> list[Row]:
    """Train the lesson's U-Net on embedded films, in two ways, and compare its lungs with the truth.

    Parameters
    ----------
    real : Path or None
        A folder as `load_films` reads it, with lung masks.
    out : Path
        Where the worst films are drawn, ``worst_*.png``: outlines of the truth green, of the network orange.
    epochs : int, optional
        At most so many, for a quick trial.

    Returns
    -------
    list of (str, str, str)
        What was measured, on the embedded test films, and on the real films.
    """
    out.mkdir(parents=True, exist_ok=True)
    shown = load_films(real, (SIDE, SIDE)) if real else None
    rows = []
    for training in trainings():
        films = load_segmentation(size=(SIDE, SIDE), classes=training.classes)
        network = trained(training, films, min(training.epochs, epochs or training.epochs))
        columns = []
        for kind, images, truth in (
            ("embedded", films.test.images, _lungs(films.test)),
            ("real", shown.images, shown.lungs) if shown else ("real", None, None),
        ):
            if images is None:
                columns.append("")
                continue
            answers = lungs_of(network, training, images)
            each = dice_of_each(truth, answers)
            columns.append(f"{each.mean():.3f} ({np.median(each):.3f}, {each.min():.3f}) of {len(each)}")
            worst = np.argsort(each)[:WORST]
            _overlays(images, truth, answers, worst).save(out / f"worst_{training.name}_{kind}.png")
        name = f"{training.name}: {network.count_params():,} parameters, {len(films.train)} films; Dice, mean (median, least)"
        rows.append((name, *columns))
    return rows


def trainings() -> list[Training]:
    """Return both ways: as the notebook does it, and with films varied as other hospitals would have them."""
    from xraydojo.library.segmentation import augment_pair

    def varied(film, mask, rng):
        image, mask = _varied(film[..., 0], mask, rng)
        return _scaled(image[None, ..., None])[0], mask

    return [
        Training("notebook", 2, 60, augment_pair, np.asarray),
        Training("varied", 4, 40, varied, _scaled),
    ]


def trained(training: Training, films: Split, epochs: int):
    """Return the lesson's U-Net, trained by the lesson's loss."""
    import keras
    from keras import ops

    from xraydojo.data.pipeline import Batches
    from xraydojo.library.segmentation import soft_dice_loss, unet
    from xraydojo.training import Progress

    def loss(y, p):
        return soft_dice_loss(y, p) + ops.mean(keras.losses.binary_crossentropy(y, p))

    keras.utils.set_random_seed(1)
    network = unet((SIDE, SIDE, 1), FILTERS, DEPTH)
    batches = Batches(
        films.train.images, _lungs(films.train).astype("float32"), BATCH, seed=1, augment=training.augment
    )
    schedule = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(batches))
    network.compile(keras.optimizers.Adam(schedule), loss)
    network.fit(batches, epochs=epochs, verbose=0, callbacks=[Progress()])
    return network


def lungs_of(network, training: Training, images: np.ndarray) -> np.ndarray:
    """Return the network's lungs: its two largest parts with a probability of at least 0.5."""
    from xraydojo.library.segmentation import keep_largest

    chances = network.predict(training.prepare(images[..., None]), verbose=0)[..., 0]
    return np.stack([keep_largest(chance >= 0.5, 2) for chance in chances])


def dice_of_each(truth: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return Dice's coefficient of each film."""
    from xraydojo.library.segmentation import dice

    return np.array([dice(truth[k : k + 1], answers[k : k + 1]) for k in range(len(truth))])


def _lungs(films: FilmSet) -> np.ndarray:
    return films.targets == (LUNG if len(films.classes) == 4 else 1)
