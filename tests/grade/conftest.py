"""A unit with three exercises, and notebooks that a learner could hand in for it."""

import copy

import nbformat
import pytest

from xraydojo.build import build
from xraydojo.lesson import read_unit

LESSON = '''"""The header is for linters."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # Numbers
# %% [markdown] lang="ja"
# # 数

# %% role="setup"
import numpy as np
from xraydojo.check import check

# %% exercise="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=2
with check("double") as t:
    t.call(double, 3).equals(6)
### BEGIN HIDDEN TESTS
with check("double", hidden=True) as t:
    t.call(double, 1234).equals(2468)
### END HIDDEN TESTS

# %% exercise="halve"
def halve(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

# %% test="halve" points=3
with check("halve") as t:
    t.call(halve, 3).equals(1.5)

# %% role="demo"
print("the demo ran")

# %% role="explore"
print("play")

# %% exercise="negate"
def negate(x):
    ### BEGIN SOLUTION
    return -x
    ### END SOLUTION

# %% test="negate" points=1
with check("negate") as t:
    t.call(negate, 3).equals(-3)
### BEGIN HIDDEN TESTS
with check("negate", hidden=True) as t:
    drawn = int(t.rng.integers(10**9))
    t.call(negate, drawn).equals(-drawn)
### END HIDDEN TESTS
'''
WRONG = """
# %% exercise="{}" wrong="unchanged"
# en: Nothing was done.
# ja: 何もしていません。
def {}(x):
    return x
"""


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """Return a folder with a unit and its built notebooks."""
    root = tmp_path_factory.mktemp("course")
    folder = root / "05_numbers"
    folder.mkdir()
    (folder / "lesson.py").write_text(LESSON, encoding="utf-8")
    wrong = "".join(WRONG.format(name, name) for name in ("double", "halve", "negate"))
    (folder / "wrong_answers.py").write_text(wrong, encoding="utf-8")
    (folder / "right_answers.py").write_text('"""None."""\n', encoding="utf-8")
    for notebook in build(folder, root):
        notebook.write()
    return root


@pytest.fixture(scope="session")
def unit(course):
    return read_unit(course / "05_numbers")


class Handed:
    """A released notebook in a learner's hands: answers filled in, cells found by id, handed in as a file."""

    def __init__(self, path, folder):
        self.notebook = nbformat.read(path, as_version=4)
        self.folder = folder

    def __getitem__(self, id):
        return next(cell for cell in self.notebook.cells if cell.id == id)

    def write(self, **answers):
        for exercise, source in answers.items():
            self[exercise].source = source
        return self

    def right(self, *exercises):
        bodies = {"double": "2 * x", "halve": "x / 2", "negate": "-x"}
        for name in exercises or bodies:
            self[name].source = f"def {name}(x):\n    return {bodies[name]}"
        return self

    def remove(self, id):
        self.notebook.cells.remove(self[id])
        return self

    def insert(self, before, cell):
        self.notebook.cells.insert(self.notebook.cells.index(self[before]), cell)
        return self

    def copy(self, original, **changes):
        cell = copy.deepcopy(self[original])
        cell.update(changes)
        self.notebook.cells.append(cell)
        return self

    def in_file(self, name="learner.ipynb"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(nbformat.v4.writes(self.notebook), encoding="utf-8")
        return path


@pytest.fixture
def handed(course, tmp_path):
    """Return what makes a submission in a language: ``handed("ja").right().in_file()``."""

    def made(language="en"):
        return Handed(course / "exercises" / language / "05_numbers" / "05_numbers.ipynb", tmp_path)

    return made
