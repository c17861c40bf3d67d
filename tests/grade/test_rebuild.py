"""A submission's locked cells come back as they were handed out; what the learner wrote stays."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from xraydojo import language
from xraydojo.build import solution_notebook
from xraydojo.grade.rebuild import rebuild
from xraydojo.grade.submission import read_submission


@pytest.fixture
def rebuilt(unit):
    def made(handed):
        notebook, repairs = rebuild(unit, read_submission(handed.in_file()))
        return {cell.id: cell for cell in notebook.cells}, repairs

    return made


@pytest.fixture(scope="module")
def solution(unit):
    return {cell.id: cell for cell in solution_notebook(unit, "en").cells}


def test_honest_work_needs_no_repair_and_gets_the_hidden_tests(handed, rebuilt, solution):
    cells, repairs = rebuilt(handed().right())
    assert repairs == []
    assert list(cells) == list(solution)
    assert (
        cells["test-double"].source == solution["test-double"].source
        and "2468" in cells["test-double"].source
    )
    assert cells["double"].source == "def double(x):\n    return 2 * x"


def test_an_editors_line_ends_and_blanks_are_no_change(handed, rebuilt):
    work = handed().right()
    work["test-halve"].source = work["test-halve"].source.replace("\n", "  \r\n") + "\n\n"
    assert rebuilt(work)[1] == []


def test_edited_locked_cells_are_put_back(handed, rebuilt, solution):
    work = handed().right().write(**{"setup-2": "1/0", "test-halve": "pass", "demo-7": "print(1)"})
    cells, repairs = rebuilt(work)
    assert repairs == [
        "The setup cell was changed and was put back.",
        "The test of `halve` was changed and was put back.",
        "A demo cell was changed and was put back.",
    ]
    for id in ("setup-2", "test-halve", "demo-7"):
        assert cells[id].source == solution[id].source


@pytest.mark.parametrize("id", ["setup-2", "test-double", "demo-7"])
def test_a_deleted_locked_cell_stands_in_its_place_again(handed, rebuilt, solution, id):
    cells, repairs = rebuilt(handed().right().remove(id))
    assert list(cells) == list(solution)
    assert cells[id] == solution[id]
    assert len(repairs) == 1 and "was missing and was put back" in repairs[0]


def test_copies_of_a_test_are_removed(handed, rebuilt, solution):
    work = handed().right().copy("test-double").copy("test-double", source="pass", id="test-double-2")
    cells, repairs = rebuilt(work)
    assert list(cells) == list(solution) and cells["test-double"].source == solution["test-double"].source
    assert repairs == ["The test of `double` had copies, which were removed."]


def test_the_second_half_of_a_split_exercise_is_kept_as_the_learners_own(handed, rebuilt):
    work = handed().right()
    work.copy("double", source="helper = 1", id="half")
    cells, repairs = rebuilt(work)
    assert cells["double"].source.startswith("def double")
    assert cells["own-1"].source == "helper = 1" and "nbgrader" not in cells["own-1"].metadata
    assert repairs == ["The cell of `double` had copies, which count as cells of your own."]


def test_own_cells_stay_behind_the_cell_that_they_followed(handed, rebuilt):
    work = (
        handed().right().insert("halve", new_code_cell("a = 1")).insert("prose-1", new_markdown_cell("mine"))
    )
    cells, repairs = rebuilt(work)
    order = list(cells)
    assert order[0] == "own-1" and cells["own-1"].source == "mine"
    assert order[order.index("test-double") + 1] == "own-2" and cells["own-2"].source == "a = 1"
    assert repairs == []


def test_own_cells_lose_marks_that_would_make_them_count(handed, rebuilt):
    marks = {
        "nbgrader": {"grade": True, "grade_id": "bonus", "points": 99, "locked": False, "solution": False}
    }
    work = (
        handed()
        .right()
        .insert("halve", new_code_cell("a = 1", metadata=marks | {"tags": ["skip-execution"]}))
    )
    assert rebuilt(work)[0]["own-1"].metadata == {}


def test_edited_marks_and_points_are_put_back(handed, rebuilt, solution):
    work = handed().right()
    work["test-double"].metadata.nbgrader.points = 100
    work["halve"].metadata.nbgrader.grade = True
    cells, repairs = rebuilt(work)
    assert cells["test-double"].metadata == solution["test-double"].metadata
    assert cells["halve"].metadata == solution["halve"].metadata
    assert repairs == [
        "The test of `double` had other marks for grading; they were put back.",
        "The cell of `halve` had other marks for grading; they were put back.",
    ]


def test_a_cell_is_found_by_its_mark_or_by_its_id(handed, rebuilt):
    work = handed().right()
    work["double"].id = "pasted"
    del work["halve"].metadata["nbgrader"]
    work["test-negate"].metadata.nbgrader.grade_id = "renamed"
    cells, repairs = rebuilt(work)
    assert "return 2 * x" in cells["double"].source and "return x / 2" in cells["halve"].source
    assert [line for line in repairs if "missing" in line] == []
    assert len([line for line in repairs if "other marks" in line]) == 2


def test_cells_in_another_order_are_moved_back(handed, rebuilt, solution):
    work = handed().right()
    work.notebook.cells.reverse()
    cells, repairs = rebuilt(work)
    assert list(cells) == list(solution)
    assert repairs == ["Cells stood in another order and were moved back."]


def test_another_kernel_is_set_back(handed, rebuilt):
    work = handed().right()
    work.notebook.metadata.kernelspec = {"name": "julia-1.11", "display_name": "Julia"}
    assert rebuilt(work)[1] == ["The kernel was set back to Python 3."]


def test_another_kernel_of_the_same_language_is_as_good(handed, rebuilt):
    work = handed().right()
    gpu = {"name": "xraydojo-gpu", "display_name": "XrayDojo (GPU)", "language": "python"}
    work.notebook.metadata.kernelspec = gpu
    cells, repairs = rebuilt(work)
    assert repairs == []


def test_an_exercise_turned_into_text_is_code_again(handed, rebuilt):
    work = handed().right()
    work["double"].cell_type = "markdown"
    del work["double"]["outputs"], work["double"]["execution_count"]
    cells, repairs = rebuilt(work)
    assert cells["double"].cell_type == "code"
    assert repairs == ["The cell of `double` was a text cell and is code again."]


def test_a_deleted_exercise_is_reported_and_left_out(handed, rebuilt):
    cells, repairs = rebuilt(handed().right().remove("halve"))
    assert "halve" not in cells and "test-halve" in cells
    assert repairs == ["The cell of `halve` is missing."]


def test_a_free_cell_counts_as_the_learners_own_once_it_is_changed(handed, rebuilt):
    assert "explore-8" in rebuilt(handed().right())[0]
    cells, repairs = rebuilt(handed().right().write(**{"explore-8": "print('my play')"}))
    assert "explore-8" not in cells and cells["own-1"].source == "print('my play')"
    assert repairs == []


def test_deleted_prose_stays_deleted_and_edited_prose_stays_edited(handed, rebuilt):
    assert "prose-1" not in rebuilt(handed().right().remove("prose-1"))[0]
    assert rebuilt(handed().right().write(**{"prose-1": "my notes"}))[0]["prose-1"].source == "my notes"


def test_repairs_are_told_in_japanese(handed, rebuilt):
    language.use("ja")
    repairs = rebuilt(handed("ja").right().remove("test-double").remove("halve"))[1]
    assert repairs == [
        "`double` の確認セルがなかったので、元に戻しました。",
        "`halve` を書くセルがありません。",
    ]
