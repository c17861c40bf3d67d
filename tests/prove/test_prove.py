"""Proving a unit's tests: the proof must notice each way in which a test can fail to bite."""

import pytest

from tests.conftest import WRONG
from xraydojo.check import misconception
from xraydojo.lesson import read_answers, read_unit
from xraydojo.prove import prove

RIGHT = '# %% exercise="double" right="added"\ndef double(x):\n    return x + x\n'


@pytest.fixture
def proof(folder, monkeypatch):
    """Return a function that writes the unit's answers and proves it."""
    monkeypatch.setattr(misconception, "wrong_answers", lambda unit: read_answers(folder, "wrong"))

    def prove_with(wrong=WRONG, right=RIGHT, lesson=lambda text: text):
        (folder / "wrong_answers.py").write_text(wrong, encoding="utf-8")
        (folder / "right_answers.py").write_text(right, encoding="utf-8")
        path = folder / "lesson.py"
        path.write_text(lesson(path.read_text(encoding="utf-8")), encoding="utf-8")
        return prove(read_unit(folder))[0]

    return prove_with


def test_a_sound_unit_is_proven(proof):
    made = proof()
    assert (made.wrong, made.rejected, made.hinted, made.right, made.accepted) == (1, 1, 1, 1, 1)
    assert made.problems == []


def test_an_accepted_wrong_answer_is_a_problem(proof):
    made = proof(WRONG.replace("x * x", "x + 3"))
    assert made.rejected == 0 and "squared is accepted" in made.problems[0]


def test_a_rejected_right_answer_is_a_problem(proof):
    made = proof(right=RIGHT.replace("x + x", "x + 4"))
    assert made.accepted == 0 and "added is rejected" in made.problems[0]


def test_a_failing_solution_is_a_problem(proof):
    made = proof(lesson=lambda text: text.replace("return 2 * x", "return 5 * x"))
    assert "the solution fails" in made.problems[0]


def test_a_wrong_answer_that_shows_anothers_hint_is_a_problem(proof):
    twin = WRONG.replace("squared", "powered").replace("x * x", "x ** 2")
    made = proof(WRONG + twin)
    assert made.hinted == 1 and "hint of squared" in made.problems[0]


def test_a_wrong_answer_that_breaks_an_unrelated_exercise_is_a_problem(proof):
    other = '\n# %% exercise="one"\ndef one():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n'
    other += '\n# %% test="one" points=1\nwith check("one") as t:\n    t.call(one).equals(1)\n'
    breaks = WRONG.replace("    return x * x", "    global one\n    one = None\n    return x * x")
    extra = '\n# %% exercise="one" wrong="two"\n# en: One?\n# ja: 1 ですか。\ndef one():\n    return 2\n'

    made = proof(breaks + extra, lesson=lambda text: text + other)
    assert any("also fails the test of one" in problem for problem in made.problems)


def test_an_exercise_may_need_another_through_a_function_of_a_setup_cell(proof):
    other = '\n# %% role="setup"\ndef quadruple(x):\n    return double(double(x))\n'
    other += '\n# %% exercise="eight"\ndef eight():\n    ### BEGIN SOLUTION\n    return quadruple(2)\n    ### END SOLUTION\n'
    other += '\n# %% test="eight" points=1\nwith check("eight") as t:\n    t.call(eight).equals(8)\n'
    extra = (
        '\n# %% exercise="eight" wrong="nine"\n# en: Eight?\n# ja: 8 ですか。\ndef eight():\n    return 9\n'
    )
    wrong = WRONG.replace("x * x", "x + 3").replace("squared", "three_more") + extra
    made = proof(
        wrong,
        lesson=lambda text: text.replace("equals(6)", "equals(6)\n    t.call(double, 4).equals(8)") + other,
    )
    assert made.problems == []
