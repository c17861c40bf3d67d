"""What test cells call: comparisons that explain themselves and name the misconception."""

import hashlib
import os
import sys
import traceback
from dataclasses import replace

import numpy as np

from xraydojo import crash, palette, place, progress
from xraydojo.check import misconception
from xraydojo.check.compare import Difference, compare
from xraydojo.check.verdict import Verdict, picture, show
from xraydojo.language import L, current

_unit: str | None = None
_passed: dict[str, object] = {}


def begin(unit: str) -> None:
    """Start a unit in this process: nothing is solved yet, and its wrong answers give the hints."""
    global _unit
    _unit = unit
    _passed.clear()
    progress.begin(unit)


class CheckFailed(AssertionError):
    """An answer that is not right yet; below the verdict Jupyter shows what to do next, without a traceback."""

    def __init__(self, verdict: Verdict):
        super().__init__(str(verdict))
        self.verdict = verdict

    def _render_traceback_(self):
        return [
            L(
                "Change the cell above and run it, then this one again (Shift+Enter).",
                "上のセルを直して実行し、続けてこのセルをもう一度実行しましょう（Shift+Enter）。",
            )
        ]


class _Wrong(Exception):
    def __init__(self, difference: Difference):
        self.difference = difference


class _Crash(Exception):
    """The learner's function raised; the cause is its exception."""


class check:
    """Check one exercise: ``with check("window") as t: t.call(window, pixels, 40, 400).equals(...)``.

    Leaving the block shows the verdict; a wrong answer leaves it by `CheckFailed`.

    Parameters
    ----------
    exercise : str
        The exercise's id, which is the name of the learner's function.
    hidden : bool
        Whether the block is hidden from learners: then no input and no expected value is shown, and a pass is silent.
    """

    def __init__(self, exercise: str, hidden: bool = False):
        self.exercise = exercise
        self.hidden = hidden
        self.rng = _generator(exercise)
        self._namespace = sys._getframe(1).f_globals
        self._calls: list[misconception.Call] = []

    def call(self, function, *arguments, **keywords) -> "Answer":
        """Call the learner's function on these arguments and return what came of it.

        The arguments must stay as they were; models and random generators may change.
        """
        called = misconception.call(function, self._name(function), arguments, keywords)
        self._calls.append(called)
        return Answer(called)

    def model(self, inputs, outputs):
        """Return the Keras model between symbolic tensors, the outputs being what the learner's function made of the inputs."""
        first = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        # the tensors of another process become a model there
        if hasattr(first, "model_from"):
            return first.model_from(inputs, outputs)
        import keras

        return keras.Model(inputs, outputs)

    def that(self, condition, message: str) -> None:
        """Ask for a property; ``message`` tells the learner which one is missing."""
        if not np.all(condition):
            raise _Wrong(Difference("property", message))

    def _name(self, function) -> str:
        return next(
            (name for name, value in self._namespace.items() if value is function),
            getattr(function, "__name__", "?"),
        )

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and not isinstance(error, Exception):
            return False
        if error is None and (called := next((c for c in self._calls if c.changed), None)):
            error = _Wrong(Difference("property", _changed_message(called)))
        if error is not None:
            verdict = replace(self._verdict(error), unit=_unit or "")
            show(verdict)
            tried = verdict.rung != "unwritten"
            progress.record(
                self.exercise, passed=False, mistake=(verdict.misconception or "") if tried else None
            )
            raise CheckFailed(verdict) from None
        if not self.hidden:
            _passed[self.exercise] = self._namespace.get(self.exercise)
            show(Verdict(self.exercise))
            progress.record(self.exercise, passed=True)
        return True

    def _verdict(self, error: Exception) -> Verdict:
        if isinstance(error, _Crash):
            return self._crash(error.__cause__)
        if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
            return Verdict(self.exercise, "missing", self._missing(error.name), self.hidden)
        if not isinstance(error, _Wrong):
            return Verdict(
                self.exercise,
                "type",
                L(
                    f"What your function returned could not be used here ({type(error).__name__}: {error}).",
                    f"関数の返した値を、ここで使うことができませんでした（{type(error).__name__}: {error}）。",
                ),
                self.hidden,
            )
        difference = error.difference
        message = _hidden_message(difference) if self.hidden else difference.message
        drawn = None if self.hidden else picture(difference.got, difference.expected)
        return Verdict(self.exercise, difference.rung, message, self.hidden, *self._hint(), picture=drawn)

    def _hint(self) -> tuple[str | None, str | None]:
        answer = (
            misconception.recognise(_unit, self.exercise, self._calls, self._namespace) if _unit else None
        )
        return (answer.name, answer.hint[current()]) if answer else (None, None)

    def _missing(self, name: str) -> str:
        if name == self.exercise:
            return L(
                f"There is no `{name}` yet. Run the cell above, in which you write it, and then this one again.",
                f"`{name}` がまだありません。上の、関数を書くセルを実行してから、このセルをもう一度実行してください。",
            )
        return L(
            f"`{name}` is unknown. Run the cells from the top of the notebook (menu Run > Run All Above Selected Cell).",
            f"`{name}` が見つかりません。ノートブックの先頭から順にセルを実行してください（メニューの「実行」→「選択したセルの上にあるすべてを実行」）。",
        )

    def _crash(self, error: Exception) -> Verdict:
        # exactly this: Jupyter's refusal of input() is a subclass
        if type(error) is NotImplementedError:
            message = L(
                "Nothing is written yet. Replace the line `raise NotImplementedError()` in the cell above by your own code.",
                "まだ書かれていません。上のセルの `raise NotImplementedError()` の行を消して、自分のコードを書いてください。",
            )
            if place.in_notebook():
                message += L(
                    "\nIf you have: that cell has not been run since, or it stopped with an error. Run it, and then this one again.",
                    "\nもう書いてあるときは、そのセルがまだ実行されていないか、エラーで止まっています。上のセルを実行してから、このセルをもう一度実行してください。",
                )
            return Verdict(self.exercise, "unwritten", message, self.hidden)
        # an error from another process carries its place
        elsewhere = getattr(error, "place", None)
        where = elsewhere or crash.spot(error, self._namespace)
        line, text = where.line, where.text
        message = L(
            f"Your code stopped in line {line}: {text}" if text else "Your code stopped.",
            f"あなたのコードの {line} 行目で止まりました：{text}"
            if text
            else "あなたのコードが途中で止まりました。",
        )
        # in a hidden case the learner's own exception could tell the input
        message += f"\n{type(error).__name__}" + ("" if self.hidden else f": {error}")
        if (
            elsewhere is None
            and not self.hidden
            and (advice := crash.advise(error, self._namespace, _unit or ""))
        ):
            message += f"\n{advice.cause or advice.happened}\n{advice.next}"
        told = elsewhere.trace if elsewhere else "".join(traceback.format_exception(error)).rstrip()
        trace = None if self.hidden else told
        return Verdict(self.exercise, "crash", message, self.hidden, *self._hint(), trace=trace)


class Answer:
    """What the learner's function made of one call."""

    def __init__(self, called: misconception.Call):
        self._called = called

    @property
    def value(self):
        """What the function returned; a crash ends the check."""
        if self._called.error is not None:
            raise _Crash() from self._called.error
        return self._called.value

    def equals(self, expected, rtol: float | None = None, atol: float | None = None, names=None) -> None:
        """Ask for this value; see `xraydojo.check.compare.compare`."""
        if difference := compare(self.value, expected, rtol, atol, names):
            raise _Wrong(difference)
        if self._called.changed:
            raise _Wrong(Difference("property", _changed_message(self._called)))

    def raises(self, kind: type[Exception]) -> None:
        """Ask for an exception of this kind."""
        error = self._called.error
        if isinstance(error, kind):
            return
        if error is not None:
            raise _Crash() from error
        raise _Wrong(
            Difference(
                "raised",
                L(
                    f"These arguments make no sense; your function should raise {kind.__name__}, but it returned a value.",
                    f"この引数には意味がないので、{kind.__name__} を発生させるはずですが、値が返ってきました。",
                ),
            )
        )


def yours_or(library_function):
    """Return the learner's function of the same name once its check has passed in this notebook, else the library's.

    Parameters
    ----------
    library_function : callable
        The well-kept equivalent, whose ``__name__`` is the exercise's id.
    """
    name = library_function.__name__
    mine = sys._getframe(1).f_globals.get(name)
    if mine is not None and _passed.get(name) is mine:
        return mine
    show(
        _Notice(
            L(
                f"`{name}` has not passed its check yet, so this demo uses the library's.",
                f"`{name}` の確認がまだ済んでいないので、このデモではライブラリの関数を使います。",
            )
        )
    )
    return library_function


class _Notice(str):
    def _repr_html_(self):
        return f'<div style="color:{palette.GREY};font-size:90%">ℹ {self}</div>'


def _generator(exercise: str) -> np.random.Generator:
    """Make the generator of an exercise's random cases from the course's secret seed and the learner's id."""
    text = f"{os.environ.get('XRAYDOJO_SEED', '')}:{exercise}"
    return np.random.default_rng(list(hashlib.sha256(text.encode()).digest()))


def _changed_message(called: misconception.Call) -> str:
    return L(
        f"Your function changed its argument {called.changed}. Work on a copy, so that the caller's data stay as they were.",
        f"関数が引数（{called.changed}）の中身を書き換えています。呼び出し側のデータが変わらないように、コピーを使ってください。",
    )


def _hidden_message(difference: Difference) -> str:
    """Name the rung only: a hidden case shows neither its input nor what was expected."""
    return {
        "type": L("The result has another type than expected.", "結果の型が期待と違います。"),
        "shape": L("The result has another shape than expected.", "結果の形が期待と違います。"),
        "finite": L("The result holds NaN or infinity.", "結果に NaN か無限大が含まれています。"),
        "range": L("The result leaves the range from 0 to 1.", "結果が 0 から 1 の範囲を外れています。"),
        "value": L(
            "The result has other values than expected. Does your function hold for any input?",
            "結果の値が期待と違います。どのような入力でも正しく動くでしょうか。",
        ),
    }.get(difference.rung, difference.message)
