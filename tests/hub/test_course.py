"""`course.yaml`: what it says, and what is wrong with it, by line."""

from datetime import UTC, datetime

import pytest

from xraydojo import language
from xraydojo.hub.course import CourseError, read_course
from xraydojo.lesson import REPOSITORY

GOOD = """\
id: spring
title: Seminar
language: ja
address: https://hub.example.ac.jp
timezone: Asia/Tokyo
instructors: [sensei]
learners:
  - hanako
  - {name: taro, full_name: 山田 太郎, email: taro@example.ac.jp}
units:
  - {id: 01_images}
  - {id: 02_perceptron, open: 2027-04-05, due: 2027-04-12, late: 2027-04-13 18:00}
profiles:
  cpu: {memory: 1.5G, cores: 2}
  gpu: {memory: 8G, slots: 4}
grading:
  late_penalty: 0.1
"""


def written(tmp_path, text):
    path = tmp_path / "course.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_course_is_read_with_its_dates_in_its_time_zone(tmp_path):
    course = read_course(written(tmp_path, GOOD))
    assert course.address == "https://hub.example.ac.jp/"
    assert course.people == {"sensei", "hanako", "taro"}
    assert course.learner("taro").full_name == "山田 太郎"
    assert course.grader == "grader-spring"
    unit = course.unit("02_perceptron")
    # Tokyo is nine hours ahead of UTC
    assert unit.open == datetime(2027, 4, 4, 15, tzinfo=UTC)
    assert unit.due == datetime(2027, 4, 12, 14, 59, 59, tzinfo=UTC)
    assert unit.late == datetime(2027, 4, 13, 9, tzinfo=UTC)
    assert course.profiles["cpu"].memory == 1610612736
    assert course.profiles["gpu"].slots == 4
    assert course.grading.late_penalty == 0.1


def test_a_unit_is_open_then_late_then_closed(tmp_path):
    unit = read_course(written(tmp_path, GOOD)).unit("02_perceptron")
    moments = [datetime(2027, 4, day, 12, tzinfo=UTC) for day in (1, 6, 13, 14)]
    moments[2] = datetime(2027, 4, 13, 8, tzinfo=UTC)
    assert [unit.is_open(moment) for moment in moments] == [False, True, True, True]
    assert [unit.is_late(moment) for moment in moments] == [False, False, True, True]
    assert [unit.is_closed(moment) for moment in moments] == [False, False, False, True]


def test_a_unit_without_dates_is_always_open_and_never_late(tmp_path):
    unit = read_course(written(tmp_path, GOOD)).unit("01_images")
    now = datetime(2099, 1, 1, tzinfo=UTC)
    assert unit.is_open(now) and not unit.is_late(now) and not unit.is_closed(now)


def test_the_example_of_the_repository_is_a_course():
    assert read_course(REPOSITORY / "grading" / "hub" / "course.yaml").id == "xray2027"


WRONG = {
    "unknown field": ("title: Seminar", "titel: Seminar", 2, "unknown field 'titel'; the fields are id, title"),
    "missing field": ("title: Seminar\n", "", 1, "the field title is missing"),
    "bad YAML": ("instructors: [sensei]", "instructors: [sensei", 7, "not YAML"),
    "a long id": ("id: spring\n", f"id: {'a' * 26}\n", 1, "at most 25 characters"),
    "the hub's own": ("id: spring\n", "id: dojo\n", 1, "dojo is a name of the hub's own"),
    "no such unit": ("id: 01_images", "id: 99_none", 11, "there is no '99_none'; choose from 00_first_steps"),
    "late before due": ("late: 2027-04-13 18:00", "late: 2027-04-01", 12, "late is before due"),
    "late without due": (", due: 2027-04-12", "", 12, "late needs due before it"),
    "no date": ("open: 2027-04-05", "open: April", 12, "'April' is no date such as 2027-04-12"),
    "no zone": ("Asia/Tokyo", "Asia/Atlantis", 5, "unknown time zone 'Asia/Atlantis'"),
    "a way out of the zones": ("Asia/Tokyo", "../../etc/passwd", 5, "unknown time zone"),
    "a way out of the folder": ("- hanako", "- ../hanako", 8, "'../hanako' cannot be a name"),
    "an upper-case name": ("- hanako", "- Hanako", 8, "'Hanako' cannot be a name"),
    "a learner twice": ("- hanako", "- taro", 9, "taro is there twice"),
    "instructor and learner": ("- hanako", "- sensei", 8, "sensei is there twice"),
    "a field twice": ("title: Seminar", "title: Seminar\nid: again", 3, "id is there twice"),
    "no instructor": ("[sensei]", "[]", 6, "name one instructor at least"),
    "no language": ("language: ja", "language: fr", 3, "there is no 'fr'; choose from en, ja"),
    "no address": ("https://hub.example.ac.jp", "hub.example", 4, "'hub.example' is no address"),
    "no memory": ("memory: 1.5G", "memory: lots", 14, "'lots' is no amount of memory such as 2G"),
    "too much": ("late_penalty: 0.1", "late_penalty: 10", 17, "'10' is no number from 0 to 1"),
    "a list": ("- hanako\n", "- [hanako]\n", 8, "expected the fields name, full_name, email"),
    "no list": ("[sensei]", "sensei", 6, "expected a list"),
    "an unknown tag of Python": ("title: Seminar", "title: !!python/object:os.system {}", 2, "expected text"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_with_its_line(case, tmp_path):
    right, wrong, line, said = WRONG[case]
    assert right in GOOD
    path = written(tmp_path, GOOD.replace(right, wrong))
    with pytest.raises(CourseError) as refused:
        read_course(path)
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert said in str(refused.value)


def test_an_empty_file_and_a_missing_one_are_named(tmp_path):
    with pytest.raises(CourseError, match="course.yaml:1: the file is empty"):
        read_course(written(tmp_path, ""))
    with pytest.raises(CourseError, match="none.yaml:1: there is no such file"):
        read_course(tmp_path / "none.yaml")


def test_errors_are_told_in_japanese(tmp_path):
    language.use("ja")
    with pytest.raises(CourseError, match="course.yaml:2: 'titel' という項目はありません"):
        read_course(written(tmp_path, GOOD.replace("title:", "titel:")))
