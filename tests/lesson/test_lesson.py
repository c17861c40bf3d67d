"""Reading a lesson: what is kept, and what is refused with file and line."""

import re

import pytest

from tests.conftest import LESSON, WRONG
from xraydojo import DojoError
from xraydojo.lesson import LessonError, find_unit, localize, read_answers, read_syllabus, read_unit


def refuse(folder, old, new, file="lesson.py"):
    """Replace a piece of a file and return the refusal's line number and message."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(LessonError) as refused:
        read_unit(folder)
    assert "\n" not in str(refused.value)
    place, line, message = re.match(r"(.*\.py):(\d+): (.*)", str(refused.value)).groups()
    assert place.endswith(file)
    return int(line), message


def test_a_lesson_gives_its_cells_in_both_languages(folder):
    unit = read_unit(folder)
    assert [cell.kind for cell in unit.cells] == ["prose", "setup", "exercise", "test"]
    assert unit.cells[0].sources == {"en": "# A line", "ja": "# 直線"}
    assert '"""x の 2 倍。"""' in unit.exercises[0].sources["ja"]
    assert [cell.line for cell in unit.cells] == [4, 9, 13, 20]
    assert unit.points == 2


def test_the_hint_of_a_wrong_answer_joins_its_comment_lines(folder):
    (answer,) = read_unit(folder).wrong_answers
    assert answer.hint == {"en": "Is that twice, or the square?", "ja": "それは 2 倍ですか。2 乗ですか。"}


def test_lines_of_a_japanese_paragraph_are_joined_and_nothing_else_is(folder):
    lesson = folder / "lesson.py"
    text = """直線
# 線は
# 二点で
#   決まります。
# * 傾き
# * 切片
#
# `w` と
# `b` です。
# ```
# 傾き
# 切片
# ```
# 終わり
# です。"""
    lesson.write_text(lesson.read_text(encoding="utf-8").replace("直線", text), encoding="utf-8")
    (prose, *_) = read_unit(folder).cells
    assert (
        prose.sources["ja"]
        == "# 直線\n線は二点で決まります。\n* 傾き\n* 切片\n\n`w` と\n`b` です。\n```\n傾き\n切片\n```\n終わりです。"
    )
    assert prose.sources["en"] == "# A line"


def test_prose_in_english_only_is_refused(folder):
    line, message = refuse(folder, '# %% [markdown] lang="ja"\n# # 直線\n', "")
    assert line == 4 and "Japanese" in message


def test_prose_in_japanese_only_is_refused(folder):
    line, message = refuse(folder, '# %% [markdown] lang="en"\n# # A line\n', "")
    assert line == 4 and "English" in message


def test_prose_without_a_language_is_refused(folder):
    line, message = refuse(folder, '[markdown] lang="ja"', "[markdown]")
    assert line == 6 and "lang=" in message


def test_an_unknown_role_is_refused_with_the_known_ones(folder):
    line, message = refuse(folder, 'role="setup"', 'role="steup"')
    assert line == 9 and "'steup'" in message and "setup, demo, explore" in message


def test_an_unknown_mark_is_refused(folder):
    line, message = refuse(folder, 'role="setup"', 'rôle="setup"')
    assert line == 9


def test_a_code_cell_without_a_role_is_refused(folder):
    assert refuse(folder, '# %% role="setup"', "# %%")[0] == 9


def test_an_exercise_without_a_test_is_refused(folder):
    line, message = refuse(folder, LESSON[LESSON.index('# %% test="double"') :], "")
    assert line == 13 and "double has no test" in message


def test_a_test_without_an_exercise_is_refused(folder):
    line, message = refuse(folder, 'test="double"', 'test="triple"')
    assert "has no" in message


def test_a_test_without_points_is_refused(folder):
    line, message = refuse(folder, " points=2", "")
    assert line == 20 and "points" in message


def test_a_duplicate_id_is_refused_at_its_second_place(folder):
    cell = LESSON[LESSON.index("# %% exercise=") : LESSON.index("# %% test=")]
    line, message = refuse(folder, cell, cell + cell)
    assert line == 20 and "duplicate id" in message and "double" in message


def test_a_duplicate_answer_is_refused(folder):
    line, message = refuse(folder, WRONG, WRONG + WRONG, "wrong_answers.py")
    assert line == 8 and "duplicate id" in message


def test_a_test_without_a_wrong_answer_is_refused(folder):
    (folder / "wrong_answers.py").write_text('"""None."""\n', encoding="utf-8")
    with pytest.raises(LessonError, match=r"lesson\.py:13: double has no wrong answer"):
        read_unit(folder)


def test_a_wrong_answer_without_a_japanese_hint_is_refused(folder):
    line, message = refuse(folder, "# ja:", "# jp:", "wrong_answers.py")
    assert line == 1 and "squared" in message and "both languages" in message


def test_an_answer_to_no_exercise_is_refused(folder):
    extra = WRONG.replace('"double"', '"treble"')
    line, message = refuse(folder, WRONG, WRONG + extra, "wrong_answers.py")
    assert line == 8 and "'treble'" in message


def test_code_that_is_not_python_is_refused_at_its_line(folder):
    line, message = refuse(folder, "    return 2 * x", "    return 2 *")
    assert line == 17 and "not Python" in message


def test_a_cell_over_forty_lines_is_refused(folder):
    line, message = refuse(folder, "import numpy as np\n", "import numpy as np\n" + "x = 1\n" * 40)
    assert line == 9 and "40" in message


def test_a_demo_that_assigns_an_exercise_is_refused(folder):
    line, message = refuse(folder, LESSON, LESSON + '\n# %% role="demo"\ndouble = np.abs\n')
    assert line == 24 and "double" in message


def test_a_missing_file_is_named(folder):
    (folder / "right_answers.py").unlink()
    with pytest.raises(LessonError, match=r"right_answers\.py:1: the file is missing"):
        read_unit(folder)


def test_localize_keeps_the_languages_comments_and_literals():
    source = 'x = 1  # kept\n# en: one\n# ja: 一\nprint(L("a\\n", "あ"), L(f"{x} b", f"{x} い"))'
    assert localize(source, "en") == 'x = 1  # kept\n# one\nprint("a\\n", f"{x} b")'
    assert localize(source, "ja") == 'x = 1  # kept\n# 一\nprint("あ", f"{x} い")'


def test_localize_keeps_a_text_over_several_lines_whole():
    source = 'show(\n    L("one "\n      "two",\n      "一"\n      "二"),\n    3)'
    for language, expected in (("en", ("one two", 3)), ("ja", ("一二", 3))):
        assert eval(localize(source, language), {"show": lambda *values: values}) == expected


def test_localize_refuses_words_that_are_not_literals():
    with pytest.raises(LessonError, match="two literals"):
        localize('L(title, "題")', "en")


def test_the_syllabus_names_an_entry_that_lacks_a_field(tmp_path):
    (tmp_path / "syllabus.yml").write_text("units:\n  - id: 02_line\n", encoding="utf-8")
    with pytest.raises(LessonError, match="title"):
        read_syllabus(tmp_path)


def test_a_syllabus_that_is_not_yaml_names_the_line(tmp_path):
    (tmp_path / "syllabus.yml").write_text("units:\n  - id: [1\n  x: 2\n", encoding="utf-8")
    with pytest.raises(LessonError, match=r"syllabus\.yml:3: not YAML"):
        read_syllabus(tmp_path)


def test_a_unit_is_found_by_the_beginning_of_its_id():
    assert find_unit("02").name == "02_perceptron"
    with pytest.raises(DojoError, match="02_perceptron"):
        find_unit("77")


def test_answers_are_read_without_the_lesson(folder):
    (folder / "lesson.py").unlink()
    assert [answer.name for answer in read_answers(folder, "wrong")] == ["squared"]
