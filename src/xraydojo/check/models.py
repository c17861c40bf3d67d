"""Compare Keras models by what they compute: their weights begin at random, so that no two are equal."""

import sys

import numpy as np

# for axes that a model leaves open; several poolings may halve them
_OPEN_SIZES = (32, 24)


def is_keras(value, *kinds: str) -> bool:
    """Tell whether a value is of one of Keras's classes."""
    keras = sys.modules.get("keras")
    return keras is not None and any(isinstance(value, getattr(keras, kind)) for kind in kinds)


def model_of(value, arguments):
    """Return the model that a function made, or None.

    Parameters
    ----------
    value : object
        What it returned: a model, here or in another process, or symbolic tensors.
    arguments : iterable
        What it was called with; the symbolic tensors among them are the inputs of the model.
    """
    if hasattr(value, "get_weights"):
        return value
    keras = sys.modules.get("keras")
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if keras is None or not (hasattr(first, "model_from") or is_keras(first, "KerasTensor")):
        return None
    inputs = [argument for argument in arguments if is_keras(argument, "KerasTensor")]
    inputs = inputs[0] if len(inputs) == 1 else inputs
    return first.model_from(inputs, value) if hasattr(first, "model_from") else keras.Model(inputs, value)


def same(a, b) -> bool:
    """Tell whether two models have weights of the same shapes, in the same order, and with the same weights give the same answers."""
    kept = a.get_weights(), b.get_weights()
    if _plan(a, kept[0]) != _plan(b, kept[1]):
        return False
    rng = np.random.default_rng(0)
    # positive, for a variance must be
    weights = [
        rng.normal(0, np.prod(w.shape[:-1]) ** -0.5, w.shape)
        if w.ndim > 1
        else rng.uniform(0.5, 1.5, w.shape)
        for w in kept[0]
    ]
    films = [
        _film(shape, rng) for shape in (a.input_shape if isinstance(a.input_shape, list) else [a.input_shape])
    ]
    answers = []
    for model, before in zip((a, b), kept):
        model.set_weights(weights)
        answer = model(films if len(films) > 1 else films[0])
        answers.append(
            [np.asarray(part) for part in (answer if isinstance(answer, (list, tuple)) else [answer])]
        )
        model.set_weights(before)
    return all(p.shape == q.shape and np.allclose(p, q, 1e-3, 1e-4) for p, q in zip(*answers, strict=True))


def weights_of(value) -> tuple | None:
    """Return what a model holds now: all its weights, and the shapes of those that are trained; None for what is no model."""
    if not hasattr(value, "get_weights"):
        return None
    return [np.array(w) for w in value.get_weights()], _trained(value)


def same_weights(a: tuple, b: tuple) -> bool:
    """Tell whether two models held the same, as `weights_of` gave it."""
    return (
        a[1] == b[1]
        and [w.shape for w in a[0]] == [w.shape for w in b[0]]
        and all(np.allclose(one, other, 1e-3, 1e-7) for one, other in zip(a[0], b[0]))
    )


def _plan(model, weights) -> tuple:
    shapes = [np.shape(w) for w in weights]
    return shapes, _trained(model), model.input_shape, model.output_shape


def _trained(model) -> list[tuple]:
    return [tuple(w.shape) for w in model.trainable_weights]


def _film(shape, rng) -> np.ndarray:
    sizes = (size or _OPEN_SIZES[k % 2] for k, size in enumerate(shape[1:]))
    return rng.normal(size=(2, *sizes)).astype("float32")
