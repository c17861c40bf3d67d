"""Where a class is now: who solved, who works, who is stuck, and which mistakes are made, at stated times."""

from datetime import UTC, datetime

import pytest

from xraydojo.hub.class_now import class_now, place, unit_of
from xraydojo.outline import outline

UNIT, OTHER = "02_perceptron", "01_images"
EXERCISES = outline(UNIT, "en").exercises


def at(clock):
    """Return a time of the seminar's day in seconds since 1970."""
    return datetime.fromisoformat(f"2026-11-21T{clock}:00Z").astimezone(UTC).timestamp()


def mark(last, *failed, passed=None, name=""):
    """Return an exercise's marks: times of the day such as 10:05."""
    full = "2026-11-21T{}:00Z".format
    marked = {"last": full(last)}
    if passed:
        marked["passed"] = full(passed)
    if failed:
        marked["failed"] = {full(time): name for time in failed}
    return marked


def solved(*clocks):
    """Return marks of the unit's first exercises, solved at these times."""
    return {exercise.id: mark(clock, passed=clock) for exercise, clock in zip(EXERCISES, clocks)}


# the unit's exercises are predict, update, fit and xor_two_layers; all is seen at 10:30
TABLE = {
    "no check yet": ({}, "silent", ""),
    "one failure a minute ago": ({"predict": mark("10:29", "10:29")}, "working", "predict"),
    "one failure 4 minutes ago": ({"predict": mark("10:26", "10:26")}, "working", "predict"),
    "one failure 5 minutes ago, and nothing since": ({"predict": mark("10:25", "10:25")}, "stuck", "predict"),
    "two failures": ({"predict": mark("10:29", "10:28", "10:29")}, "working", "predict"),
    "three failures": ({"predict": mark("10:29", "10:27", "10:28", "10:29")}, "stuck", "predict"),
    "three failures, two of them an hour ago": (
        {"predict": mark("10:29", "09:20", "09:25", "10:29")}, "working", "predict",
    ),
    "nothing written yet, ten minutes ago": ({"predict": mark("10:20")}, "working", "predict"),
    "three failures, then solved": (
        {"predict": mark("10:29", "10:26", "10:27", "10:28", passed="10:29")}, "working", "update",
    ),
    "solved 20 minutes ago, reads on": (solved("10:10"), "working", "update"),
    "nothing for 29 minutes": ({"predict": mark("10:01", "10:01")}, "stuck", "predict"),
    "nothing for half an hour": ({"predict": mark("10:00", "10:00")}, "silent", "predict"),
    "stuck at the next, and went back to run the first again": (
        {"predict": mark("10:29", passed="10:05"), "update": mark("10:27", "10:20", "10:23", "10:27")},
        "stuck", "update",
    ),
    "left one open and went on": (
        {"predict": mark("10:10", "10:10"), "update": mark("10:29", passed="10:29")}, "working", "fit",
    ),
    "left one open, solved all behind it": (
        solved("10:01", "10:02", "10:03", "10:29") | {"predict": mark("10:01", "10:01")}, "working", "predict",
    ),
    "all solved": (solved("10:01", "10:10", "10:20", "10:29"), "done", "xor_two_layers"),
    "solved yesterday, fails now after a change": (
        {"predict": mark("10:29", "10:29", passed="08:00")}, "working", "update",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_a_learner_is_where_the_last_checks_say(case):
    marks, state, exercise = TABLE[case]
    found = place("hanako", {UNIT: marks} if marks else {}, UNIT, EXERCISES, at("10:30"))
    assert (found.state, found.exercise) == (state, exercise)


def test_a_learner_in_another_unit_is_elsewhere_and_counts_where_solved():
    marks = {UNIT: solved("10:05"), OTHER: {"window": mark("10:28", "10:28")}}
    found = place("hanako", marks, UNIT, EXERCISES, at("10:30"))
    assert (found.state, found.unit, found.exercise, found.ago) == ("elsewhere", OTHER, "window", 120)
    assert class_now({"hanako": marks}, UNIT, "en", at("10:30")).rows[0].solved == 1


def test_of_checks_run_in_one_second_the_last_of_the_notebook_counts():
    marks = {UNIT: solved("10:29", "10:29") | {"fit": mark("10:29", "10:29")}}
    assert place("hanako", marks, UNIT, EXERCISES, at("10:30")).exercise == "fit"


def test_who_has_only_optional_exercises_left_is_done():
    exercises = outline("05_convolution", "en").exercises
    core = [exercise.id for exercise in exercises if exercise.core]
    assert len(core) == len(exercises) - 2  # conv2d_layer and conv2d_backward
    marks = {"05_convolution": {id: mark("10:29", passed="10:29") for id in core}}
    assert place("hanako", marks, "05_convolution", exercises, at("10:30")).state == "done"


def test_the_class_is_counted_by_exercise():
    shared = {
        "aiko": {UNIT: solved("10:01", "10:29")},
        "bunta": {UNIT: solved("10:20") | {"update": mark("10:29", "10:29")}},
        "chie": {UNIT: solved("10:20") | {"update": mark("10:24", "10:24")}},
        "daiki": {UNIT: {"predict": mark("10:29", "10:27", "10:28", "10:29")}},
        "emi": {},
    }
    now = class_now(shared, UNIT, "en", at("10:30"))
    counts = {
        row.exercise.id: (
            row.solved, [each.learner for each in row.working], [each.learner for each in row.stuck]
        )
        for row in now.rows
    }  # fmt: skip
    assert counts == {
        "predict": (3, [], ["daiki"]),
        "update": (1, ["bunta"], ["chie"]),
        "fit": (0, ["aiko"], []),
        "xor_two_layers": (0, [], []),
    }
    assert [each.learner for each in now.at("silent")] == ["emi"]


def test_the_mistakes_of_the_last_quarter_of_an_hour_are_counted_by_learner_and_explained():
    often = {"predict": mark("10:29", "10:20", "10:29", name="bias_forgotten")}
    shared = {
        "aiko": {UNIT: often},
        "bunta": {UNIT: {"predict": mark("10:29", "10:16", passed="10:29", name="bias_forgotten")}},
        "chie": {UNIT: {"predict": mark("10:29", "10:29", name="sum_returned")}},
        "daiki": {UNIT: {"predict": mark("10:29", "10:14", "10:15", name="sum_returned")}},  # too long ago
        "emi": {UNIT: {"update": mark("10:29", "10:29")}},
    }
    now = class_now(shared, UNIT, "en", at("10:30"))
    assert [(each.exercise, each.name, each.learners) for each in now.mistakes] == [
        ("predict", "bias_forgotten", ("aiko", "bunta")),
        ("predict", "sum_returned", ("chie",)),
    ]
    assert "must go through the origin" in now.mistakes[0].hint["en"]
    assert "原点を通る" in now.mistakes[0].hint["ja"]
    assert now.unnamed == ("emi",)


def test_the_unit_of_the_day_is_the_one_of_most_last_checks_within_half_an_hour():
    shared = {
        "aiko": {UNIT: {"predict": mark("10:05", "10:05")}},
        "bunta": {UNIT: solved("10:10"), OTHER: {"window": mark("08:00", "08:00")}},
        "chie": {OTHER: {"window": mark("10:29", "10:29")}},
        "daiki": {OTHER: {"window": mark("09:00", "09:00")}},
        "emi": {OTHER: {"histogram": mark("09:10", "09:10")}},
    }
    assert unit_of(shared, at("10:30")) == UNIT
    assert unit_of(shared, at("10:55")) == OTHER
    assert unit_of(shared, at("20:00")) == OTHER  # the last of all
    assert unit_of({"aiko": {}}, at("10:30")) is None
