"""Between the tests and the learner's functions lies a wire, and neither notices: functions, generators and datasets cross it."""

import nbformat
import pytest

from xraydojo.build import solution_notebook
from xraydojo.grade import execution, grade
from xraydojo.lesson import read_unit

LESSON = '''"""The header is for linters."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # Functions
# %% [markdown] lang="ja"
# # 関数

# %% role="setup"
import numpy as np
import pydicom
from xraydojo.check import check

def twice(x):
    return 2 * slope(lambda y: y, x)

# %% exercise="slope"
def slope(f, x):
    ### BEGIN SOLUTION
    return (f(x + 1) - f(x - 1)) / 2
    ### END SOLUTION

# %% test="slope" points=1
with check("slope") as t:
    seen = []
    def cube(x):
        seen.append(x)
        return x**3
    t.call(slope, cube, 2).equals(13)
    t.that(len(seen) == 2, "f is to be called twice")
    t.call(slope, np.sin, np.array([0.0])).equals([np.sin(1)])
    t.call(slope, lambda x: slope(lambda y: y**2, x), 3).equals(2)
    t.that(twice(5) == 2, "setup cells reach the learner's functions")
    def picky(x):
        raise KeyError("no")
    t.call(slope, picky, 2).raises(LookupError)

# %% exercise="order"
def order(n, rng):
    ### BEGIN SOLUTION
    return rng.permutation(n)
    ### END SOLUTION

# %% test="order" points=1
with check("order") as t:
    rng = np.random.default_rng(3)
    first, second = (t.call(order, 9, rng).value for _ in range(2))
    t.that(sorted(first) == list(range(9)), "each number once")
    t.that(list(first) != list(second), "another order each time")
    t.call(order, 9, np.random.default_rng(3)).equals(first)
    again = [t.call(order, 5, np.random.Generator(kind(1))).value for kind in (np.random.MT19937, np.random.SFC64)]
    t.that(all(sorted(a) == [0, 1, 2, 3, 4] for a in again), "each number once")

# %% exercise="pieces"
def pieces(n, size):
    ### BEGIN SOLUTION
    for start in range(0, n, size):
        yield np.arange(start, min(n, start + size))
    ### END SOLUTION

# %% test="pieces" points=1
with check("pieces") as t:
    t.call(lambda *a: [list(part) for part in pieces(*a)], 5, 2)
    got = t.call(pieces, 5, 2).value
    t.that([list(part) for part in got] == [[0, 1], [2, 3], [4]], "pieces of two")
    t.that(len(list(t.call(pieces, 5, 2).value)) == 3, "as often as asked")

# %% exercise="adder"
def adder(step):
    ### BEGIN SOLUTION
    return lambda x: x + step
    ### END SOLUTION

# %% test="adder" points=1
with check("adder") as t:
    t.that(t.call(t.call(adder, 2).value, 3).value == 5, "adds")
    t.that(t.call(adder, 2).value(np.ones(2)).tolist() == [3, 3], "adds to arrays")

# %% exercise="total"
def total(values, weights):
    ### BEGIN SOLUTION
    return sum(v * weights[i] for i, v in enumerate(values))
    ### END SOLUTION

# %% test="total" points=1
with check("total") as t:
    t.call(total, np.array([1.0, 2.0]), {0: 3, 1: 4}).equals(11)
    t.call(total, values=[1.0, 2.0], weights=(3, 4)).equals(11)

# %% exercise="rows"
def rows(dataset):
    ### BEGIN SOLUTION
    return dataset.Rows, str(dataset.get("PatientName", "?"))
    ### END SOLUTION

# %% test="rows" points=1
with check("rows") as t:
    film = pydicom.Dataset()
    film.Rows, film.PatientName, film.PixelSpacing = 44, "山田^太郎", [0.1, 0.2]
    film.SpecificCharacterSet = "ISO_IR 192"
    t.call(rows, film).equals((44, "山田^太郎"))
'''
NAMES = "slope order pieces adder total rows".split()


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """Return a unit whose exercises take and return functions, generators and datasets."""
    folder = tmp_path_factory.mktemp("course") / "06_functions"
    folder.mkdir()
    wrong = '# %% exercise="{0}" wrong="nothing"\n# en: Nothing.\n# ja: 何もない。\ndef {0}(*a):\n    return None\n'
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    (folder / "wrong_answers.py").write_text("".join(wrong.format(name) for name in NAMES), encoding="utf-8")
    (folder / "right_answers.py").write_text('"""None."""\n', encoding="utf-8")
    return read_unit(folder)


@pytest.fixture
def graded(functions, tmp_path):
    """Return a function that grades the solution with some answers replaced: status and message of each test."""

    def made(**answers):
        notebook = solution_notebook(functions, "en")
        for cell in notebook.cells:
            cell.source = answers.get(cell.id, cell.source)
        nbformat.write(notebook, tmp_path / "work.ipynb")
        report = grade(functions, tmp_path / "work.ipynb")
        return {test.exercise: (test.status, test.message) for test in report.tests}

    return made


def test_functions_generators_and_datasets_cross_both_ways(graded):
    assert graded() == {name: ("passed", "") for name in NAMES}


def failed(graded, **answer):
    (name,) = answer
    got = graded(**answer)
    assert {other for other, (status, _) in got.items() if status != "passed"} == {name}
    return got[name]


@pytest.mark.parametrize(
    "line, named",
    [
        ("values[0] = 7", "1"),
        ("weights[5] = 7", "2"),
        ("values += [1] if isinstance(values, list) else 1", "1"),
    ],
)
def test_an_argument_that_was_changed_is_told(graded, line, named):
    source = f"def total(values, weights):\n    x = values[0] * weights[0] + values[1] * weights[1]\n    {line}\n    return x"
    status, message = failed(graded, total=source)
    assert status == "failed" and f"changed its argument {named}." in message


def test_a_dataset_that_was_changed_is_told(graded):
    source = (
        "def rows(dataset):\n    dataset.Rows += 1\n    return dataset.Rows - 1, str(dataset.PatientName)"
    )
    assert "changed its argument 1." in failed(graded, rows=source)[1]


def test_a_generator_that_ignores_its_rng_is_told(graded):
    fixed = "def order(n, rng):\n    return np.random.default_rng(0).permutation(n)"
    assert failed(graded, order=fixed)[1] == "another order each time"


def test_an_error_is_told_with_the_learners_own_line(graded):
    source = "def total(values, weights):\n    x = 1\n    return x / 0"
    status, message = failed(graded, total=source)
    assert status == "crashed"
    assert message == "Your code stopped in line 3: return x / 0\nZeroDivisionError: division by zero"


def test_an_error_of_a_function_that_the_test_hands_over_reaches_the_test_again(graded):
    caught = "def slope(f, x):\n    try:\n        return (f(x + 1) - f(x - 1)) / 2\n    except LookupError:\n        return 0"
    assert "should raise LookupError" in failed(graded, slope=caught)[1]


def test_a_function_that_is_called_without_end_is_late(graded, monkeypatch):
    monkeypatch.setattr(execution, "CELL_SECONDS", 2)
    monkeypatch.setattr(execution, "GRACE_SECONDS", 1)
    got = graded(slope="def slope(f, x):\n    while True: f(x)")
    assert got["slope"][0] == "timeout" and got["order"][0] in ("passed", "not_run")


def test_a_function_returned_in_place_of_its_value_is_told(graded):
    assert (
        "You returned a function itself" in failed(graded, total="def total(*a, **k):\n    return total")[1]
    )


def test_another_object_is_told_by_its_own_type(graded):
    source = "class Cat:\n    def __repr__(self): return 'meow'\ndef total(*a, **k):\n    return Cat()"
    assert failed(graded, total=source)[1] == "Expected a single number, got meow (Cat)."


def test_a_name_that_is_no_function_is_told(graded):
    status, message = failed(graded, total="total = 5")
    assert status == "crashed" and "'int' object is not callable" in message
