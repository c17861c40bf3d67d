"""A small residual network that has looked at many films of the phantom: what unit 08 learns on with few films.

Its weights come with the course. ``dojo data pretrain`` makes them again: films of people whom no embedded set shows, and as tasks the thickness of
bone, soft tissue and air, the outlines of lungs and heart, whether there is a nodule, and a few numbers about the patient. Sex, width of the heart and
cardiothoracic ratio are none of them, so that a lesson may ask for these.
"""

import hashlib
import multiprocessing
import zipfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from PIL import Image
from rich.progress import Progress

from xraydojo import DojoError
from xraydojo.data import phantom
from xraydojo.language import L

WEIGHTS = Path(__file__).parent / "weights" / "backbone.npz"
SHA256 = "8c8de7003052a43657896aecc6a5efaaafacdbeb66aa55cf879e3476884a5e08"
SIDE = 64  # rows and columns of the films that it was trained on
FEATURES = 128
STAGES = ((16, 1), (32, 2), (64, 2), (FEATURES, 2))  # filters and stride of each residual block
FIRST_SEED = 100_000  # of the phantom; the embedded sets have 1000 to 1246
FILMS, EPOCHS, BATCH = 4000, 14, 32
LEARNING_RATE = 2e-3
CELLS = 4  # rows and columns of what comes out for a film of SIDE: each tells of 4 x 4 places
MAPS = ("bone", "soft", "air", "lungs", "heart")
NUMBERS = ("age", "lung", "elongation", "mineral", "vessels", "calcium")


class BackboneError(DojoError, ValueError):
    """A file that does not hold the backbone's weights; the message says what to do."""


def build_backbone(channels: int = 1):
    """Return the network without what it has learnt.

    Parameters
    ----------
    channels : int
        Of the films: 1 grey, 3 colour.

    Returns
    -------
    keras.Model
        Named "backbone". It takes films (N, H, W, channels) with values from 0 to 1, of any size, and returns maps of ceil(H / 16) x
        ceil(W / 16) x 128.
    """
    import keras
    from keras import layers

    films = keras.Input((None, None, channels))
    x = layers.Rescaling(4.0, offset=-2.0)(films)
    x = layers.Conv2D(16, 5, 2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for filters, stride in STAGES:
        x = _block(x, filters, stride)
    return keras.Model(films, x, name="backbone")


def _block(x, filters: int, stride: int):
    """Return x behind a residual block (He 2016)."""
    from keras import layers

    way = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    way = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(way))
    way = layers.Conv2D(filters, 3, padding="same", use_bias=False)(way)
    way = layers.BatchNormalization(momentum=0.9)(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, stride, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(layers.Add()([way, x]))


def load_backbone(path: Path | str | None = None):
    """Return the network that was trained on films of the phantom.

    Parameters
    ----------
    path : path, optional
        A file that ``dojo data pretrain`` has written, or a folder with one. Default: the course's own, whose checksum is verified.

    Returns
    -------
    keras.Model
        As `build_backbone` returns it.

    Raises
    ------
    BackboneError
        If the file is missing, damaged or not of this network.
    """
    file = WEIGHTS if path is None else Path(path).expanduser()
    if file.is_dir():
        file = next(iter(sorted(file.rglob("*.npz"))), file / WEIGHTS.name)
    try:
        content = file.read_bytes()
    except OSError:
        raise _refused(file, L("it is not there", "ファイルがありません")) from None
    if path is None and hashlib.sha256(content).hexdigest() != SHA256:
        raise _refused(file, L("its checksum is another one", "チェックサムが違います"))
    backbone = build_backbone()
    backbone.set_weights(_read(file, [tuple(weight.shape) for weight in backbone.weights]))
    return backbone


def _read(file: Path, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Return the weights in a file, float32; nothing in it is run."""
    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = [opened[name] for name in sorted(opened.files)]
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile):
        raise _refused(file, L("it is no whole .npz file", ".npz として最後まで読めません")) from None
    found = [array.shape for array in arrays]
    if found != shapes or not all(array.dtype.kind == "f" and np.isfinite(array).all() for array in arrays):
        raise _refused(file, L("it holds other weights", "別のネットワークの重みです"))
    return [array.astype(np.float32) for array in arrays]


def _refused(file: Path, reason: str) -> BackboneError:
    return BackboneError(
        L(
            f"{file} is not what dojo data pretrain writes ({reason}); get the course's own file again, or make a new one: "
            "dojo data pretrain --out FILE.npz",
            f"{file} は dojo data pretrain で作ったファイルではありません（{reason}）。講座のファイルを入れ直すか、作り直してください："
            "dojo data pretrain --out ファイル名.npz",
        )
    )


def pretrain(
    out: Path, films: int = FILMS, epochs: int = EPOCHS, seed: int = FIRST_SEED, workers: int | None = None
) -> str:
    """Train the backbone on films of the phantom and write its weights in half precision, with a progress bar.

    Parameters
    ----------
    out : Path
        An .npz file; one that is there is replaced at the end.
    films, epochs : int
        How many films, and how often each is looked at.
    seed : int
        Of the first film and of the training. Threads add in an order of their own, so that the same seed gives weights of the same quality, not the
        same bits.
    workers : int, optional
        Processes that make films. Default: one a core, at most 8.

    Returns
    -------
    str
        The file's SHA-256.
    """
    from xraydojo.data.embedded import _cores  # one place that counts cores

    if out.suffix != ".npz":
        raise BackboneError(L(f"{out} must end in .npz", f"{out} の拡張子は .npz にしてください"))
    out.parent.mkdir(parents=True, exist_ok=True)
    with Progress() as progress:
        bar = progress.add_task(L("Making films", "画像を作成中"), total=films)
        examples = _examples(films, seed, workers or min(8, _cores()), lambda: progress.advance(bar))
        bar = progress.add_task(L("Training", "学習中"), total=epochs * -(-films // BATCH))
        backbone = _train(examples, epochs, seed, lambda: progress.advance(bar))
    arrays = {
        f"{index:03d}": weight.astype(np.float16) for index, weight in enumerate(backbone.get_weights())
    }
    new = out.with_name(f".{out.name}")
    with new.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    new.replace(out)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def _examples(films: int, seed: int, workers: int, advance: Callable) -> tuple[np.ndarray, ...]:
    """Return films (N, SIDE, SIDE), maps (N, SIDE / 4, SIDE / 4, maps), numbers (N, numbers), and whether there is a nodule (N,)."""
    made = [None] * films
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(_example, seed + index): index for index in range(films)}
        for done in as_completed(waiting):
            made[waiting[done]] = done.result()
            advance()
    return tuple(np.stack(part) for part in zip(*made))


def _example(seed: int):
    """Return one film with what is true of it; every other one has a nodule."""
    film = phantom.film(seed, (2 * SIDE, 2 * SIDE), nodules=seed % 2)
    image = Image.fromarray(film.display).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    step = 2 * SIDE // (4 * CELLS)
    maps = [getattr(film, name).astype(np.float32) for name in MAPS]
    maps[3] = (film.lungs > 0).astype(np.float32)
    small = [m.reshape(4 * CELLS, step, 4 * CELLS, step).mean(axis=(1, 3)) for m in maps]
    numbers = np.array([getattr(film.person, name) for name in NUMBERS], np.float32)
    return np.clip(np.asarray(image), 0, 1), np.stack(small, -1), numbers, np.float32(seed % 2)


def _train(examples, epochs: int, seed: int, advance: Callable):
    """Return the backbone, trained to tell maps, numbers and the nodule; the layers that tell them are dropped."""
    import keras
    from keras import layers

    images, maps, numbers, nodule = examples
    keras.utils.set_random_seed(seed)
    backbone = build_backbone()
    films = keras.Input((SIDE, SIDE, 1))
    x = backbone(films)
    told = layers.Conv2D(16 * len(MAPS), 1, name="maps")(x)
    pooled = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    outputs = [
        told,
        layers.Dense(len(NUMBERS), name="numbers")(pooled),
        layers.Dense(1, "sigmoid", name="nodule")(pooled),
    ]
    model = keras.Model(films, outputs)
    targets = [_cells(np.clip(_standardised(maps), -4, 4)), _standardised(numbers), nodule[:, None]]
    steps = epochs * -(-len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-2),
        ["mse", "mse", "binary_crossentropy"],
        loss_weights=[1.0, 1.0, 0.3],
    )

    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        model.fit(
            _varied(images, rng)[..., np.newaxis],
            targets,
            batch_size=BATCH,
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs=None: advance())],
        )
    return backbone


def _varied(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each film shifted by up to two pixels and on another grey scale: consoles differ."""
    count = len(images)
    bend, contrast, black = (
        rng.uniform(*ends, (count, 1, 1)) for ends in ((0.8, 1.25), (0.85, 1.15), (-0.08, 0.08))
    )
    varied = images ** bend.astype(np.float32) * contrast.astype(np.float32) + black.astype(np.float32)
    padded = np.pad(varied, [(0, 0), (2, 2), (2, 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SIDE, SIDE), axis=(1, 2))
    down, right = rng.integers(0, 5, (2, count))
    return np.clip(windows[np.arange(count), down, right], 0, 1)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Return values of mean 0 and standard deviation 1 over the films: what tells one person from another is left."""
    return (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-6)


def _cells(maps: np.ndarray) -> np.ndarray:
    """Return maps (N, 16, 16, M) as (N, 4, 4, 16 M): for each cell of the backbone its 4 x 4 places."""
    count = maps.shape[0]
    apart = maps.reshape(count, CELLS, 4, CELLS, 4, len(MAPS)).transpose(0, 1, 3, 2, 4, 5)
    return apart.reshape(count, CELLS, CELLS, 16 * len(MAPS))
