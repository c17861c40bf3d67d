"""Recognise a known wrong answer by what it returns."""

import contextlib
import copy
import io
import sys
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from xraydojo import lesson
from xraydojo.check import models
from xraydojo.check.compare import compare


@dataclass
class Call:
    """One call of a test: the function's name, copies of what it got and the very things, and what came of it.

    ``weights`` is what the returned model held then, if it got one.
    """

    name: str
    arguments: tuple
    keywords: dict
    value: object = None
    error: Exception | None = None
    changed: str | None = None
    given: tuple = ()
    weights: tuple | None = None


def call(function, name: str, arguments: tuple, keywords: dict) -> Call:
    """Call a function and keep copies of what it got, and what it returned, raised or changed."""
    made = Call(name, *_copied(arguments, keywords))
    made.given = (*arguments, *keywords.values())
    try:
        # stock nbgrader gives no points to a test cell with anything on stderr, be it a warning
        with contextlib.redirect_stderr(sys.stdout):
            made.value = function(*arguments, **keywords)
        if any(hasattr(argument, "get_weights") for argument in made.given):
            made.weights = models.weights_of(made.value)
    except Exception as error:
        # the traceback begins in the learner's code, not here
        made.error = error.with_traceback(error.__traceback__.tb_next)
    # a function in another process worked on copies, which came back
    made.changed = _changed(made, *getattr(function, "arguments_after", (arguments, keywords)))
    return made


def _copied(arguments: tuple, keywords: dict) -> tuple[tuple, dict]:
    """Return copies of what a function gets; a symbolic tensor, which nobody can change, would bring its whole model along."""
    given = (*arguments, *keywords.values())
    same = {id(each): each for each in given if models.is_keras(each, "KerasTensor")}
    return copy.deepcopy((arguments, keywords), same)


def _changed(made: Call, arguments: tuple, keywords: dict) -> str | None:
    """Name the first argument that the function changed: its position from 1, or its keyword."""
    before = dict(enumerate(made.arguments, 1)) | made.keywords
    after = dict(enumerate(arguments, 1)) | keywords
    return next((str(key) for key in before if not _same_data(before[key], after[key])), None)


def _same_data(a, b) -> bool:
    """Tell whether two copies of an argument still hold the same data; other objects (models, generators) may change."""
    if isinstance(a, np.ndarray):
        return (
            a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same_data, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same_data(a[key], b[key]) for key in a)
    if type(a).__module__.startswith("pydicom"):
        return a == b
    return True


@lru_cache
def wrong_answers(unit: str) -> tuple[lesson.Answer, ...]:
    """Return a unit's wrong answers; none where the course's source is not installed."""
    folder = lesson.COURSE / unit
    return lesson.read_answers(folder, "wrong") if (folder / "wrong_answers.py").exists() else ()


def recognise(unit: str, exercise: str, calls: list[Call], namespace: dict) -> lesson.Answer | None:
    """Return the wrong answer that does on all calls exactly what the learner's answer did, or None."""
    candidates = [answer for answer in wrong_answers(unit) if answer.exercise == exercise]
    return next((answer for answer in candidates if _explains(answer, calls, namespace)), None)


def _explains(answer: lesson.Answer, calls: list[Call], namespace: dict) -> bool:
    names = dict(namespace)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(answer.source, f"<{answer.name}>", "exec"), names)
        except Exception:
            return False
        for seen in calls:
            function = names.get(seen.name)
            if not callable(function) or not _same_outcome(_again(function, seen), seen):
                return False
    return bool(calls)


def _again(function, seen: Call) -> Call:
    return call(function, seen.name, *_copied(seen.arguments, seen.keywords))


def _same_outcome(a: Call, b: Call) -> bool:
    if repr(a.error) != repr(b.error) or a.changed != b.changed:
        return False
    if a.weights is not None and b.weights is not None:
        return models.same_weights(a.weights, b.weights)
    return a.error is not None or _same_model(a, b) or _same_value(a.value, b.value)


def _same_model(a: Call, b: Call) -> bool:
    try:
        made = [models.model_of(each.value, each.given) for each in (a, b)]
        return None not in made and models.same(*made)
    except Exception:
        return False


def _same_value(a, b) -> bool:
    if a is None or b is None:
        return a is b
    try:
        return compare(a, tuple(b) if isinstance(b, (tuple, list)) and _ragged(b) else b) is None
    except Exception:
        return False


def _ragged(parts) -> bool:
    """Tell whether a sequence is several values of unlike shape, not one array."""
    return len({np.shape(part) for part in parts}) > 1
