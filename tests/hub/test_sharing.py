"""What learners share: kept of those alone who agreed, for a day; and a record is believed in nothing that is not known."""

import json
import os

import pytest

from tests.hub.conftest import COURSE
from xraydojo.hub.course import read_course
from xraydojo.hub.sharing import DAY, FILE, LARGEST, PAUSE, Sharing, checked, known, moment, today, written

UNIT = "02_perceptron"
NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
EARLIER, LAST = "2027-01-15T07:50:00Z", "2027-01-15T07:59:00Z"
KNOWN = {UNIT: {"predict": frozenset({"bias_forgotten"}), "update": frozenset()}}
MARKS = {UNIT: {"predict": {"last": LAST, "failed": {LAST: "bias_forgotten"}}}}


class Clock:
    """The time, which a test sets."""

    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sharing(tmp_path, clock):
    return Sharing(tmp_path / FILE, clock)


def test_nothing_is_kept_of_a_learner_who_has_not_agreed(sharing, tmp_path):
    assert sharing.since("hanako") is None
    assert not sharing.keep("hanako", MARKS)
    assert sharing.all() == {}
    assert not any(b"bias_forgotten" in path.read_bytes() for path in tmp_path.iterdir())


def test_what_a_learner_who_agreed_reports_takes_the_place_of_the_report_before(sharing):
    sharing.agree("hanako")
    assert sharing.since("hanako") == NOW
    assert sharing.keep("hanako", {UNIT: {"predict": {"last": EARLIER}}})
    assert sharing.keep("hanako", MARKS)
    assert sharing.all() == {"hanako": MARKS}


def test_a_learner_who_takes_it_back_is_forgotten_to_the_last_byte(sharing, tmp_path):
    for name in ("hanako", "taro"):
        sharing.agree(name)
    sharing.keep("hanako", MARKS)
    assert any(b"bias_forgotten" in path.read_bytes() for path in tmp_path.iterdir())
    sharing.take_back("hanako")
    assert sharing.all() == {"taro": {}} and sharing.since("hanako") is None
    for path in tmp_path.iterdir():
        assert b"bias_forgotten" not in path.read_bytes() and b"hanako" not in path.read_bytes()


def test_agreeing_again_begins_with_nothing(sharing, clock):
    sharing.agree("hanako")
    sharing.keep("hanako", MARKS)
    sharing.take_back("hanako")
    clock.now += 5
    sharing.agree("hanako")
    assert sharing.all() == {"hanako": {}} and sharing.since("hanako") == NOW + 5


def test_agreeing_twice_is_agreeing_once(sharing, clock):
    sharing.agree("hanako")
    sharing.keep("hanako", MARKS)
    clock.now += 5
    sharing.agree("hanako")
    assert sharing.since("hanako") == NOW and sharing.all() == {"hanako": MARKS}


def test_a_day_after_the_last_check_everything_is_forgotten_and_the_learner_shares_no_longer(
    sharing, clock, tmp_path
):
    sharing.agree("hanako")
    clock.now += 3600
    last = moment(clock.now)
    sharing.keep("hanako", {UNIT: {"predict": {"last": last, "failed": {last: "bias_forgotten"}}}})
    clock.now = NOW + 3600 + DAY - 1
    assert sharing.since("hanako") == NOW
    clock.now += 1
    sharing.forget({"hanako"})
    assert not any(b"bias_forgotten" in path.read_bytes() for path in tmp_path.iterdir())
    assert sharing.since("hanako") is None and sharing.all() == {}


def test_who_has_left_the_class_is_forgotten(sharing):
    for name in ("hanako", "taro"):
        sharing.agree(name)
        sharing.keep(name, MARKS)
    sharing.forget({"taro", "jiro"})
    assert sharing.all() == {"taro": MARKS}


def test_who_agrees_and_runs_no_check_shares_for_a_day(sharing, clock):
    sharing.agree("hanako")
    clock.now += DAY
    assert sharing.since("hanako") is None


def test_sending_the_same_again_and_again_keeps_it_no_longer(sharing, clock):
    sharing.agree("hanako")
    for _ in range(5):
        sharing.keep("hanako", MARKS)
        clock.now += DAY / 4
    assert sharing.all() == {}


def test_what_is_shared_survives_a_restart(sharing, tmp_path, clock):
    sharing.agree("hanako")
    sharing.keep("hanako", MARKS)
    again = Sharing(tmp_path / FILE, clock)
    assert again.all() == {"hanako": MARKS} and again.since("hanako") == NOW


def test_a_learner_reports_once_a_second_at_most_and_slows_nobody_else(sharing, clock):
    assert not sharing.is_too_soon("hanako")
    assert sharing.is_too_soon("hanako") and not sharing.is_too_soon("taro")
    clock.now += PAUSE
    assert not sharing.is_too_soon("hanako")


def test_a_server_sends_the_units_of_today_and_no_older_failures():
    yesterday, before = moment(NOW - DAY + 60), moment(NOW - DAY - 60)
    marks = {
        "01_images": {"window": {"last": before, "passed": before}},
        UNIT: {
            "predict": {"last": before, "passed": before},
            "update": {"last": LAST, "failed": {before: "a", yesterday: "b"}},
        },
    }
    assert json.loads(written(today(marks, NOW))) == {
        "units": {
            UNIT: {
                "predict": {"last": before, "passed": before},
                "update": {"last": LAST, "failed": {yesterday: "b"}},
            }
        }
    }


def test_a_sound_record_is_taken_as_it_is():
    assert checked(written(MARKS), KNOWN, NOW) == MARKS


UNSOUND = {
    "another unit": {"99_secret": MARKS[UNIT]},
    "another exercise": {UNIT: {"<script>alert(1)</script>": {"last": LAST}}},
    "no time": {UNIT: {"predict": {"passed": LAST}}},
    "a time of another form": {UNIT: {"predict": {"last": "today"}}},
    "a time in other digits": {UNIT: {"predict": {"last": "２０２７-01-15T07:59:00Z"}}},
    "a time that no clock shows": {UNIT: {"predict": {"last": "2027-01-14T99:99:99Z"}}},
    "a day that no calendar has": {UNIT: {"predict": {"last": "2027-00-99T07:59:00Z"}}},
    "a time to come": {UNIT: {"predict": {"last": "2027-01-15T08:05:00Z"}}},
    "a day ago": {UNIT: {"predict": {"last": "2027-01-14T07:59:00Z"}}},
    "a number for a time": {UNIT: {"predict": {"last": 1}}},
    "a list for an exercise": {UNIT: {"predict": [LAST]}},
    "a list for a unit": {UNIT: ["predict"]},
}


@pytest.mark.parametrize("case", UNSOUND)
def test_what_is_not_known_or_not_of_today_is_left_out(case):
    assert checked(written(UNSOUND[case]), KNOWN, NOW) == {}


def test_of_a_failure_only_a_known_mistakes_name_is_taken_and_only_of_its_own_exercise():
    failed = {EARLIER: "<b>bias_forgotten</b>", LAST: "bias_forgotten", "2027-01-15T07:58:00Z": 7}
    said = {UNIT: {each: {"last": LAST, "failed": failed} for each in ("predict", "update")}}
    assert checked(written(said), KNOWN, NOW) == {
        UNIT: {
            "predict": {"last": LAST, "failed": {EARLIER: "", LAST: "bias_forgotten"}},
            "update": {"last": LAST, "failed": {EARLIER: "", LAST: ""}},
        }
    }


def test_more_fields_than_known_are_not_kept():
    said = {UNIT: {"predict": {"last": LAST, "learner": "taro", "points": 10}}}
    assert checked(written(said), KNOWN, NOW) == {UNIT: {"predict": {"last": LAST}}}


def test_ten_thousand_failures_are_ten():
    times = [moment(NOW - 10_000 + number) for number in range(1500)]
    said = {UNIT: {"predict": {"last": LAST, "failed": dict.fromkeys(times, "bias_forgotten")}}}
    assert list(checked(written(said), KNOWN, NOW)[UNIT]["predict"]["failed"]) == times[-10:]


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[]", b"null", b"1" * 5000, b"[" * 60_000, b'{"units": ' + b'{"a":' * 9_000,
        b'{"units": 1}', b'{"units": []}', b"\xff\xfe", b'{"unit": {}}', b" " * (LARGEST + 1),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(said):
    with pytest.raises(ValueError):
        checked(said, KNOWN, NOW)


def test_known_are_the_open_units_of_the_class_with_their_exercises_and_wrong_answers(tmp_path):
    path = tmp_path / "course.yaml"
    path.write_text(COURSE, encoding="utf-8")
    found = known(read_course(path))
    assert set(found) == {UNIT}  # 01_images opens in 2099
    assert set(found[UNIT]) == {"predict", "update", "fit", "xor_two_layers"}
    assert "bias_forgotten" in found[UNIT]["predict"] and "bias_forgotten" not in found[UNIT]["fit"]


def test_the_data_base_is_the_graders_alone(tmp_path, clock):
    before = os.umask(0o077)  # as the services run
    try:
        Sharing(tmp_path / FILE, clock).agree("hanako")
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
