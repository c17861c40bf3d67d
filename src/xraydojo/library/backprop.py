"""The two-layer network of unit 03 and its gradients, by NumPy and SciPy."""

import numpy as np
from scipy import special

SMALLEST = 1e-12  # of a probability in a logarithm


def sigmoid(z):
    """Return 1 / (1 + exp(-z)) for each element, also where the exponential overflows.

    Parameters
    ----------
    z : array_like

    Returns
    -------
    float or ndarray of z's shape
    """
    return special.expit(np.asarray(z, float))


def softmax(z):
    """Return exp(z) / sum(exp(z)) for each row.

    Parameters
    ----------
    z : array_like, shape (N, K)
        Any finite values.

    Returns
    -------
    ndarray, shape (N, K)
        Rows that sum to 1.
    """
    return special.softmax(np.asarray(z, float), axis=1)


def cross_entropy(p, y):
    """Return the mean over the samples of -ln of the probability that was given to the right class.

    Parameters
    ----------
    p : array_like, shape (N, K)
        Probabilities; less than 1e-12 counts as 1e-12.
    y : array_like of int, shape (N,)
        The right classes.

    Returns
    -------
    float
    """
    chosen = np.take_along_axis(np.asarray(p, float), np.asarray(y)[:, None], axis=1)
    return float(-np.log(np.maximum(chosen, SMALLEST)).mean())


def forward(params, X):
    """Send samples through a hidden layer of sigmoid neurons and a softmax layer.

    Parameters
    ----------
    params : dict
        W1 (D, H), b1 (H,), W2 (H, K), b2 (K,).
    X : array_like, shape (N, D)
        Samples.

    Returns
    -------
    p : ndarray, shape (N, K)
        Probabilities of the classes.
    cache : dict
        What `backward` needs: X, z1 and a1, both (N, H), and p.
    """
    X = np.asarray(X)
    z1 = X @ params["W1"] + params["b1"]
    a1 = sigmoid(z1)
    p = softmax(a1 @ params["W2"] + params["b2"])
    return p, {"X": X, "z1": z1, "a1": a1, "p": p}


def numerical_gradient(f, x, h=1e-5):
    """Return the gradient of a function by central differences.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns a number.
    x : array_like
        Where; integers and float32 become float64, in which a small h is not lost.
    h : float
        The step.

    Returns
    -------
    ndarray of float64, x's shape
        (f(x + h e) - f(x - h e)) / 2h for each element; its error falls with the square of h.
    """
    x = np.asarray(x, np.float64)
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def backward(params, cache, y):
    """Return the gradient of the mean cross-entropy by backpropagation (Rumelhart, Hinton and Williams 1986).

    Parameters
    ----------
    params : dict
        As in `forward`.
    cache : dict
        As `forward` returned it.
    y : array_like of int, shape (N,)
        The right classes.

    Returns
    -------
    dict
        The derivative for each element of W1, b1, W2 and b2, in their shapes.
    """
    X, a1, p = (np.asarray(cache[name]) for name in ("X", "a1", "p"))
    delta2 = (p - np.eye(p.shape[1])[np.asarray(y)]) / len(p)
    delta1 = delta2 @ np.transpose(params["W2"]) * a1 * (1 - a1)
    return {"W1": X.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}


def sgd_step(params, grads, lr):
    """Return the parameters after one step of length ``lr`` against the gradient.

    Parameters
    ----------
    params, grads : dict of array_like
        With the same keys.
    lr : float
        Learning rate.

    Returns
    -------
    dict of ndarray
        New arrays.
    """
    return {name: np.subtract(value, np.multiply(lr, grads[name])) for name, value in params.items()}
