"""What a learner sees of a check, in Jupyter and in plain text."""

import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import xraydojo
from xraydojo.check import CheckFailed, check, misconception, yours_or
from xraydojo.check.verdict import MIME
from xraydojo.lesson import Answer

BIAS = Answer("update", "bias_never_updated", "def update(w, b, x, t, lr):\n    y = w @ x + b >= 0\n    return w + lr * (t - y) * x, b\n",
              {"en": "The bias stays.", "ja": "バイアスが動きません。"}, 1)  # fmt: skip


@pytest.fixture(autouse=True)
def unit(monkeypatch):
    xraydojo.begin("02_perceptron", "en")
    monkeypatch.setattr(misconception, "wrong_answers", lambda unit: (BIAS,))


def failed(block, hidden=False, exercise="update"):
    """Run ``block(t)`` in a check and return the verdict of its failure."""
    with pytest.raises(CheckFailed) as failure:
        with check(exercise, hidden) as t:
            block(t)
    return failure.value.verdict


def right(w, b, x, t, lr):
    y = int(w @ x + b >= 0)
    return w + lr * (t - y) * x, b + lr * (t - y)


CASE = (np.zeros(2), 0.0, np.array([1.0, 2.0]), 0, 1.0)
EXPECTED = ([-1.0, -2.0], -1.0)


def test_a_right_answer_is_said_to_be_right(capsys):
    with check("update") as t:
        t.call(right, *CASE).equals(EXPECTED)
    assert "✓ update: correct." in capsys.readouterr().out


def test_a_known_wrong_answer_gets_its_hint_whatever_its_style():
    def update(w, b, x, t, lr):
        return np.array([w[i] + lr * (t - (sum(w * x) + b >= 0)) * x[i] for i in range(len(w))]), b

    globals()["update"] = update
    verdict = failed(lambda t: t.call(update, *CASE).equals(EXPECTED))
    assert (verdict.misconception, verdict.hint) == ("bias_never_updated", "The bias stays.")
    xraydojo.begin("02_perceptron", "ja")
    assert failed(lambda t: t.call(update, *CASE).equals(EXPECTED)).hint == "バイアスが動きません。"


def test_an_unknown_wrong_answer_gets_the_ladder_and_no_hint():
    verdict = failed(lambda t: t.call(lambda *_: ([0.0, 0.0], 7.0), *CASE).equals(EXPECTED, names=("w", "b")))
    assert verdict.rung == "value" and verdict.hint is None and "w: " in verdict.message


def test_a_changed_argument_is_refused_although_the_value_is_right():
    def doubles(x):
        x *= 2
        return x.copy()

    verdict = failed(lambda t: t.call(doubles, np.ones(3)).equals(np.full(3, 2.0)))
    assert "changed its argument 1" in verdict.message


def test_a_random_generator_may_change():
    with check("update") as t:
        t.call(lambda rng: rng.permutation(4).sum(), np.random.default_rng(0)).equals(6)


def test_an_unwritten_answer_is_told_kindly():
    def unwritten(x):
        raise NotImplementedError()

    verdict = failed(lambda t: t.call(unwritten, 1).equals(2))
    assert verdict.rung == "unwritten" and verdict.trace is None
    assert "<code" in verdict._html() and "`" not in verdict._html()


def test_in_a_notebook_a_cell_that_was_not_run_again_may_be_why_nothing_is_written(monkeypatch):
    def unwritten(x):
        raise NotImplementedError()

    monkeypatch.setattr("xraydojo.place.in_notebook", lambda: True)
    verdict = failed(lambda t: t.call(unwritten, 1).equals(2))
    assert "that cell has not been run since" in verdict.message


def test_a_missing_function_asks_to_run_its_cell():
    verdict = failed(lambda t: t.call(no_such, 1).equals(2), exercise="no_such")  # noqa: F821
    assert verdict.rung == "missing" and "Run the cell above" in verdict.message


def test_a_crash_shows_the_learners_own_line_first_and_the_whole_traceback():
    namespace = {}
    source = "def f(x):\n    y = x[0]\n    return y / undefined\n"
    exec(compile(source, "<cell>", "exec"), namespace)
    import linecache

    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    namespace.update(check=check)
    with pytest.raises(CheckFailed) as failure:
        exec('with check("f") as t:\n    t.call(f, [1]).equals(1)', namespace)
    verdict = failure.value.verdict
    assert verdict.rung == "crash"
    assert verdict.message.startswith("Your code stopped in line 3: return y / undefined\nNameError")
    assert "Traceback" in verdict.trace and "line 3, in f" in verdict.trace


def test_an_expected_exception_must_come():
    def strict(n):
        if n < 1:
            raise ValueError
        return n

    with check("update") as t:
        t.call(strict, 0).raises(ValueError)
    assert failed(lambda t: t.call(strict, 2).raises(ValueError)).rung == "raised"
    assert failed(lambda t: t.call(strict, "a").raises(ValueError)).rung == "crash"


def test_a_hidden_case_shows_neither_input_nor_expected_value():
    secret = 271828.0
    verdict = failed(lambda t: t.call(lambda x: x, 314159.0).equals(secret), hidden=True)
    shown = str(verdict) + str(verdict._repr_mimebundle_())
    assert "271828" not in shown and "314159" not in shown
    assert verdict.rung == "value"


def test_a_hidden_crash_shows_no_traceback():
    def crash(x):
        raise RuntimeError("no")

    assert failed(lambda t: t.call(crash, 1).equals(1), hidden=True).trace is None


def test_images_are_drawn_as_expected_yours_and_difference():
    image = np.linspace(0, 1, 90).reshape(9, 10)
    verdict = failed(lambda t: t.call(lambda: image[::-1]).equals(image))
    assert verdict.picture.startswith(b"\x89PNG")
    assert "<img alt=" in verdict._repr_mimebundle_()["text/html"]


def test_html_of_the_learner_is_escaped():
    def crash():
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in failed(lambda t: t.call(crash).equals(1))._repr_mimebundle_()["text/html"]


def test_random_cases_are_the_same_for_a_seed_and_other_for_another(monkeypatch):
    monkeypatch.setenv("XRAYDOJO_SEED", "secret:1")
    first, again = check("update").rng.random(), check("update").rng.random()
    monkeypatch.setenv("XRAYDOJO_SEED", "secret:2")
    assert first == again != check("update").rng.random()


def library_update(*arguments):
    return "the library's"


library_update.__name__ = "update"


def test_a_demo_uses_the_learners_function_only_after_its_check_passed(capsys):
    globals()["update"] = right
    assert yours_or(library_update) is library_update
    assert "has not passed" in capsys.readouterr().out
    with check("update") as t:
        t.call(right, *CASE).equals(EXPECTED)
    assert yours_or(library_update) is right
    globals()["update"] = lambda *_: None
    assert yours_or(library_update) is library_update


def run_cell(source):
    """Run a cell in a real IPython shell and return (displayed bundles, what was written to the screen)."""
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as captured:
            shell.run_cell(source)
    finally:
        InteractiveShell.clear_instance()
    return captured


def test_in_jupyter_a_wrong_answer_is_a_box_and_one_line_without_traceback():
    captured = run_cell(
        "from xraydojo.check import check\n"
        "def f(x):\n    return x\n"
        'with check("f") as t:\n    t.call(f, 1).equals(2)'
    )
    (box,) = captured.outputs
    assert box.data[MIME]["passed"] is False and box.data[MIME]["rung"] == "value"
    assert "Expected 2, got 1." in box.data["text/html"]
    assert captured.stdout == "Change the cell above and run it, then this one again (Shift+Enter).\n"


def test_a_hidden_crash_does_not_repeat_what_the_learners_exception_says():
    def tell(x):
        raise ValueError(f"the input was {x}")

    verdict = failed(lambda t: t.call(tell, 314159).equals(1), hidden=True)
    assert "ValueError" in verdict.message and "314159" not in str(verdict)


def test_asking_for_input_is_a_crash_and_not_an_unwritten_answer():
    class StdinNotImplementedError(NotImplementedError):
        """What Jupyter raises for input() where nobody can answer."""

    def ask():
        raise StdinNotImplementedError("no input")

    assert failed(lambda t: t.call(ask).equals(1)).rung == "crash"


def test_a_warning_in_correct_code_is_shown_but_not_on_stderr(capsys):
    def warns():
        print("deprecated", file=sys.stderr)
        return 1

    with check("update") as t:
        t.call(warns).equals(1)
    shown = capsys.readouterr()
    assert "deprecated" in shown.out and shown.err == ""
