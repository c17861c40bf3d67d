"""Copied answers are found under other names and comments; answers that are alike by nature are not reported."""

import re

import pytest

from xraydojo.grade.similarity import FEWEST, SHORTEST, own_parts, similar_pairs
from xraydojo.lesson import read_unit

ANSWER = '''def conv2d(image, kernel, stride=1, padding=0):
    """Slide the kernel."""
    padded = np.pad(image, padding)
    height, width = kernel.shape
    result = []
    for top in range(0, len(padded) - height + 1, stride):  # down
        row = []
        for left in range(0, padded.shape[1] - width + 1, stride):
            row.append(np.sum(padded[top:top + height, left:left + width] * kernel))
        result.append(row)
    return np.array(result)
'''
DISGUISED = """def conv2d(image: np.ndarray, kernel, stride=0x1, padding=0.0) -> "array":
    '''My very own work.'''
    q = np.pad(image, padding)
    a, b = (
        kernel.shape
    )
    everything = []
    # first the rows
    for i in range(0, len(q) - a + 1, stride):
        line: list = []
        for j in range(0, q.shape[1] - b + 1, stride): line.append(np.sum(q[i:i+a, j:j+b]*kernel))
        everything.append(line)
    pass
    return np.array(everything)
"""


@pytest.fixture(scope="module")
def unit():
    return read_unit("05_convolution")


@pytest.fixture(scope="module")
def different(unit):
    """Return answers that were written to be really different, as if all were answers to one exercise."""
    texts = [answer.source for answer in unit.right_answers if len(own_parts(answer.source)) > 2 * SHORTEST]
    return {f"u{number:02}": {"conv2d": text} for number, text in enumerate(texts)}


def common_subsequence(one, other):
    """Return the length of the longest common subsequence, by the table of Wagner and Fischer."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row[:]
        for index, b in enumerate(other, 1):
            row[index] = before[index - 1] + 1 if a == b else max(row[index - 1], before[index])
    return row[-1]


def learners(pairs):
    return [pair.learners for pair in pairs]


def test_names_comments_layout_annotations_and_spelling_of_literals_do_not_count():
    assert own_parts(ANSWER) == own_parts(DISGUISED)


@pytest.mark.parametrize(
    "change",
    [("np.sum", "np.max"), ("+ 1", "+ 2"), ("* kernel", "/ kernel"), ("len(padded)", "abs(padded)"), ("result.append", "result.insert")],
)  # fmt: skip
def test_what_an_answer_does_counts(change):
    assert own_parts(ANSWER) != own_parts(ANSWER.replace(*change))


def test_what_was_handed_out_does_not_count(unit):
    answers = {
        f"u{number}": {cell.exercise: _released(cell) for cell in unit.exercises} for number in range(30)
    }
    assert own_parts(_released(unit.exercises[1]), _released(unit.exercises[1])) == []
    assert similar_pairs(unit, answers) == []
    with_stub = ANSWER + "    raise NotImplementedError()\n"
    assert own_parts(with_stub, _released(unit.exercises[1])) == own_parts(
        ANSWER, _released(unit.exercises[1])
    )


def _released(cell):
    """Return the learner's cell as it stands in the built notebook of the repository."""
    import nbformat

    from xraydojo.build import notebook_path

    notebook = nbformat.read(notebook_path("exercises", "05_convolution", "en"), 4)
    return next(each.source for each in notebook.cells if each.id == cell.id.replace("_", "-"))


def test_answers_written_by_different_people_are_not_reported(unit, different):
    assert len(different) > FEWEST
    assert similar_pairs(unit, different) == []


def test_a_disguised_copy_is_found_and_both_texts_are_given(unit, different):
    answers = different | {"x": {"conv2d": ANSWER}, "y": {"conv2d": DISGUISED}}
    (pair,) = similar_pairs(unit, answers)
    assert (pair.learners, pair.exercise, pair.similarity) == (("x", "y"), "conv2d", 1)
    assert pair.answers == (ANSWER, DISGUISED) and pair.usual < 0.85


def test_similarity_is_the_share_of_common_parts(unit, different):
    changed = DISGUISED.replace("np.sum(", "np.nansum(").replace(
        "everything.append(line)", "everything += [line]"
    )
    (pair,) = similar_pairs(unit, different | {"x": {"conv2d": ANSWER}, "y": {"conv2d": changed}})
    released = _released(unit.exercises[1])
    one, other = own_parts(ANSWER, released), own_parts(changed, released)
    assert pair.similarity == pytest.approx(
        2 * common_subsequence(one, other) / (len(one) + len(other)), abs=1e-6
    )
    assert 0.85 < pair.similarity < 1


def test_the_least_usual_comes_first(unit, different):
    changed = ANSWER.replace("np.sum", "np.nansum").replace("+ 1", "+ 3")
    answers = different | {"x": {"conv2d": ANSWER}, "y": {"conv2d": DISGUISED}, "z": {"conv2d": changed}}
    found = similar_pairs(unit, answers)
    assert learners(found) == [("x", "y"), ("x", "z"), ("y", "z")]
    assert found[0].similarity > found[1].similarity == found[2].similarity


def test_what_much_of_the_class_writes_alike_is_usual(unit, different):
    textbook = {f"t{number}": {"conv2d": ANSWER if number % 2 else DISGUISED} for number in range(8)}
    assert similar_pairs(unit, different | textbook) == []


def test_short_answers_are_alike_by_nature(unit):
    short = {
        f"u{n}": {"output_size": f"def output_size(n, k, s, p):\n    return (n + 2 * p - k) // s + {n % 7}"}
        for n in range(30)
    }
    assert similar_pairs(unit, short) == []


def test_a_handful_of_answers_says_nothing(unit, different):
    few = dict(list(different.items())[:7])
    assert similar_pairs(unit, few | {"x": {"conv2d": ANSWER}, "y": {"conv2d": DISGUISED}}) == []
    one_more = dict(list(different.items())[:8])
    assert learners(
        similar_pairs(unit, one_more | {"x": {"conv2d": ANSWER}, "y": {"conv2d": DISGUISED}})
    ) == [("x", "y")]


def test_copies_that_are_not_python_are_found_by_their_tokens(unit, different):
    broken = ANSWER.replace("for top in", "for top of")
    renamed = re.sub(r"\brow\b", "line", broken).replace("# down", "# 下へ")
    assert own_parts(broken, _released(unit.exercises[1])) == own_parts(renamed, _released(unit.exercises[1]))
    answers = different | {"x": {"conv2d": broken}, "y": {"conv2d": renamed}}
    assert learners(similar_pairs(unit, answers)) == [("x", "y")]


@pytest.mark.parametrize(
    "hostile",
    ["(" * 100_000, "-" * 50_000 + "1", "1" + "+1" * 50_000, "x = '\0'", "\ud800", "if 1:\n" * 300, "f'{" * 200, "9" * 5000, "", "%timeit f()"],
    ids=["open", "minus", "sum", "null", "surrogate", "indent", "fstring", "digits", "empty", "magic"],
)  # fmt: skip
def test_hostile_answers_stop_nothing(unit, different, hostile):
    answers = different | {"x": {"conv2d": ANSWER}, "y": {"conv2d": DISGUISED}, "h": {"conv2d": hostile}}
    assert learners(similar_pairs(unit, answers)) == [("x", "y")]
