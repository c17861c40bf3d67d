"""Convolution, pooling and their gradients (unit 05), by SciPy and NumPy's windows."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import correlate2d
from scipy.signal.windows import gaussian


def output_size(n, k, s, p):
    """Return how many places a window takes along one axis.

    Parameters
    ----------
    n : int
        Pixels of the image.
    k, s, p : int
        Size of the window, its stride, and the zeros put on either end.

    Returns
    -------
    int
        ``floor((n + 2 p - k) / s) + 1`` (Dumoulin and Visin 2016, relationship 6).

    Raises
    ------
    ValueError
        If the window is larger than the padded image.
    """
    if n + 2 * p < k:
        raise ValueError(f"a window of {k} does not fit into {n} pixels with {p} zeros on either end")
    return len(range(0, n + 2 * p - k + 1, s))


def conv2d(image, kernel, stride=1, padding=0):
    """Return the cross-correlation of a grey image with a kernel, which is what deep learning calls a convolution.

    Parameters
    ----------
    image : array_like, shape (H, W)
    kernel : array_like, shape (kh, kw)
        Not flipped.
    stride, padding : int, optional
        In both directions; the padding is zeros.

    Returns
    -------
    ndarray, shape (Ho, Wo)
    """
    image, kernel = np.pad(image, padding), np.asarray(kernel)
    for n, k in zip(image.shape, kernel.shape):
        output_size(n, k, stride, 0)
    return correlate2d(image, kernel, mode="valid")[::stride, ::stride]


def conv2d_layer(x, w, b, stride=1, padding=0):
    """Return what a convolutional layer computes, before any activation.

    Parameters
    ----------
    x : array_like, shape (N, H, W, Ci)
    w : array_like, shape (kh, kw, Ci, Co)
    b : array_like, shape (Co,)
    stride, padding : int, optional
        In both directions; the padding is zeros.

    Returns
    -------
    ndarray, shape (N, Ho, Wo, Co)
    """
    w = np.asarray(w)
    return (
        np.einsum("nyxcij,ijco->nyxo", _windows(_pad(x, padding), w.shape[:2], stride), w, optimize=True) + b
    )


def max_pool(x, size, stride):
    """Return the largest value of each window, channel by channel.

    Parameters
    ----------
    x : array_like, shape (N, H, W, C)
    size, stride : int
        In both directions; a rest at the lower or right border is left out.

    Returns
    -------
    ndarray, shape (N, Ho, Wo, C)
    """
    return _windows(np.asarray(x), (size, size), stride).max(axis=(-2, -1))


def conv2d_backward(dout, x, w, stride, padding):
    """Return the gradients of a loss with respect to the input, the weights and the bias of `conv2d_layer`.

    Parameters
    ----------
    dout : array_like, shape (N, Ho, Wo, Co)
        The loss's gradient with respect to the layer's output.
    x : array_like, shape (N, H, W, Ci)
    w : array_like, shape (kh, kw, Ci, Co)
    stride, padding : int

    Returns
    -------
    dx : ndarray, shape (N, H, W, Ci)
        0 at pixels that no window covers.
    dw : ndarray, shape (kh, kw, Ci, Co)
    db : ndarray, shape (Co,)
    """
    dout, x, w = map(np.asarray, (dout, x, w))
    (kh, kw), (rows, columns) = w.shape[:2], dout.shape[1:3]
    padded = _pad(x, padding)
    dw = np.einsum("nyxcij,nyxo->ijco", _windows(padded, (kh, kw), stride), dout, optimize=True)
    dx = np.zeros(padded.shape, np.result_type(dout, w))
    for i, j in np.ndindex(kh, kw):
        # output (y, x) read the padded input's pixel (y s + i, x s + j)
        dx[:, i : i + stride * rows : stride, j : j + stride * columns : stride][:, :rows, :columns] += (
            dout @ w[i, j].T
        )
    height, width = x.shape[1:3]
    return dx[:, padding : padding + height, padding : padding + width], dw, dout.sum(axis=(0, 1, 2))


def gaussian_kernel(sigma, size):
    """Return a Gaussian smoothing kernel, sampled at the pixels' centres and of sum 1.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels.
    size : int
        Rows and columns; odd.

    Returns
    -------
    ndarray, shape (size, size)
    """
    profile = gaussian(size, sigma)
    return np.outer(profile, profile) / profile.sum() ** 2


def receptive_field(layers):
    """Return how wide a stretch of the input one output value of a stack of layers depends on, first to last pixel.

    Parameters
    ----------
    layers : sequence of (int, int)
        Window size and stride of each layer, from the input to the output.

    Returns
    -------
    int
    """
    field = 1
    for k, s in reversed(list(layers)):
        field = (field - 1) * s + k
    return field


def _pad(x, padding):
    """Put zeros around rows and columns, not around films and channels."""
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))


def _windows(x, size, stride):
    """Return all windows as a view of shape (N, Ho, Wo, C, kh, kw)."""
    return sliding_window_view(x, size, axis=(1, 2))[:, ::stride, ::stride]
