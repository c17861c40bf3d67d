"""Files that people hand in by mistake end in one line that says what to do."""

import copy
import json

import nbformat
import pytest

from xraydojo import language
from xraydojo.grade import SubmissionError, grade
from xraydojo.grade.submission import LARGEST_FILE, read_submission


def as_text(handed, **changes):
    content = json.loads(handed("en").in_file().read_text(encoding="utf-8"))
    return json.dumps(content | changes)


BAD = {
    "empty": ("", "not JSON"),
    "text": ("dear teacher", "not JSON"),
    "half": ('{"cells": [', "not JSON"),
    "deep": ("[" * 100_000, "not JSON"),
    "list": ("[]", "names no nbformat"),
    "plain": ('{"a": 1}', "names no nbformat"),
    "future": (
        '{"nbformat": 9, "nbformat_minor": 0, "cells": [], "metadata": {}}',
        "unknown format nbformat 9",
    ),
    "cell_less": ('{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}}', "has no cells"),
    "no_list": ('{"nbformat": 4, "nbformat_minor": 5, "cells": 7, "metadata": {}}', "damaged"),
    "old_and_damaged": ('{"nbformat": 3, "nbformat_minor": 0, "worksheets": 7, "metadata": {}}', "damaged"),
    "no_cells_in_it": (
        '{"nbformat": 4, "nbformat_minor": 5, "cells": [7, null, {"cell_type": "poem", "source": "x"}], "metadata": {}}',
        "has no cells",
    ),
}


@pytest.mark.parametrize("text, says", BAD.values(), ids=BAD.keys())
def test_what_is_no_notebook_is_refused_in_one_line_that_names_the_file(tmp_path, text, says):
    path = tmp_path / "採点 して.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SubmissionError) as refused:
        read_submission(path)
    assert says in str(refused.value) and str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(SubmissionError, match="not UTF-8"):
        read_submission(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(SubmissionError, match=r"nowhere\.ipynb: there is no such file"):
        read_submission(tmp_path / "nowhere.ipynb")
    with pytest.raises(SubmissionError, match="this is a folder"):
        read_submission(tmp_path)
    with pytest.raises(SubmissionError, match="not an ordinary file"):
        read_submission("/dev/zero")


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.ipynb"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(SubmissionError, match="50 MB are the most"):
        read_submission(path)


def test_messages_come_in_japanese_too(tmp_path):
    language.use("ja")
    with pytest.raises(SubmissionError, match="ファイルがありません"):
        read_submission(tmp_path / "nowhere.ipynb")


@pytest.mark.parametrize(
    "metadata", [{}, {"xraydojo": "x"}, {"xraydojo": {"unit": 5}}, {"xraydojo": {"unit": ""}}, 7]
)
def test_a_notebook_of_another_course_is_refused(handed, tmp_path, metadata):
    path = tmp_path / "other.ipynb"
    path.write_text(as_text(handed, metadata=metadata), encoding="utf-8")
    with pytest.raises(SubmissionError, match="names no unit of XrayDojo"):
        read_submission(path)


def test_a_notebook_of_another_unit_is_refused(handed, unit, tmp_path):
    path = tmp_path / "other.ipynb"
    path.write_text(as_text(handed, metadata={"xraydojo": {"unit": "01_images"}}), encoding="utf-8")
    with pytest.raises(SubmissionError, match="of unit 01_images, not 05_numbers"):
        grade(unit, path)


def test_a_notebook_of_the_old_format_3_is_converted(handed, tmp_path):
    new = handed("en").right().notebook
    path = tmp_path / "old.ipynb"
    nbformat.write(nbformat.convert(copy.deepcopy(new), 3), path)
    assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 3
    submitted = read_submission(path)
    assert submitted.unit == "05_numbers"
    assert [cell.source for cell in submitted.notebook.cells] == [cell.source for cell in new.cells]
    assert submitted.notebook.cells[2].metadata.nbgrader.grade_id == "double"


def test_a_byte_order_mark_and_lone_surrogates_are_read(handed, tmp_path):
    path = tmp_path / "windows.ipynb"
    text = as_text(handed).replace("# Numbers", "# Numbers \\ud800")
    path.write_text(text, encoding="utf-8-sig")
    assert read_submission(path).notebook.cells[0].source == "# Numbers ?"


def test_broken_metadata_and_outputs_of_a_cell_do_not_matter(handed, tmp_path):
    content = json.loads(handed("en").in_file().read_text(encoding="utf-8"))
    content["cells"][1] |= {
        "metadata": 7,
        "outputs": [None, {"output_type": "stream"}, {"text": 5}],
        "id": "数",
    }
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    cell = read_submission(path).notebook.cells[1]
    assert cell.outputs == [] and cell.source.startswith("import xraydojo")
