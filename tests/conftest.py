"""What several tests share: a small unit of its own, made anew for each."""

import pytest

from xraydojo import language

LESSON = '''"""The header is for linters."""
from xraydojo.language import L

# %% [markdown] lang="en"
# # A line
# %% [markdown] lang="ja"
# # 直線

# %% role="setup"
import numpy as np
from xraydojo.check import check

# %% exercise="double"
def double(x):
    L("""Twice x.""", """x の 2 倍。""")
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=2
with check("double") as t:
    t.call(double, 3).equals(6)
'''
WRONG = """# %% exercise="double" wrong="squared"
# en: Is that twice,
# en: or the square?
# ja: それは 2 倍ですか。
# ja: 2 乗ですか。
def double(x):
    return x * x
"""


@pytest.fixture
def folder(tmp_path):
    """Return the folder of a small, well-formed unit."""
    unit = tmp_path / "02_line"
    unit.mkdir()
    (unit / "lesson.py").write_text(LESSON, encoding="utf-8")
    (unit / "wrong_answers.py").write_text(WRONG, encoding="utf-8")
    (unit / "right_answers.py").write_text('"""None yet."""\n', encoding="utf-8")
    return unit


@pytest.fixture(autouse=True)
def english():
    """Let every test begin in English, whatever the machine's locale."""
    language.use("en")
    yield
    language.use(None)
