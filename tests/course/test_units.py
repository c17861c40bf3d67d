"""Every unit of the syllabus: built, proven, and runnable from top to bottom, solved and unsolved."""

import ast
import os

import nbclient
import nbformat
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from tests.course.short import shortened
from xraydojo.build import build, notebook_path
from xraydojo.language import LANGUAGES
from xraydojo.lesson import COURSE, find_unit, read_syllabus, read_unit
from xraydojo.prove import prove

UNITS = [entry.id for entry in read_syllabus()]
# these take long: test_answers.py grades every wrong and right answer to them as well
TRAINING = [
    unit for unit in UNITS if "xraydojo.training" in (COURSE / unit / "lesson.py").read_text(encoding="utf-8")
]
# their own tests run their demos, solved; the unsolved notebook runs their free cells
RUN_ELSEWHERE = [
    "03_backprop",
    "04_training",
    "05_convolution",
    "06_cnn_classification",
    "07_evaluation",
    "09_unet_segmentation",
    "10_super_resolution",
    "11_detection",
]
every_unit = pytest.mark.parametrize("unit", UNITS)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def run(notebook, folder):
    """Run a notebook's cells in a fresh kernel and return the ids of the cells that ended in an error."""
    client = nbclient.NotebookClient(
        shortened(notebook), timeout=120, allow_errors=True, resources={"metadata": {"path": folder}}
    )
    # widgets would make nbclient wait for ever now and then
    client.execute(env=os.environ | {"NBGRADER_EXECUTION": "validate"})
    return [c.id for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", []))]


@every_unit
def test_the_built_notebooks_are_what_the_lesson_builds(unit):
    stale = [str(notebook.path) for notebook in build(find_unit(unit)) if not notebook.is_current]
    assert stale == [], "run: ./dojo build"


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit not in TRAINING])
def test_every_wrong_answer_is_rejected_with_its_hint_and_every_right_one_accepted(unit):
    # in English: test_answers.py
    for proof in prove(read_unit(unit), "ja"):
        assert proof.problems == []
        assert proof.wrong >= 5 and proof.rejected == proof.hinted == proof.wrong, proof
        assert proof.right >= 2 and proof.accepted == proof.right, proof
        assert proof.seconds < 0.5, "a learner waits for the check"


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit not in RUN_ELSEWHERE])
def test_the_solution_runs_from_top_to_bottom(unit, tmp_path):
    # in Japanese: the unsolved one, below
    notebook = nbformat.read(notebook_path("solutions", unit, "en"), as_version=4)
    assert run(notebook, tmp_path) == []


@every_unit
def test_the_unsolved_exercise_runs_from_top_to_bottom_and_only_its_checks_fail(unit, tmp_path):
    notebook = nbformat.read(notebook_path("exercises", unit, "ja"), as_version=4)
    tests = {test.id.replace("_", "-") for test in read_unit(unit).tests.values()}
    assert set(run(notebook, tmp_path)) == tests


@every_unit
def test_both_languages_have_the_same_code(unit):
    """Words may differ; what runs may not."""

    def skeleton(source):
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = ""
            elif isinstance(node, ast.JoinedStr):
                node.values = []
        return ast.dump(tree)

    for cell in read_unit(unit).cells:
        if cell.kind != "prose":
            assert skeleton(cell.sources["en"]) == skeleton(cell.sources["ja"]), f"line {cell.line}"


@every_unit
@both_languages
def test_no_mark_of_emphasis_is_left_over_in_the_text(unit, language):
    """A ** beside a Japanese bracket opens or closes nothing (CommonMark 0.31, section 6.2) and would be seen."""
    markdown = MarkdownIt("commonmark").enable("table")
    for cell in nbformat.read(notebook_path("exercises", unit, language), as_version=4).cells:
        if cell.cell_type == "markdown":
            page = BeautifulSoup(markdown.render(cell.source), "html.parser")
            for code in page.find_all("code"):
                code.decompose()
            assert "**" not in page.text


@pytest.mark.parametrize("unit", UNITS)
def test_a_numbered_formula_has_one_line(unit):
    # the site sets a formula of several lines in one environment, in which MathJax takes no number
    for cell in read_unit(find_unit(unit)).cells:
        for text in cell.sources.values():
            for formula in text.split("$$")[1::2]:
                assert not ("\\tag" in formula and "\\\\" in formula), formula
