"""Super-resolution for unit 10: degradation, PSNR, SRCNN, VDSR and the perceptual loss; by Keras and scikit-image."""

import keras
import numpy as np
from keras import layers, ops
from skimage import metrics


def degrade(hr, scale):
    """Return films of fewer pixels: cropped to a multiple of the scale, then resized by a cubic kernel with antialiasing.

    Parameters
    ----------
    hr : array_like, shape (N, H, W, C)
    scale : int
        How many times fewer rows and columns.

    Returns
    -------
    ndarray, shape (N, H // scale, W // scale, C), float32
        Not clipped: beside an edge the cubic kernel goes below 0 and above 1.

    References
    ----------
    R. G. Keys, IEEE Trans. Acoust. Speech Signal Process. 29, 1153-1160 (1981): the kernel, with a = -0.5.
    """
    hr = np.asarray(hr)
    rows, columns = hr.shape[1] // scale, hr.shape[2] // scale
    return resize(hr[:, : rows * scale, : columns * scale], (rows, columns))


def resize(images, size):
    """Return images resized up or down by the cubic kernel, antialiased when it goes down.

    Parameters
    ----------
    images : array_like, shape (N, H, W, C)
    size : (rows, columns)

    Returns
    -------
    ndarray, shape (N, *size, C), float32
    """
    images = ops.convert_to_tensor(images, dtype="float32")
    # antialias also going up: without it PyTorch takes another cubic kernel (a = -0.75)
    resized = ops.image.resize(
        images, size, interpolation="bicubic", antialias=True, data_format="channels_last"
    )
    return ops.convert_to_numpy(resized)


def psnr(a, b, data_range):
    """Return the peak signal-to-noise ratio of two arrays in dB.

    Parameters
    ----------
    a, b : array_like
    data_range : float
        Largest minus smallest value that the pixels can have.

    Returns
    -------
    float
        Infinity for equal arrays.

    Examples
    --------
    >>> psnr([0.0, 0.5], [0.1, 0.4], 1)
    20.0
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if np.array_equal(a, b):
        return float("inf")
    return float(metrics.peak_signal_noise_ratio(a, b, data_range=data_range))


def srcnn(channels=1):
    """Return the network of Dong 2014, 9-1-5 with 64 and 32 maps; the film comes in already enlarged by the cubic kernel.

    Parameters
    ----------
    channels : int

    Returns
    -------
    keras.Model
        (N, H, W, channels) to the same shape, not compiled; 8,129 parameters for one channel.
    """
    return keras.Sequential([
        keras.Input((None, None, channels)),
        layers.Conv2D(64, 9, padding="same", activation="relu"),
        layers.Conv2D(32, 1, activation="relu"),
        layers.Conv2D(channels, 5, padding="same"),
    ])  # fmt: skip


def residual_target(hr, lr_up):
    """Return what is missing in the enlarged film.

    Parameters
    ----------
    hr, lr_up : array_like, same shape
        The original, and the small film enlarged to its size.

    Returns
    -------
    ndarray
        Float, positive where the enlarged film is too dark.
    """
    hr, lr_up = (np.asarray(film) for film in (hr, lr_up))
    kind = np.result_type(hr, lr_up, np.float32)
    return hr.astype(kind) - lr_up.astype(kind)


def vdsr(depth=20):
    """Return the very deep network of Kim 2016, which learns what is missing and adds it to its input.

    Parameters
    ----------
    depth : int
        Convolutions in all, at least 2.

    Returns
    -------
    keras.Model
        (N, H, W, 1) to the same shape, not compiled; 665,921 parameters for a depth of 20.
    """
    film = keras.Input((None, None, 1))
    x = film
    for _ in range(depth - 1):
        x = layers.Conv2D(64, 3, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    missing = layers.Conv2D(1, 3, padding="same", kernel_initializer="he_normal")(x)
    return keras.Model(film, layers.Add()([film, missing]))


def clip_gradients(grads, theta, lr):
    """Return gradients cut off at plus and minus theta / lr, so that no step is larger than theta (Kim 2016).

    Parameters
    ----------
    grads : list of array_like or None
        None where a weight has no gradient.
    theta, lr : float

    Returns
    -------
    list
        As many entries; None stays None.
    """
    limit = theta / lr
    return [None if grad is None else ops.clip(grad, -limit, limit) for grad in grads]


def perceptual_loss(extractor, y, p, alpha=1):
    """Return the mean squared difference of the features of two batches of films (Johnson 2016).

    Parameters
    ----------
    extractor : callable
        Films to features, such as the first convolutions of a trained network.
    y, p : tensor, shape (N, H, W, C)
        The truth and the network's answer.
    alpha : float
        The weight.

    Returns
    -------
    scalar tensor
    """
    return alpha * ops.mean(ops.square(extractor(y) - extractor(p)))
