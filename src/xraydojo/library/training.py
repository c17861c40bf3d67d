"""What unit 04 needs to train honestly: parts without a shared patient, standardised features, batches, augmentation, early stopping."""

import numpy as np
from scipy import ndimage


def split_by_patient(ids, fractions, seed):
    """Part the films so that no patient is in two parts.

    Parameters
    ----------
    ids : array_like of int or str, shape (N,)
        The patient of each film.
    fractions : tuple of float
        The share of the patients, not of the films, that each part gets; they sum to 1.
    seed : int
        The same seed gives the same parts.

    Returns
    -------
    tuple of ndarray of int
        The indices of the films in each part, rising. A part's number of patients is within one of its fraction.
    """
    patients, patient_of_film = np.unique(ids, return_inverse=True)
    ends = np.round(np.cumsum(fractions) * len(patients)).astype(int)
    rank = np.random.default_rng(seed).permutation(len(patients))
    part = np.searchsorted(ends[:-1], rank[patient_of_film], side="right")
    return tuple(np.flatnonzero(part == number) for number in range(len(fractions)))


def standardize(train, *others):
    """Shift and scale each feature by the mean and the standard deviation that it has in the training data.

    Parameters
    ----------
    train : array_like, shape (..., C)
        Training data, the features in the last axis.
    *others : array_like, shape (..., C)
        Further data, which have no say in the statistics.

    Returns
    -------
    tuple of ndarray
        The training data and the others. A feature that is constant in the training data is only shifted.
    """
    train = np.asarray(train)
    axes = tuple(range(train.ndim - 1))
    mean, deviation = train.mean(axes), train.std(axes)
    deviation = np.where(deviation == 0, 1, deviation)
    return tuple((np.asarray(part) - mean) / deviation for part in (train, *others))


def minibatches(n, size, rng):
    """Deal the numbers of n samples into batches, in a new order.

    Parameters
    ----------
    n, size : int
        The number of samples, and of those in one batch.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of int
        Each sample once; the last batch has what is left.
    """
    return np.split(rng.permutation(n), range(size, n, size))


def augment(batch, rng, max_shift, max_angle):
    """Turn and shift each film a little, each in its own way.

    Parameters
    ----------
    batch : array_like, shape (N, H, W, C)
        Values in [0, 1].
    rng : numpy.random.Generator
    max_shift : int
        Shifts are whole pixels, from -max_shift to max_shift, of rows and of columns.
    max_angle : float
        Angles are from -max_angle to max_angle, in degrees, about the film's centre.

    Returns
    -------
    ndarray of float32, shape (N, H, W, C)
        Linearly interpolated; the film's edge goes on where nothing is known.
    """
    batch = np.asarray(batch, np.float32)
    centre = (np.array(batch.shape[1:3]) - 1) / 2
    out = np.empty_like(batch)
    for film, new in zip(batch, out):
        angle = np.deg2rad(rng.uniform(-max_angle, max_angle))
        shift = rng.integers(-max_shift, max_shift, 2, endpoint=True)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for channel in range(batch.shape[3]):
            ndimage.affine_transform(
                film[..., channel],
                turn,
                centre - turn @ (centre + shift),
                output=new[..., channel],
                order=1,
                mode="nearest",
            )
    return out


def early_stopping(val_losses, patience):
    """Return the epoch whose weights are kept when training ends after some epochs without a lower validation loss.

    Parameters
    ----------
    val_losses : array_like, shape (epochs,)
        NaN is no improvement.
    patience : int
        How many epochs in a row may pass without a new lowest loss; at least 1. Later losses are not looked at.

    Returns
    -------
    int
        Counted from 0 (Prechelt 1998, the third class of stopping criteria, on losses that are not lower than the best).
    """
    best, best_loss = 0, np.inf
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best, best_loss = epoch, loss
        elif epoch - best >= patience:
            break
    return best
