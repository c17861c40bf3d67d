"""Compare what a learner's function returned with what was expected, and say in words where they part."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xraydojo.language import L


@dataclass(frozen=True)
class Difference:
    """The first rung of the ladder that the learner's value fails.

    ``rung`` is one of "type", "shape", "finite", "range", "value"; ``message`` tells it in the learner's language; ``got`` and ``expected``
    are arrays when both can be drawn, else None.
    """

    rung: str
    message: str
    got: np.ndarray | None = None
    expected: np.ndarray | None = None


def compare(
    got, expected, rtol: float | None = None, atol: float | None = None, names=None
) -> Difference | None:
    """Return the first difference between a learner's value and the expected one, or None.

    Parameters
    ----------
    got : object
        What the learner's function returned.
    expected : number, str, None, array_like, or tuple or dict of these
        A tuple asks for as many values, a dict for its keys and no others, in any order; anything else that NumPy reads is compared as an
        array.
    rtol, atol : float, optional
        Equal means ``|got - expected| <= atol + rtol * |expected|``. Default 1e-6 and 1e-8; 1e-4 and 1e-6 when the learner worked in
        float32 or float16.
    names : sequence of str, optional
        What the parts of a tuple are called.
    """
    if expected is None or isinstance(expected, str):
        return _compare_plain(got, expected)
    if got is None:
        return Difference(
            "type",
            L(
                "Your function returned nothing (None). `print` only shows a value; `return` hands it over.",
                "関数が何も返していません（None）。`print` は表示するだけです。値を渡すには `return` を使います。",
            ),
        )
    if callable(got):
        return Difference(
            "type",
            L(
                "You returned a function itself. Did you forget the parentheses that call it?",
                "関数そのものを返しています。呼び出すための ( ) を忘れていませんか。",
            ),
        )
    if isinstance(expected, tuple):
        return _compare_parts(got, expected, rtol, atol, names)
    if isinstance(expected, dict):
        return _compare_dict(got, expected, rtol, atol)
    return _compare_arrays(got, expected, rtol, atol)


def _compare_plain(got, expected) -> Difference | None:
    same = isinstance(got, type(expected)) and got == expected
    if same:
        return None
    return Difference(
        "value",
        L(
            f"Expected {expected!r}, got {_short(got)}.",
            f"{expected!r} になるはずですが、{_short(got)} になっています。",
        ),
    )


def _compare_parts(got, expected: tuple, rtol, atol, names) -> Difference | None:
    names = names or [f"[{index}]" for index in range(len(expected))]
    together = ", ".join(names)
    try:
        parts = list(got)
    except TypeError:
        return Difference(
            "type",
            L(
                f"Expected {len(expected)} values ({together}), got a single {type(got).__name__}.",
                f"{len(expected)} 個の値（{together}）を返すはずですが、{type(got).__name__} が一つだけです。",
            ),
        )
    if len(parts) != len(expected):
        return Difference(
            "type",
            L(
                f"Expected {len(expected)} values ({together}), got {len(parts)}.",
                f"{len(expected)} 個の値（{together}）を返すはずですが、{len(parts)} 個です。",
            ),
        )
    for name, part, wanted in zip(names, parts, expected):
        if difference := compare(part, wanted, rtol, atol):
            message = L(f"{name}: {difference.message}", f"{name}：{difference.message}")
            return Difference(difference.rung, message, difference.got, difference.expected)
    return None


def _compare_dict(got, expected: dict, rtol, atol) -> Difference | None:
    keys = ", ".join(map(repr, expected))
    if not isinstance(got, Mapping):
        return Difference(
            "type",
            L(
                f"Expected a dict with the keys {keys}, got {_short(got)} ({type(got).__name__}).",
                f"キーが {keys} の辞書（dict）を返すはずですが、{_short(got)}（{type(got).__name__}）になっています。",
            ),
        )
    if missing := [key for key in expected if key not in got]:
        return Difference(
            "type", L(f"The key {missing[0]!r} is missing.", f"キー {missing[0]!r} がありません。")
        )
    if more := [key for key in got if key not in expected]:
        return Difference(
            "type", L(f"There is a key {more[0]!r} too many.", f"余分なキー {more[0]!r} があります。")
        )
    names = [f"[{key!r}]" for key in expected]
    return _compare_parts([got[key] for key in expected], tuple(expected.values()), rtol, atol, names)


def _compare_arrays(got, expected, rtol, atol) -> Difference | None:
    expected = np.asarray(expected)
    try:
        array = np.asarray(got)
    except Exception:
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        return Difference(
            "type",
            L(
                f"Expected {_kind(expected)}, got {_short(got)} ({type(got).__name__}).",
                f"{_kind(expected)}になるはずですが、{_short(got)}（{type(got).__name__}）になっています。",
            ),
        )
    if array.shape != expected.shape:
        return Difference("shape", _shape_message(array, expected))
    rtol, atol = _tolerances(array, rtol, atol)
    a, b = array.astype(np.float64), expected.astype(np.float64)
    if (difference := _not_finite(a, b)) or (difference := _out_of_range(a, b, atol)):
        return difference
    differs = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
    if not differs.any():
        return None
    return Difference("value", _value_message(array, expected, differs), a, b)


def _tolerances(array: np.ndarray, rtol: float | None, atol: float | None) -> tuple[float, float]:
    single = array.dtype in (np.float32, np.float16)
    return (1e-4 if single else 1e-6) if rtol is None else rtol, (
        1e-6 if single else 1e-8
    ) if atol is None else atol


def _shape_message(got: np.ndarray, expected: np.ndarray) -> str:
    message = L(
        f"Expected {_kind(expected)}, got {_kind(got)}.",
        f"{_kind(expected)}になるはずですが、{_kind(got)}になっています。",
    )
    if got.ndim > 1 and got.shape == expected.shape[::-1]:
        message += L(" Rows and columns look swapped.", " 行と列が入れ替わっているようです。")
    return message


def _not_finite(got: np.ndarray, expected: np.ndarray) -> Difference | None:
    bad = ~np.isfinite(got) & np.isfinite(expected)
    if not bad.any():
        return None
    where = _place(bad)
    return Difference(
        "finite",
        L(
            f"Your result has {got[tuple(np.argwhere(bad)[0])]} {where}: a division by zero or an overflow on the way?",
            f"結果の{where}が {got[tuple(np.argwhere(bad)[0])]} です。途中で 0 で割ったか、桁あふれしていませんか。",
        ),
    )


def _out_of_range(got: np.ndarray, expected: np.ndarray, atol: float) -> Difference | None:
    # of images and probabilities; a vector of weights may lie in [0, 1] by chance
    within = (
        expected.ndim > 1
        and expected.size > 0
        and np.all((expected >= 0) & (expected <= 1))
        and np.ptp(expected) > 0
    )
    slack = 10 * atol + 1e-3
    if not within or (np.nanmin(got) >= -slack and np.nanmax(got) <= 1 + slack):
        return None
    low, high = float(np.nanmin(got)), float(np.nanmax(got))
    return Difference(
        "range",
        L(
            f"The values should lie between 0 and 1; yours go from {low:.6g} to {high:.6g}.",
            f"値は 0 から 1 の間になるはずですが、{low:.6g} から {high:.6g} になっています。",
        ),
        got,
        expected,
    )


def _value_message(got: np.ndarray, expected: np.ndarray, differs: np.ndarray) -> str:
    index = tuple(np.argwhere(differs)[0])
    a, b = _number(got[index]), _number(expected[index])
    if got.ndim == 0:
        return L(f"Expected {b}, got {a}.", f"{b} になるはずですが、{a} になっています。")
    count = int(differs.sum())
    return L(
        f"{count} of {got.size} values differ; the first one {_place(differs)}: expected {b}, got {a}.",
        f"{got.size} 個のうち {count} 個の値が違います。最初の違いは{_place(differs)}で、{b} になるはずですが、{a} になっています。",
    )


def _place(mask: np.ndarray) -> str:
    """Name the first true element of a mask: by row and column for two dimensions."""
    index = [int(i) for i in np.argwhere(mask)[0]]
    if len(index) == 0:
        return L("as its value", "値")
    if len(index) == 2:
        return L(f"at [row {index[0]}, column {index[1]}]", f" [行 {index[0]}, 列 {index[1]}] ")
    return L(f"at index {index}", f"添字 {index} ")


def _kind(array: np.ndarray) -> str:
    """Say what an array is: a number, or an array of a shape."""
    if array.ndim == 0:
        return L("a single number", "一つの数")
    shape = "(" + ", ".join(map(str, array.shape)) + ("," if array.ndim == 1 else "") + ")"
    return L(f"an array of shape {shape}", f"形 {shape} の配列")


def _number(value) -> str:
    return f"{float(value):.6g}" if np.asarray(value).dtype.kind == "f" else str(int(value))


def _short(value, longest: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
