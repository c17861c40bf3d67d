"""Feed films to a Keras model, in a new order each epoch."""

from math import ceil

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Films and targets in batches, as NumPy arrays, for any backend of Keras.

    Give it to ``fit``. Each epoch comes in a new order, so that for ``predict`` the arrays themselves are the right choice.

    Parameters
    ----------
    images : ndarray, shape (N, H, W) or (N, H, W, C)
        The films; where there is no channel axis, one is added.
    targets : ndarray, shape (N,), (N, H, W) or (N, H', W', C)
        Classes, numbers, masks or images; three axes become four, as for the films.
    batch_size : int
        The last batch of an epoch may be smaller.
    seed : int
        The same seed gives the same batches, however many workers there are.
    augment : callable, optional
        ``augment(image, target, rng)`` returns both changed alike; ``image`` is (H, W, C), ``target`` one entry of
        `targets`, ``rng`` a `numpy.random.Generator`.
    """

    def __init__(self, images, targets, batch_size, seed=0, augment=None, **kwargs):
        super().__init__(**kwargs)
        if len(images) != len(targets):
            raise ValueError(f"as many images as targets are expected, not {len(images)} and {len(targets)}")
        self.images, self.targets = _with_channels(np.asarray(images)), np.asarray(targets)
        self.batch_size, self.seed, self.augment = batch_size, seed, augment
        self.epoch = -1
        self.on_epoch_end()

    def __len__(self):
        return ceil(len(self.images) / self.batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        # a copy, so that an augmentation in place leaves the films as they are
        images, targets = self.images[chosen], self.targets[chosen]
        if self.augment is not None:
            # Keras may ask for batches in any order and from several threads: each has its own source of chance
            rng = np.random.default_rng([self.seed, self.epoch, 1 + index])
            pairs = [self.augment(image, target, rng) for image, target in zip(images, targets)]
            images, targets = (np.stack(part) for part in zip(*pairs))
        return images.astype(self.images.dtype, copy=False), _with_channels(targets)

    def on_epoch_end(self):
        """Draw the order of the next epoch; Keras calls this."""
        self.epoch += 1
        self.order = np.random.default_rng([self.seed, self.epoch, 0]).permutation(len(self.images))


def _with_channels(array: np.ndarray) -> np.ndarray:
    return array[..., np.newaxis] if array.ndim == 3 else array
