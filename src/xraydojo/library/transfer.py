"""Learning on from a network that others have trained, for unit 08; by Keras and scikit-learn."""

import keras
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def composite_rgb(phases):
    """Return three images of one patient as the colours of one, as the liver study did with three phases.

    Parameters
    ----------
    phases : sequence of three array_like, each of shape (H, W)
        Before the contrast medium, early, late.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Red is the early phase, green the late one, blue the one before. Values stay as they are.

    Raises
    ------
    ValueError
        If their shapes differ.
    """
    pre, early, late = (np.asarray(phase, np.float32) for phase in phases)
    return np.stack([early, late, pre], axis=-1)


def features(model, layer, images):
    """Return what a layer of a network makes of films.

    Parameters
    ----------
    model : keras.Model
        Its layers are tensors' functions of one another, as in `keras.Sequential`.
    layer : str
        The name of one of its own layers.
    images : array_like, shape (N, H, W, C)

    Returns
    -------
    ndarray of float32, shape (N, F)
        At inference: no dropout, BatchNormalization by its moving statistics. Of maps (N, H', W', F) the mean over rows and columns.
    """
    part = keras.Model(model.inputs[0], model.get_layer(layer).output)
    made = keras.ops.convert_to_numpy(part(np.asarray(images), training=False))
    return made.mean(axis=(1, 2)) if made.ndim == 4 else made


def svm_on_features(train, labels, test):
    """Train a linear support vector machine on features and return its scores for others.

    Parameters
    ----------
    train : array_like, shape (N, F)
        Features to learn from; only their mean and standard deviation are used to standardise.
    labels : array_like of {0, 1}, shape (N,)
    test : array_like, shape (M, F)

    Returns
    -------
    ndarray, shape (M,)
        Distances from the boundary in units of the margin; above 0 is class 1.
    """
    machine = make_pipeline(StandardScaler(), SVC(kernel="linear", C=1))
    return machine.fit(train, labels).decision_function(test)


def freeze_backbone(model):
    """Make the sub-model "backbone" constant and compile again, so that only the rest is trained.

    Parameters
    ----------
    model : keras.Model
        With a layer "backbone" and a softmax at its end.

    Returns
    -------
    keras.Model
        The same one. A BatchNormalization that is not trainable works by its moving statistics and leaves them as they are, in training too.
    """
    model.get_layer("backbone").trainable = False
    return _compiled(model, 1e-3)


def fine_tune(model, x, y, head_epochs, epochs, head_lr=1e-3, lr=1e-5):
    """Train the head first and then the backbone with it, in small steps.

    Parameters
    ----------
    model : keras.Model
        With a layer "backbone" and a softmax at its end.
    x : array_like, shape (N, H, W, C)
    y : array_like of int, shape (N,)
    head_epochs, epochs : int
        How often the films are looked at with the backbone frozen, and then without.
    head_lr, lr : float
        Learning rates of the two parts.

    Returns
    -------
    keras.Model
        The same one. Every BatchNormalization of the backbone stays frozen all the time, its statistics included.
    """
    backbone = model.get_layer("backbone")
    backbone.trainable = False
    _compiled(model, head_lr).fit(x, y, batch_size=32, epochs=head_epochs, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    _compiled(model, lr).fit(x, y, batch_size=32, epochs=epochs, verbose=0)
    return model


def _compiled(model, lr: float):
    model.compile(keras.optimizers.Adam(lr), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
