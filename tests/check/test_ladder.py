"""The hints in a check's box: opened step by step, in both languages, and only what there is."""

import re

import nbformat
import pytest

import xraydojo
from tests.check.test_check import failed
from xraydojo import language, place
from xraydojo.check import misconception
from xraydojo.check.ladder import ladder
from xraydojo.lesson import REPOSITORY, Answer

SQUARE = Answer("update", "squared", "def update(x):\n    return x * x\n", {"en": "Twice?", "ja": "2 倍ですか。"}, 1)  # fmt: skip


def opened(html):
    """Return the titles of the steps, each within the one before."""
    titles, depth = [], 0
    for tag in re.findall(r"<details|</details>|<summary[^>]*>[^<]*", html):
        depth += {"<details": 1, "</details>": -1}.get(tag, 0)
        if tag.startswith("<summary"):
            titles.append((depth, tag.partition(">")[2]))
    assert depth == 0
    return titles


@pytest.fixture
def notebook(monkeypatch):
    """A learner's notebook."""
    monkeypatch.setattr(place, "in_notebook", lambda: True)


def test_each_hint_opens_within_the_one_before(notebook):
    html = ladder("update", "value", "Twice?", "02_perceptron")
    assert opened(html) == [
        (1, "Hint 1: where to look"),
        (2, "Hint 2: what may have happened"),
        (3, "Hint 3: a worked example"),
        (4, "Hint 4: what to read again"),
    ]
    assert html.index("Type and shape") < html.index("Twice?") < html.index("should") < html.index("Learning")


def test_the_lessons_own_example_and_section_are_offered_in_japanese(notebook):
    language.use("ja")
    html = ladder("update", "value", None, "02_perceptron")
    assert [title for _, title in opened(html)] == ["ヒント1：見るところ", "ヒント2：解いてある例", "ヒント3：読み直すところ"]  # fmt: skip
    assert "<strong>例。</strong>" in html
    (cell, heading) = re.search(r'<a [^>]*href="#cell-id=(.+?)">(.+?)</a>', html).groups()
    path = REPOSITORY / "exercises" / "ja" / "02_perceptron" / "02_perceptron.ipynb"
    (source,) = [each.source for each in nbformat.read(path, 4).cells if each.id == cell]
    assert heading == "間違いから学ぶ" and f"## {heading}" in source


def test_what_the_lesson_does_not_have_is_not_invented(notebook):
    html = ladder("xor_two_layers", "value", None, "02_perceptron")
    assert [title for _, title in opened(html)] == ["Hint 1: where to look", "Hint 2: what to read again"]
    assert ladder("no_such", "unwritten", None, "02_perceptron") == ""


def test_one_who_has_not_begun_is_led_to_the_example(notebook):
    html = ladder("predict", "unwritten", None, "02_perceptron")
    assert [title for _, title in opened(html)] == ["Hint 1: a worked example", "Hint 2: what to read again"]
    assert "X @" in re.sub("<[^>]*>", "", html)


def test_the_box_of_a_failed_check_has_the_ladder_and_the_plain_text_the_hint(monkeypatch):
    xraydojo.begin("02_perceptron", "en")
    monkeypatch.setattr(misconception, "wrong_answers", lambda unit: (SQUARE,))

    def update(x):
        return x**2

    globals()["update"] = update
    verdict = failed(lambda t: t.call(update, 3).equals(6))
    bundle = verdict._repr_mimebundle_()
    assert [title for _, title in opened(bundle["text/html"])] == ["Hint 1: where to look", "Hint 2: what may have happened"]  # fmt: skip
    assert "Hint: Twice?" in bundle["text/plain"] and "where to look" not in bundle["text/plain"]


def test_a_hidden_case_has_no_ladder():
    html = failed(lambda t: t.call(lambda x: x, 3).equals(6), hidden=True)._repr_mimebundle_()["text/html"]
    assert "<details" not in html


def test_a_crash_in_a_check_says_what_to_do_and_folds_its_traceback():
    verdict = failed(lambda t: t.call(lambda x: x[5], [1]).equals(6))
    assert "Counting begins at 0" in verdict.message
    html = verdict._repr_mimebundle_()["text/html"]
    assert html.index("<summary") < html.index("Traceback (most recent call last)")
    assert "Counting" not in failed(lambda t: t.call(lambda x: x[5], [1]).equals(6), hidden=True).message
