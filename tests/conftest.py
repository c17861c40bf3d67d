"""What several tests share: a small unit of its own, made anew for each."""

import os
import shutil

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


# Grading isolates learners by bubblewrap and user namespaces. What a host forbids, no installation brings: then these tests say so and skip.
GRADING = (
    "tests/grade/",
    "tests/course/test_answers.py",
    "tests/course/test_nbgrader.py",
    "tests/hub/test_worker.py",
    "tests/hub/test_accounts.py",
    "tests/hub/test_class_at_once.py",
    "tests/e2e/",
)


def pytest_collection_modifyitems(config, items):
    """Skip what grades, with a word, where the host forbids the sandbox, or on a user's machine that has no bubblewrap."""
    graders = [item for item in items if item.nodeid.startswith(GRADING)]
    if graders and (refusal := _sandbox_refusal()):
        for item in graders:
            item.add_marker(pytest.mark.skip(reason=refusal))


def _sandbox_refusal() -> str | None:
    if shutil.which("bwrap") is None:
        return None if os.environ.get("CI") else "no bwrap on PATH: apt install bubblewrap"
    from xraydojo import DojoError
    from xraydojo.grade.nursery import Nursery

    nursery = Nursery("learner", [], "", True)
    try:
        # the child fails for want of what a real job brings, but only after it has been isolated
        os.close(nursery.fork({"memory": 10**9, "cpu_seconds": 10}, []))
    except DojoError as error:
        return str(error)
    finally:
        nursery.close()
    return None
