"""How well the U-Net of unit 09 outlines lungs: on embedded films that it has not seen, and on real ones."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from xraydojo.bench.data import Row, _overlays, _scaled, _varied
from xraydojo.data import embedded, load_films, load_segmentation
from xraydojo.data.sets import draw_patients
from xraydojo.language import L

SIDE, FILTERS, DEPTH = 128, 12, 3
BATCH, RATE = 8, 2e-3
WORST = 5

Pairs = tuple[np.ndarray, np.ndarray]  # films and lungs, (N, H, W) each


@dataclass(frozen=True)
class Training:
    """How the network is trained.

    Attributes
    ----------
    name : str
        For the picture's file.
    words : str
        For the table.
    films : callable
        () -> the films and lungs to learn from, and those to test.
    epochs : int
    augment : callable
        (film, mask, rng) -> film and mask, as `xraydojo.data.pipeline.Batches` takes it.
    prepare : callable
        Films of shape (N, H, W, 1) -> what the network sees.
    """

    name: str
    words: str
    films: Callable[[], tuple[Pairs, Pairs]]
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

    Notes
    -----
    miniJSRT's masks leave out the lung behind the heart, and the notebook's network learns from such masks. Masks that
    take it in, as those of the real films may, count it as missed there; the second way learns from masks that have it.
    """
    out.mkdir(parents=True, exist_ok=True)
    shown = load_films(real, (SIDE, SIDE)) if real else None
    rows = []
    for training in trainings():
        learning, unseen = training.films()
        network = trained(training, learning, min(training.epochs, epochs or training.epochs))
        said = [_dice(network, training, unseen, out / f"worst_embedded_{training.name}.png")]
        if shown:
            pairs = shown.images, shown.lungs
            said.append(_dice(network, training, pairs, out / f"worst_real_{training.name}.png"))
        name = f"Dice {training.words}, {len(learning[0])} films: mean (median, least)"
        rows.append((name, said[0], said[1] if shown else ""))
    return rows


def trainings() -> list[Training]:
    """Return both ways: as the notebook does it, and with films varied as other hospitals would have them."""
    from xraydojo.library.segmentation import augment_pair

    def varied(film, mask, rng):
        image, mask = _varied(film[..., 0], mask, rng)
        return _scaled(image[None, ..., None])[0], mask

    return [
        Training("notebook", "as in the notebook", _segmentation01, 60, augment_pair, np.asarray),
        Training("varied", "with the lungs behind the heart, varied", _whole_lungs, 40, varied, _scaled),
    ]


def trained(training: Training, films: Pairs, epochs: int):
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
    images, lungs = films
    batches = Batches(images, lungs.astype("float32"), BATCH, seed=1, augment=training.augment)
    schedule = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(batches))
    network.compile(keras.optimizers.Adam(schedule), loss)
    network.fit(batches, epochs=epochs, verbose=0, callbacks=[Progress()])
    return network


def _segmentation01() -> tuple[Pairs, Pairs]:
    films = load_segmentation(size=(SIDE, SIDE))
    return tuple((part.images, part.targets == 1) for part in (films.train, films.test))


def _whole_lungs() -> tuple[Pairs, Pairs]:
    """Return the films of all embedded patients, with the lungs behind the heart; a fifth is for the test."""
    films = [embedded.film(patient, SIDE) for patient in track(range(embedded.PATIENTS), L("Films", "画像"))]
    images = np.stack([film.display for film in films]).astype("float32")
    lungs = np.stack([film.lungs_behind_heart > 0 for film in films])
    test = draw_patients([f"{patient:03d}" for patient in range(embedded.PATIENTS)])
    return (images[~test], lungs[~test]), (images[test], lungs[test])


def _dice(network, training: Training, films: Pairs, worst: Path) -> str:
    """Return mean, median and least Dice of the two largest parts, and draw the worst films."""
    from xraydojo.library.segmentation import dice, keep_largest

    images, truth = films
    chances = network.predict(training.prepare(images[..., None]), verbose=0)[..., 0]
    answers = np.stack([keep_largest(chance >= 0.5, 2) for chance in chances])
    each = np.array([dice(truth[k : k + 1], answers[k : k + 1]) for k in range(len(truth))])
    _overlays(images, truth, answers, np.argsort(each)[:WORST]).save(worst)
    return f"{each.mean():.3f} ({np.median(each):.3f}, {each.min():.3f}) of {len(each)}"
