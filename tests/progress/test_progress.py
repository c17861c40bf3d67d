"""A learner's own record: merged and never lost, whatever the file and the folder are like."""

import json
import multiprocessing
import os
import stat
import sys
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xraydojo import DojoError, certificate, check, language, place, progress, road
from xraydojo.outline import outline
from xraydojo.progress import FILE, MOST_FAILURES, merge, read, record, summary, write

EARLY, LATE = "2026-11-21T10:00:00Z", "2026-11-22T09:30:00Z"
moments = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"))
names = st.sampled_from(["", "bias_forgotten", "sum_returned"])
failures = st.dictionaries(moments, names, min_size=1, max_size=MOST_FAILURES)
one_mark = st.fixed_dictionaries({"last": moments}, optional={"passed": moments, "failed": failures})
marks = st.dictionaries(st.sampled_from(["01", "02"]), st.dictionaries(st.sampled_from("abc"), one_mark))


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """A learner's folder in which a notebook of unit 02 is open in Japanese."""
    unit = tmp_path / "ja" / "02_perceptron"
    unit.mkdir(parents=True)
    (unit / "02_perceptron.ipynb").write_text("{}")
    (tmp_path / "ja" / place.RECORD).write_text("{}")
    monkeypatch.chdir(unit)
    monkeypatch.setattr(place, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "_session", {})
    monkeypatch.setattr(progress, "_here", None)
    progress.begin("02_perceptron")
    return tmp_path


@given(marks, marks)
def test_the_order_of_a_merge_does_not_matter(one, other):
    assert merge(one, other) == merge(other, one)


@given(marks, marks, marks)
def test_three_records_merge_in_any_grouping(one, two, three):
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


@given(marks, marks)
def test_merging_again_changes_nothing(one, other):
    merged = merge(one, other)
    assert merge(merged, other) == merged == merge(merged, merged)


@given(marks, marks)
def test_a_merge_takes_nothing_away(one, other):
    merged = merge(one, other)
    for unit, exercises in one.items():
        for exercise, mark in exercises.items():
            kept = merged[unit][exercise]
            assert kept["last"] >= mark["last"]
            assert "passed" not in mark or kept["passed"] <= mark["passed"]
            for time, name in mark.get("failed", {}).items():
                if time in kept["failed"]:
                    assert kept["failed"][time] >= name
                else:  # of many failures the last ones stay
                    assert len(kept["failed"]) == MOST_FAILURES and min(kept["failed"]) > time


def test_the_first_pass_and_the_last_run_are_kept(tmp_path):
    write(tmp_path, {"02": {"fit": {"passed": LATE, "last": LATE}}})
    write(tmp_path, {"02": {"fit": {"passed": EARLY, "last": EARLY}}})
    assert read(tmp_path) == {"02": {"fit": {"passed": EARLY, "last": LATE}}}


def test_a_passed_check_is_recorded_and_a_failed_one_takes_nothing_away(learner):
    record("predict", passed=True)
    first = read(learner)["02_perceptron"]["predict"]
    assert set(first) == {"passed", "last"}
    record("predict", passed=False)
    assert read(learner)["02_perceptron"]["predict"]["passed"] == first["passed"]
    record("update", passed=False)
    assert set(read(learner)["02_perceptron"]["update"]) == {"last"}


def test_a_failure_is_recorded_with_the_mistake_that_was_recognised(learner, monkeypatch):
    times = iter(["2026-11-22T09:30:00Z", "2026-11-22T09:30:40Z", "2026-11-22T09:31:00Z"])
    monkeypatch.setattr(progress, "datetime", Clock(times))
    record("predict", passed=False, mistake="bias_forgotten")
    record("predict", passed=False, mistake="")
    record("predict", passed=True)
    assert read(learner)["02_perceptron"]["predict"] == {
        "passed": "2026-11-22T09:31:00Z",
        "last": "2026-11-22T09:31:00Z",
        "failed": {"2026-11-22T09:30:00Z": "bias_forgotten", "2026-11-22T09:30:40Z": ""},
    }


class Clock:
    """Tells given times."""

    def __init__(self, times):
        self._times = times

    def now(self, zone):
        return datetime.fromisoformat(next(self._times))


def test_only_the_last_failures_are_kept_whichever_notebook_made_them(tmp_path):
    times = [f"2026-11-22T09:{minute:02}:00Z" for minute in range(14)]
    for some in (times[::2], times[1::2]):
        write(tmp_path, {"02": {"fit": {"last": some[-1], "failed": dict.fromkeys(some, "")}}})
    assert sorted(read(tmp_path)["02"]["fit"]["failed"]) == times[4:]


def test_a_check_tells_which_mistake_it_recognised_and_not_that_nothing_was_written_yet(learner, monkeypatch):
    check.begin("02_perceptron")

    def bias_forgotten(X, w, b):
        return (X @ w >= 0).astype(int)

    def unwritten(X, w, b):
        raise NotImplementedError()

    for predict in (unwritten, bias_forgotten):
        namespace = {"predict": predict, "check": check.check, "np": np}
        with pytest.raises(check.CheckFailed):
            exec(_PREDICT, namespace)
        held = read(learner)["02_perceptron"]["predict"]
        assert list(held.get("failed", {}).values()) == (
            ["bias_forgotten"] if predict is bias_forgotten else []
        )


_PREDICT = """
with check("predict") as t:
    t.call(predict, np.array([[1.0, 1.0], [3.0, 2.0]]), np.array([2.0, 1.0]), -4.0).equals([0, 1])
"""


def test_a_check_itself_records(learner):
    check.begin("02_perceptron")
    with check.check("double") as t:
        t.call(lambda x: 2 * x, 2).equals(4)
    with pytest.raises(check.CheckFailed), check.check("triple") as t:
        t.call(lambda x: 2 * x, 2).equals(6)
    recorded = read(learner)["02_perceptron"]
    assert "passed" in recorded["double"] and "passed" not in recorded["triple"]


def test_a_hidden_check_records_nothing(learner):
    with check.check("double", hidden=True) as t:
        t.call(lambda x: 2 * x, 2).equals(4)
    assert read(learner) == {}


def test_nothing_is_recorded_where_nbgrader_grades_or_outside_a_notebook(learner, monkeypatch):
    monkeypatch.undo()
    assert not place.in_notebook()
    record("predict", passed=True)
    assert not (learner / FILE).exists()


def test_nothing_is_recorded_in_a_folder_that_the_course_did_not_lay_out(tmp_path, monkeypatch):
    unit = tmp_path / "ja" / "02_perceptron"
    unit.mkdir(parents=True)
    monkeypatch.chdir(unit)
    monkeypatch.setattr(place, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "_here", None)
    progress.begin("02_perceptron")
    record("predict", passed=True)
    assert list(tmp_path.rglob(FILE)) == []


def test_a_notebook_that_changes_its_folder_is_still_recorded_where_it_began(learner, monkeypatch):
    monkeypatch.chdir("/")
    progress.begin("02_perceptron")  # its first cell, run once more
    record("predict", passed=True)
    assert "predict" in read(learner)["02_perceptron"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"', '{"units": []}', "\udcff"])
def test_a_damaged_file_is_put_aside_and_kept(learner, damage):
    content = damage.encode("utf-8", "surrogateescape")
    (learner / FILE).write_bytes(content)
    record("predict", passed=True)
    assert "predict" in read(learner)["02_perceptron"]
    assert (learner / "progress_damaged1.json").read_bytes() == content
    (learner / FILE).write_bytes(b"{")
    record("update", passed=True)
    assert set(read(learner)["02_perceptron"]) == {"predict", "update"}  # this notebook remembers its own
    assert (learner / "progress_damaged2.json").exists()


def test_what_a_newer_version_keeps_in_the_file_stays(tmp_path):
    foreign = {
        "version": 7,
        "units": {"02": {"fit": {"last": EARLY, "tries": 3}, "notes": "text"}, "99": 1},
    }
    (tmp_path / FILE).write_text(json.dumps(foreign))
    write(tmp_path, {"02": {"fit": {"passed": LATE, "last": LATE}}})
    held = json.loads((tmp_path / FILE).read_text())
    assert held["version"] == 7 and held["units"]["99"] == 1
    assert held["units"]["02"] == {"fit": {"last": LATE, "tries": 3, "passed": LATE}, "notes": "text"}


@pytest.mark.parametrize(
    "units",
    [1, {"02": 1}, {"02": {"fit": 1}}, {"02": {"fit": {"passed": 1}}}, {"02": {"fit": {"last": ""}}},
     {"02": {"fit": {"last": "２０２６-11-21T10:00:00Z"}}}, {"02": {"fit": {"failed": [EARLY]}}},
     {"02": {"fit": {"failed": {EARLY: 1, "now": "x", LATE: 101 * "x"}}}}],
)  # fmt: skip
def test_what_is_no_record_of_an_exercise_is_not_read(tmp_path, units):
    (tmp_path / FILE).write_text(json.dumps({"units": units}))
    assert read(tmp_path) == {}


@pytest.mark.skipif(
    not hasattr(os, "geteuid"), reason="folders that cannot be written are another thing there"
)
def test_a_folder_that_cannot_be_written_disturbs_no_check(learner, capsys):
    if os.geteuid() == 0:  # root writes everywhere: then a folder stands where the file should
        (learner / FILE).mkdir()
    else:
        learner.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with check.check("double") as t:
        t.call(lambda x: 2 * x, 2).equals(4)
    assert "correct" in capsys.readouterr().out
    if os.geteuid() == 0:
        (learner / FILE).rmdir()
    learner.chmod(stat.S_IRWXU)
    record("predict", passed=True)
    assert set(read(learner)["02_perceptron"]) == {"double", "predict"}  # nothing of the session is lost


def _write_many(folder, name, count):
    for number in range(count):
        write(folder, {"02": {f"{name}{number}": {"passed": EARLY, "last": EARLY}}})


def test_two_notebooks_at_once_lose_nothing(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write_many, args=(tmp_path, name, 40)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(read(tmp_path)["02"]) == 80
    assert not list(tmp_path.glob("*damaged*")) and not list(tmp_path.glob(".*.tmp"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_notebook_that_is_killed_frees_the_lock_and_loses_nothing_recorded(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writer = spawn.Process(target=_write_many, args=(tmp_path, "a", 100_000))
    writer.start()
    while len(read(tmp_path).get("02", {})) < 20:
        assert writer.is_alive()
    before = read(tmp_path)["02"]
    writer.kill()
    writer.join(60)
    write(tmp_path, {"02": {"b": {"last": LATE}}})
    assert before.keys() | {"b"} <= read(tmp_path)["02"].keys()
    assert not list(tmp_path.glob("*damaged*"))


def passed(*units, at=EARLY, but=()):
    """Return marks of these units with every exercise passed, but those."""
    return {
        unit: {
            exercise.id: {"passed": at, "last": at}
            for exercise in outline(unit, "en").exercises
            if exercise.id not in but
        }
        for unit in units
    }


def test_a_new_learner_begins_with_the_first_unit():
    assert summary({}).next == ("00_first_steps", "mean_intensity")
    assert summary({}, {"05_convolution", "09_unet_segmentation"}).next == ("05_convolution", "output_size")


def test_one_goes_on_in_the_unit_in_which_one_was():
    marks = {"03_backprop": {"sigmoid": {"passed": LATE, "last": LATE}}} | passed("00_first_steps")
    assert summary(marks).next == ("03_backprop", "softmax")
    marks["03_backprop"]["forward"] = {"last": "2026-11-23T00:00:00Z"}
    assert summary(marks).next == ("03_backprop", "forward")  # tried, not solved yet


def test_after_a_unit_comes_the_next_whose_needs_are_met():
    marks = passed("00_first_steps", "01_images") | passed("02_perceptron", "05_convolution", at=LATE)
    assert summary(marks).next[0] == "03_backprop"
    marks = passed("05_convolution")
    assert summary(marks).next[0] == "00_first_steps"


def test_an_optional_exercise_is_not_needed_for_the_unit_but_counts_as_points():
    without = summary(passed("03_backprop", but=("backward",))).station("03_backprop")
    assert without.state == "done" and without.earned == without.points == 12
    whole = summary(passed("03_backprop"))
    assert (whole.station("03_backprop").earned, whole.station("03_backprop").bonus) == (12, 4)
    assert "12 of" in road.totals(whole) and "+ 4 optional" in road.totals(whole)


def test_minutes_are_left_as_exercises_are():
    station = summary(passed("02_perceptron", but=("fit", "xor_two_layers"))).station("02_perceptron")
    assert (station.solved, station.state, station.minutes_left) == (
        2,
        "under way",
        30,
    )  # half of 55, rounded up


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_record_of_completion_names_learner_units_and_dates_and_says_that_it_is_no_mark(lang):
    language.use(lang)
    units = [entry.id for entry in progress.read_syllabus()]
    whole = summary(passed(*units) | passed("02_perceptron", at=LATE))
    assert whole.done and whole.next is None
    page = certificate.certificate(whole, "<b>Hanako</b>")
    assert "&lt;b&gt;Hanako" in page and "<script" not in page
    assert all(station.entry.title[lang].split("'")[0] in page for station in whole.stations)
    assert {"en": "2026-11-22", "ja": "2026年11月22日"}[lang] in page
    assert {"en": "not a graded certificate", "ja": "成績を証明するものではありません"}[lang] in page


def test_without_the_whole_core_there_is_no_record_of_completion(tmp_path):
    with pytest.raises(DojoError, match="still open"):
        certificate.write_certificate(tmp_path / "x.html", summary(passed("00_first_steps")))
    assert not (tmp_path / "x.html").exists()
