"""The `dojo` command as a person meets it: exit statuses and one clear line for what can be mended."""

import json
import shutil
import subprocess
import sys

import pytest

from xraydojo import lesson


def dojo(*arguments, course=None):
    """Run the command in a process of its own, on a course of its own when one is given."""
    code = "import sys, pathlib\nfrom xraydojo import cli, lesson\n"
    if course:
        code += f"lesson.COURSE = pathlib.Path({str(course)!r})\nlesson.find_unit.__defaults__ = (lesson.COURSE,)\n"
        code += "lesson.read_syllabus.__defaults__ = (lesson.COURSE,)\n"
    code += f"sys.argv = ['dojo', *{list(map(str, arguments))!r}]\ncli.main()\n"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")


@pytest.fixture
def course(folder):
    """A course of one small unit."""
    (folder.parent / "syllabus.yml").write_text(
        "units:\n  - {id: 02_line, title: {en: A line, ja: 直線}, reading_minutes: 1, exercise_minutes: 1,"
        " cpu_seconds: 1, prerequisites: [], data: []}\n",
        encoding="utf-8",
    )
    return folder.parent


def test_without_a_command_the_help_is_shown():
    done = dojo()
    assert "start" in done.stdout + done.stderr


def test_an_unknown_unit_ends_in_one_line_with_the_known_ones():
    done = dojo("build", "77")
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert "'77'" in line and "02_perceptron" in line


def test_a_malformed_lesson_ends_in_one_line_and_nothing_is_written(course):
    text = (course / "02_line" / "lesson.py").read_text(encoding="utf-8")
    (course / "02_line" / "lesson.py").write_text(
        text.replace('role="setup"', 'role="set"'), encoding="utf-8"
    )
    before = sorted(lesson.REPOSITORY.glob("*/*/02_line"))
    for command in ("build", "prove"):
        done = dojo(command, "02", course=course)
        assert done.returncode == 1
        (line,) = done.stderr.strip().splitlines()
        assert "lesson.py:9: unknown role 'set'" in line
    assert sorted(lesson.REPOSITORY.glob("*/*/02_line")) == before == []


def test_build_check_names_what_differs_and_fails(course):
    done = dojo("build", "02", "--check", course=course)
    assert done.returncode == 1
    assert "exercises/ja/02_line/02_line.ipynb differs" in done.stdout.replace("\\", "/")
    assert not (lesson.REPOSITORY / "exercises" / "ja" / "02_line").exists()


def test_prove_prints_the_table_and_fails_when_a_test_does_not_bite(course):
    wrong = course / "02_line" / "wrong_answers.py"
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("x * x", "x + x"), encoding="utf-8")
    done = dojo("prove", "02", course=course)
    assert done.returncode == 1
    assert "double" in done.stdout and "squared is accepted" in done.stdout


def test_an_unknown_option_is_a_usage_error():
    assert dojo("build", "--no-such-option").returncode == 2


def test_ruff_finds_nothing_to_mend():
    ruff = shutil.which("ruff", path=str(lesson.Path(sys.executable).parent))
    for command in (["check"], ["format", "--check", "src", "tests"]):
        done = subprocess.run([ruff, *command], cwd=lesson.REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "lang, words",
    [
        ("en", ("Units done: 0 of 12", "Go on here", "update")),
        ("ja", ("12 のうち 0", "ここから続けましょう", "update")),
    ],
)
def test_progress_shows_every_unit_and_where_to_go_on(tmp_path, lang, words):
    times = {"passed": "2026-11-21T10:00:00Z", "last": "2026-11-21T10:00:00Z"}
    (tmp_path / "progress.json").write_text(json.dumps({"units": {"02_perceptron": {"predict": times}}}))
    done = dojo("progress", "--lang", lang, "--folder", tmp_path)
    assert done.returncode == 0 and all(word in done.stdout for word in words), done.stderr
    assert all(number in done.stdout for number in ("00", "11")) and "1/4" in done.stdout


def test_the_record_of_completion_is_refused_in_one_line_until_all_is_solved(tmp_path):
    done = dojo("progress", "--lang", "en", "--folder", tmp_path, "--certificate", tmp_path / "page.html")
    assert done.returncode == 1 and "still open" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "page.html").exists()
