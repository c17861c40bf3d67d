"""The perceptron of unit 02, by NumPy."""

import numpy as np


def predict(X, w, b):
    """Return a threshold neuron's answers.

    Parameters
    ----------
    X : array_like, shape (N, D)
        Samples.
    w : array_like, shape (D,)
        Weights.
    b : float
        Bias.

    Returns
    -------
    ndarray of int, shape (N,)
        1 where ``w . x + b >= 0``, else 0 (McCulloch and Pitts 1943).
    """
    return np.heaviside(np.asarray(X) @ np.asarray(w) + b, 1).astype(int)


def update(w, b, x, t, lr):
    """Return weights and bias after one step of Rosenblatt's rule (1958) on one sample.

    Parameters
    ----------
    w, x : array_like, shape (D,)
        Weights and the sample.
    b : float
        Bias.
    t : {0, 1}
        The right answer.
    lr : float
        Learning rate.

    Returns
    -------
    w : ndarray, shape (D,)
    b : float
    """
    move = lr * (t - predict(np.atleast_2d(x), w, b)[0])
    return np.add(w, np.multiply(move, x)), b + move


def fit(X, t, lr, max_epochs):
    """Train a perceptron from zero, sample by sample in the given order, up to the first epoch without a mistake.

    Parameters
    ----------
    X : array_like, shape (N, D)
        Samples.
    t : array_like of {0, 1}, shape (N,)
        The right answers.
    lr : float
        Learning rate.
    max_epochs : int
        The most passes through the samples.

    Returns
    -------
    w : ndarray, shape (D,)
    b : float
    errors : list of int
        Mistakes in each epoch, counted before each update. It ends with 0 if the samples were learnt, which happens after at
        most (R / gamma)^2 mistakes where a line separates them (Novikoff 1962).
    """
    X, t = np.asarray(X), np.asarray(t)
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    while len(errors) < max_epochs and 0 not in errors[-1:]:
        errors.append(0)
        for x, target in zip(X, t):
            errors[-1] += int(predict(x[None], w, b)[0] != target)
            w, b = update(w, b, x, target, lr)
    return w, b, errors


def xor_two_layers(X):
    """Return x1 XOR x2 for each row.

    Parameters
    ----------
    X : array_like of {0, 1}, shape (N, 2)

    Returns
    -------
    ndarray of int, shape (N,)
    """
    return np.logical_xor(*np.transpose(X)).astype(int)
