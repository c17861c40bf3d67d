"""U-Net, what measures its outlines, and the cardiothoracic ratio, for unit 09; by Keras, SciPy and scikit-image."""

import keras
import numpy as np
from keras import layers, ops
from scipy import ndimage
from skimage import measure

EPSILON = 1e-6
LARGEST_ANGLE, LARGEST_SHIFT = 5, 0.05


def dice(y, p):
    """Return Dice's coefficient, 2 |A and B| / (|A| + |B|), of each film, and then the mean.

    Parameters
    ----------
    y, p : array_like, shape (N, H, W) or (N, H, W, 1)
        Truth and answer, 0 or 1.

    Returns
    -------
    float
        A film on which both masks are empty counts 1.

    References
    ----------
    L. R. Dice, Ecology 26, 297-302 (1945).

    Examples
    --------
    >>> dice([[[1, 1, 0]]], [[[1, 0, 0]]])
    0.6666666666666666
    """
    both, either = _overlap(y, p)
    together = both + either
    return float(np.mean(np.where(together > 0, 2 * both / np.maximum(together, 1), 1.0)))


def iou(y, p):
    """Return intersection over union (Jaccard's index) of each film, and then the mean.

    Parameters
    ----------
    y, p : array_like, shape (N, H, W) or (N, H, W, 1)
        Truth and answer, 0 or 1.

    Returns
    -------
    float
        A film on which both masks are empty counts 1.

    Examples
    --------
    >>> iou([[[1, 1, 0]]], [[[1, 0, 0]]])
    0.5
    """
    both, either = _overlap(y, p)
    return float(np.mean(np.where(either > 0, both / np.maximum(either, 1), 1.0)))


def _overlap(y, p):
    """Return the pixels of intersection and union, film by film."""
    y, p = np.asarray(y, bool), np.asarray(p, bool)
    axes = tuple(range(1, y.ndim))
    return np.sum(y & p, axis=axes), np.sum(y | p, axis=axes)


def soft_dice_loss(y, p):
    """Return 1 - Dice with probabilities in the place of yes and no, as a loss that can be differentiated.

    Parameters
    ----------
    y, p : tensor, shape (N, H, W) or (N, H, W, C)
        Truth, 0 or 1, and probabilities.

    Returns
    -------
    scalar tensor
        1 - (2 sum yp + e) / (sum y + sum p + e), e = 1e-6, of each film, and then the mean; the denominator without
        squares (F. Milletari et al., 3DV 2016, square both).
    """
    y, p = ops.cast(y, p.dtype if hasattr(p, "dtype") else "float32"), ops.convert_to_tensor(p)
    axes = tuple(range(1, p.ndim))
    both = ops.sum(y * p, axis=axes)
    return ops.mean(1 - (2 * both + EPSILON) / (ops.sum(y, axis=axes) + ops.sum(p, axis=axes) + EPSILON))


def encoder_block(x, filters):
    """Apply two convolutions and a pooling: one step down the U.

    Parameters
    ----------
    x : KerasTensor, shape (N, H, W, C)
    filters : int

    Returns
    -------
    skip : KerasTensor, shape (N, H, W, filters)
        Before the pooling, for the way up.
    down : KerasTensor, shape (N, H // 2, W // 2, filters)
    """
    skip = _two_convolutions(x, filters)
    return skip, layers.MaxPooling2D(2)(skip)


def decoder_block(x, skip, filters):
    """Double rows and columns, lay the skip beside it, and apply two convolutions: one step up the U.

    Parameters
    ----------
    x : KerasTensor, shape (N, H, W, C)
    skip : KerasTensor, shape (N, 2 H, 2 W, D)
    filters : int

    Returns
    -------
    KerasTensor, shape (N, 2 H, 2 W, filters)
    """
    return _two_convolutions(layers.Concatenate()([layers.UpSampling2D(2)(x), skip]), filters)


def _two_convolutions(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    return x


def unet(input_shape, filters, depth, classes=1):
    """Return a U-Net (O. Ronneberger et al., MICCAI 2015) with padded convolutions.

    Parameters
    ----------
    input_shape : tuple of int
        Rows, columns and channels of a film; rows and columns are divisible by ``2 ** depth``.
    filters : int
        Of the first level; each level below has twice as many.
    depth : int
        How many poolings there are.
    classes : int
        1: one map of probabilities, by a sigmoid. More: as many maps, by a softmax.

    Returns
    -------
    keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a side cannot be halved `depth` times.
    """
    rows, columns = input_shape[:2]
    if rows % 2**depth or columns % 2**depth:
        raise ValueError(f"{rows} x {columns} cannot be halved {depth} times; choose multiples of {2**depth}")
    x = films = keras.Input(input_shape)
    skips = []
    for level in range(depth):
        skip, x = encoder_block(x, filters * 2**level)
        skips.append(skip)
    x = _two_convolutions(x, filters * 2**depth)
    for level in reversed(range(depth)):
        x = decoder_block(x, skips[level], filters * 2**level)
    answers = layers.Conv2D(classes, 1, activation="sigmoid" if classes == 1 else "softmax")(x)
    return keras.Model(films, answers)


def augment_pair(image, mask, rng):
    """Turn and shift a film and its mask alike, at random.

    Parameters
    ----------
    image : ndarray, shape (H, W, C)
    mask : ndarray of int, shape (H, W)
    rng : numpy.random.Generator

    Returns
    -------
    image, mask : ndarray
        Of the same shapes: turned by up to 5 degrees about the middle, and shifted by up to 5 % of rows and columns. The
        film is interpolated linearly and its edge continued; the mask takes the nearest pixel, and 0 beyond the edge.
    """
    angle = np.radians(rng.uniform(-LARGEST_ANGLE, LARGEST_ANGLE))
    sides = np.array(mask.shape)
    shift = rng.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2) * sides
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (sides - 1) / 2
    offset = middle - turn @ (middle + shift)
    moved = [
        ndimage.affine_transform(channel, turn, offset, order=1, mode="nearest")
        for channel in np.moveaxis(image, -1, 0)
    ]
    return np.stack(moved, axis=-1), ndimage.affine_transform(mask, turn, offset, order=0)


def keep_largest(mask, n):
    """Keep the n largest connected parts of a mask; pixels that touch by a corner are connected.

    Parameters
    ----------
    mask : array_like of bool, shape (H, W)
    n : int

    Returns
    -------
    ndarray of bool, shape (H, W)
        All of the mask where it has fewer parts.
    """
    parts = measure.label(np.asarray(mask, bool), connectivity=2)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest = np.argsort(-sizes)[:n]
    return np.isin(parts, largest[sizes[largest] > 0])


def cardiothoracic_ratio(lungs, heart):
    """Return the width of the heart over the inner width of the thorax.

    Parameters
    ----------
    lungs, heart : array_like of bool, shape (H, W)

    Returns
    -------
    float
        The heart's columns from first to last, over the longest row of the lungs from first to last, both inclusive; nan
        where either mask is empty.
    """
    lungs, heart = np.asarray(lungs, bool), np.asarray(heart, bool)
    if not lungs.any() or not heart.any():
        return float("nan")
    columns = np.flatnonzero(heart.any(axis=0))
    spans = [np.ptp(np.flatnonzero(row)) + 1 for row in lungs if row.any()]
    return float((columns[-1] - columns[0] + 1) / max(spans))
