"""The functions of unit 00, by NumPy and scikit-image."""

import numpy as np
from skimage import util


def mean_intensity(image):
    """Return the mean value of an image of any type, as a float."""
    return float(np.mean(image))


def last_row(image):
    """Return the last row (W,) of an image (H, W)."""
    return np.take(image, -1, axis=0)


def crop(image, x1, y1, x2, y2):
    """Return columns x1 to x2 and rows y1 to y2 of an image, the ends excluded: shape (y2 - y1, x2 - x1)."""
    rows, columns = np.shape(image)
    return util.crop(image, ((y1, rows - y2), (x1, columns - x2)))


def invert(image):
    """Return an image in [0, 1] with black and white exchanged."""
    return util.invert(np.asarray(image, float))


def mean_per_film(images):
    """Return the mean value of each image of a stack (N, H, W), shape (N,)."""
    return np.mean(images, axis=(1, 2))


def count_above(image, t):
    """Return how many pixels are greater than t, as an int."""
    return int(np.count_nonzero(np.greater(image, t)))


def to_float(image):
    """Return an image of type uint8 as decimals in [0, 1]."""
    return util.img_as_float(np.asarray(image, np.uint8))
