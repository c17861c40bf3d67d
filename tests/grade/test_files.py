"""The command grades all that can be graded, names the rest, and never loses a page of feedback."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from xraydojo.build import build
from xraydojo.grade.assignments import grade_notebooks
from xraydojo.lesson import COURSE

UNIT = "02_perceptron"


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """Return the bytes of a real unit's solution and exercise in English."""
    root = tmp_path_factory.mktemp("built")
    texts = {
        notebook.path.relative_to(root).parts[:2]: notebook.text for notebook in build(COURSE / UNIT, root)
    }
    return texts["solutions", "en"], texts["exercises", "en"]


@pytest.fixture
def files(released, tmp_path):
    """Return a folder of submissions like those that come from a class."""
    solution, exercise = released
    texts = {
        "alice/work.ipynb": solution,
        "bob/work.ipynb": exercise,
        "課題 提出/my work.ipynb": solution,
        "carol/broken.ipynb": "{",
    }
    for name, text in texts.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "in"


EXERCISES = 4  # of the unit


def dojo(*arguments, cwd):
    environment = os.environ | {"LANG": "en_US.UTF-8", "LC_ALL": "", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "xraydojo", "grade", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_one_bad_file_does_not_stop_the_others_and_each_gets_its_own_page(files, tmp_path, capsys):
    pages = tmp_path / "out"
    named = [
        files / "alice/work.ipynb",
        files / "carol/broken.ipynb",
        files / "alice/../bob/work.ipynb",
        files / "課題 提出/my work.ipynb",
    ]
    reports, refused = grade_notebooks(named, pages)
    assert [report.points for report in reports] == [reports[0].max_points, 0, reports[0].max_points]
    written = sorted(path.relative_to(pages).as_posix() for path in pages.rglob("*") if path.is_file())
    notebooks = ["alice/work", "bob/work", "課題 提出/my work"]
    assert written == [f"{name}.{kind}" for name in notebooks for kind in ("html", "json")]
    assert list(tmp_path.iterdir()) in ([files, pages], [pages, files])
    assert stat.S_IMODE((pages / "alice/work.html").stat().st_mode) == 0o644
    (broken,) = refused
    assert "carol/broken.ipynb: this is not a notebook" in str(broken)
    assert capsys.readouterr() == ("", "")


def test_a_page_is_replaced_whole(files, tmp_path):
    pages = tmp_path / "out"
    pages.mkdir()
    (pages / "work.html").write_text("old")
    grade_notebooks([files / "alice/work.ipynb"], pages)
    assert (pages / "work.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert sorted(path.name for path in pages.iterdir()) == ["work.html", "work.json"]


def test_the_command_prints_a_line_for_each_and_says_where_the_feedback_is(files):
    done = dojo("alice/work.ipynb", "bob/work.ipynb", "--feedback", "out", cwd=files)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("│")[1:-1] for line in done.stdout.splitlines() if "/work" in line]
    assert [[cell.strip() for cell in line[:-2]] for line in lines] == [
        ["alice/work", *"✓" * EXERCISES],
        ["bob/work", *"–" * EXERCISES],
    ]
    assert "2 graded. The feedback is in out." in done.stdout


def test_the_command_ends_in_status_1_and_pure_json_when_a_file_is_bad(files):
    done = dojo("--json", "bob/work.ipynb", "carol/broken.ipynb", "nowhere.ipynb", cwd=files)
    assert done.returncode == 1
    reports = json.loads(done.stdout)
    assert [(report["unit"], report["points"], report["submission"]) for report in reports] == [
        (UNIT, 0, "bob/work.ipynb")
    ]
    assert sorted(line.split(":")[0] for line in done.stderr.splitlines()) == [
        "✗ carol/broken.ipynb",
        "✗ nowhere.ipynb",
    ]


def test_a_unit_that_the_course_does_not_have_is_refused(files, released):
    path = files / "later.ipynb"
    path.write_text(released[1].replace(f'"unit": "{UNIT}"', '"unit": "../99_later"'), encoding="utf-8")
    done = dojo(path, cwd=files)
    assert done.returncode == 1 and "there is no unit ../99_later" in done.stderr
    assert "Traceback" not in done.stderr


def test_feedback_that_cannot_be_written_is_said_before_anything_is_graded(files):
    (files / "taken").write_text("")
    done = dojo("alice/work.ipynb", "--feedback", files / "taken", cwd=files)
    assert done.returncode == 1 and "taken" in done.stderr and "Traceback" not in done.stderr
    assert Path(files / "taken").read_text() == ""


def test_a_zip_of_a_learning_management_system_is_graded_under_its_names(files, tmp_path):
    archive = tmp_path / "moodle.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in files.rglob("*.ipynb"):
            made.write(path, f"{path.parent.name}_123_assignsubmission_file/{path.name}")
        made.writestr("__MACOSX/alice/._work.ipynb", "resource fork")
    done = dojo("--json", archive.name, "--feedback", "out", cwd=tmp_path)
    names = sorted(report["submission"] for report in json.loads(done.stdout))
    assert names == [
        f"moodle.zip/{name}"
        for name in (
            "alice_123_assignsubmission_file/work.ipynb",
            "bob_123_assignsubmission_file/work.ipynb",
            "課題 提出_123_assignsubmission_file/my work.ipynb",
        )
    ]
    assert done.returncode == 1 and "moodle.zip/carol_123_assignsubmission_file/broken.ipynb: " in done.stderr
    assert (tmp_path / "out/課題 提出_123_assignsubmission_file/my work.html").exists()


def test_a_zip_that_climbs_out_of_its_folder_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as made:
        made.writestr("../../evil.ipynb", "{}")
    done = dojo("evil.zip", cwd=tmp_path)
    assert done.returncode == 1 and "evil.zip" in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.parent.glob("evil.ipynb"))


def test_a_batch_that_goes_on_grades_what_is_new_or_changed_and_nothing_else(files, released, tmp_path):
    pages, named = tmp_path / "out", [files / "alice/work.ipynb", files / "bob/work.ipynb"]
    grade_notebooks(named, pages)
    before = {path: path.stat().st_mtime_ns for path in pages.rglob("*.json")}
    (files / "bob/work.ipynb").write_text(released[0], encoding="utf-8")
    reports, refused = grade_notebooks(named, pages, resume=True)
    after = {path: path.stat().st_mtime_ns for path in pages.rglob("*.json")}
    assert [path.parent.name for path in after if after[path] != before[path]] == ["bob"]
    assert refused == [] and [report.points for report in reports] == [reports[0].max_points] * 2


def test_going_on_without_a_folder_of_reports_is_refused(files):
    done = dojo("--resume", "alice/work.ipynb", cwd=files)
    assert done.returncode == 1 and "--feedback" in done.stderr
