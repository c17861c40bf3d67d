"""An exception as plain data: what kind it is, what it says and where it arose."""

import builtins
import traceback
from dataclasses import dataclass

from xraydojo.grade import wire
from xraydojo.grade.wire import Limits, WireError

_SMALL = Limits(bytes=20_000, elements=100, depth=4)
_LONGEST_NAME = 100
_LONGEST_TEXT = 4000


class Left(BaseException):
    """The learner's code left by an exception that is no error: SystemExit, KeyboardInterrupt or the like."""


@dataclass(frozen=True)
class Place:
    """Where the learner's code stopped: number and text of its own line, and the traceback."""

    line: int
    text: str
    trace: str


def describe(error: BaseException, namespace: dict | None = None) -> dict:
    """Return an exception as plain data.

    Parameters
    ----------
    error : BaseException
    namespace : dict, optional
        The globals of the learner's cells; with it, the place in the learner's code is told too.
    """
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    told = {"name": type(error).__name__, "kinds": kinds, "args": _arguments(error)}
    return told | ({} if namespace is None else _place(error, namespace))


def rebuild(told: dict) -> BaseException:
    """Return the exception that is told: of the built-in kind, or of a subclass of it with the same name.

    What is no error (SystemExit, KeyboardInterrupt) becomes `Left`. An error that tells its place carries it as its attribute ``place``.
    """
    name, base = _text(told.get("name"), _LONGEST_NAME), _builtin(told.get("kinds"))
    kind = type(name, (base,), {}) if name.isidentifier() and name != base.__name__ else base
    error = kind.__new__(kind)
    arguments = told.get("args")
    error.args = arguments if isinstance(arguments, tuple) else ()
    if isinstance(told.get("line"), int):
        text, trace = (_text(told.get(key), _LONGEST_TEXT) for key in ("text", "trace"))
        error.place = Place(told["line"], text, trace)
    return error


def _arguments(error: BaseException) -> tuple:
    """Return the exception's arguments where they are plain data, else what it says."""
    try:
        wire.encode(error.args, _SMALL)
        return tuple(error.args)
    except WireError:
        return (_said(error),)


def _said(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST_TEXT]
    except Exception:
        return "?"


def _place(error: BaseException, namespace: dict) -> dict:
    """Tell number and text of the learner's own line, and the traceback from there."""
    line, text, trace = 0, "", error.__traceback__
    while trace is not None and trace.tb_frame.f_globals is not namespace:
        trace = trace.tb_next
    error = error.with_traceback(trace or error.__traceback__)
    for summary, (frame, number) in zip(
        traceback.extract_tb(error.__traceback__), traceback.walk_tb(error.__traceback__)
    ):
        if frame.f_globals is namespace:
            line, text = number, summary.line or ""
    shown = "".join(traceback.format_exception(error)).rstrip()
    return {"line": line, "text": text[:_LONGEST_TEXT], "trace": shown[-_LONGEST_TEXT:]}


def _builtin(kinds) -> type[BaseException]:
    """Return the first of the built-in exceptions named that can be made from nothing; `Left` for what is no error."""
    for name in kinds if isinstance(kinds, list) else []:
        kind = getattr(builtins, name, None) if isinstance(name, str) else None
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, ExceptionGroup):
            return kind
        if isinstance(kind, type) and issubclass(kind, BaseException) and kind is not BaseExceptionGroup:
            return Left
    return Exception


def _text(value, most: int) -> str:
    return value[:most] if isinstance(value, str) else "?"
