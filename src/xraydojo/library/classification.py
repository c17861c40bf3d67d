"""Convolutional networks for classification, and what is counted around them, for unit 06; by Keras and scikit-learn."""

import keras
import numpy as np
from keras import layers
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels):
    """Return a weight for each class that occurs, so that all classes weigh the same in the loss.

    Parameters
    ----------
    labels : array_like of int, shape (N,)

    Returns
    -------
    dict of int to float
        N / (K n_k), with K classes that occur and n_k films of class k, as scikit-learn's "balanced".
    """
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=np.asarray(labels))
    return {int(k): float(weight) for k, weight in zip(classes, weights)}


def confusion_matrix(y, p, classes):
    """Return how many films of each true class got each answer.

    Parameters
    ----------
    y, p : array_like of int, shape (N,)
        The truth and the answers, from 0 to ``classes - 1``.
    classes : int

    Returns
    -------
    ndarray of int, shape (classes, classes)
        Rows are the truth, columns the answers.
    """
    if len(y) == 0:
        return np.zeros((classes, classes), int)
    return metrics.confusion_matrix(y, p, labels=np.arange(classes))


def lenet(input_shape, classes):
    """Return LeNet-5 in today's words: maximum pooling, ReLU and softmax (after LeCun 1998).

    Parameters
    ----------
    input_shape : tuple of int
        Rows, columns and channels of a film.
    classes : int

    Returns
    -------
    keras.Model
        Not compiled. (64, 48, 1) and 4 classes make 237,836 parameters.
    """
    return keras.Sequential([
        keras.Input(input_shape),
        layers.Conv2D(6, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(120, activation="relu"),
        layers.Dense(84, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])  # fmt: skip


def residual_block(x, filters, stride):
    """Apply a basic residual block with a projection where the shape changes (He 2016, option B).

    Parameters
    ----------
    x : KerasTensor, shape (N, H, W, C)
    filters : int
        Channels of the result.
    stride : int
        Of the first convolution and of the projection.

    Returns
    -------
    KerasTensor, shape (N, ceil(H / stride), ceil(W / stride), filters)
    """
    way = layers.Conv2D(filters, 3, stride, padding="same")(x)
    way = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(way))
    way = layers.Conv2D(filters, 3, padding="same")(way)
    way = layers.BatchNormalization(momentum=0.9)(way)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, stride)(x)
    return layers.ReLU()(layers.Add()([way, x]))


def resnet(input_shape, classes, blocks):
    """Return a small residual network of 16, 32, 64, ... channels, as He (2016) built for CIFAR-10.

    Parameters
    ----------
    input_shape : tuple of int
        Rows, columns and channels of a film.
    classes : int
    blocks : sequence of int
        Residual blocks in each stage; all stages but the first begin with a stride of 2.

    Returns
    -------
    keras.Model
        Not compiled.
    """
    films = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same")(films)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for stage, count in enumerate(blocks):
        for block in range(count):
            x = residual_block(x, 16 * 2**stage, 2 if stage > 0 and block == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(films, layers.Dense(classes, activation="softmax")(x))
