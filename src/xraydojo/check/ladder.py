"""Hints after a failed check, to be opened step by step: where to look, what was probably meant, a worked example, what to read again."""

from xraydojo import palette, place
from xraydojo.crash import marked_code
from xraydojo.language import L, current
from xraydojo.outline import Exercise, outline


def ladder(exercise: str, rung: str, hint: str | None, unit: str) -> str:
    """Return the hints as HTML, each folded away inside the one before; "" if there is nothing to say.

    Parameters
    ----------
    exercise : str
        The exercise's id.
    rung : str
        What the check found; see `xraydojo.check.verdict.Verdict`.
    hint : str or None
        The recognised misconception's.
    unit : str
        The unit's id, by which the lesson's own example and section are found.
    """
    steps = []
    if rung in _NUDGES:
        steps.append((L("where to look", "見るところ"), _paragraph(L(*_NUDGES[rung]))))
    if hint:
        steps.append((L("what may have happened", "よくある思い違い"), _paragraph(hint)))
    if (found := _in_lesson(exercise, unit)) and rung != "missing":
        steps += _lesson_steps(found)
    folded = ""
    for number, (title, body) in reversed(list(enumerate(steps, 1))):
        title = L(f"Hint {number}: {title}", f"ヒント{number}：{title}")
        folded = (
            '<details style="margin-top:6px"><summary style="cursor:pointer">'
            f"{title}</summary>{body}{folded}</details>"
        )
    return folded


# what to look at, by what the check found
_NUDGES = {
    "type": (
        "Look at the line with `return`. Does it give back the result itself, and not None, a text or a list where an array is asked for? "
        "In a new cell, `type(...)` of a call shows what comes out.",
        "`return` の行を見てください。結果そのものを返していますか。None や文字列、配列のはずのところがリストになっていませんか。"
        "新しいセルで、呼び出した結果を `type(...)` で調べられます。",
    ),
    "shape": (
        "The values come later; look at the shape only. Write `print(x.shape)` after each step of your function, and see at which step it "
        "stops being what the text asks for.",
        "値は後回しにして、形だけを見ましょう。関数の各行のあとに `print(x.shape)` と書くと、どこで形が変わったかがわかります。",
    ),
    "finite": (
        "Somewhere a number is divided by 0, or a logarithm is taken of 0, or an exponential becomes too large. For which input can that be?",
        "どこかで 0 で割るか、0 の対数をとるか、指数が大きくなりすぎています。どんな入力のときにそうなるでしょうか。",
    ),
    "range": (
        "The result should lie between 0 and 1. Which step brings it there, and what happens to the smallest and the largest input?",
        "結果は 0 から 1 の間のはずです。どの行でその範囲に収まるのでしょうか。最も小さい入力と、最も大きい入力で考えてみましょう。",
    ),
    "value": (
        "Type and shape are right already; only the calculation is not. Work the smallest case out by hand, and compare it with `print` after each line.",
        "型と形はもう合っていて、あとは計算だけです。いちばん小さな例を手で計算し、一行ごとに `print` した値と比べてみましょう。",
    ),
    "property": (
        "The message names what is missing. Read the task once more: which of its sentences says so?",
        "足りないものは、上のメッセージに書かれています。問題文のどの文がそれにあたるか、もう一度読んでみましょう。",
    ),
    "raised": (
        "The function should refuse such an input. An `if` at its beginning and `raise ...` do that.",
        "このような入力は、受け付けないようにします。関数のはじめに `if` と `raise ...` を書きます。",
    ),
    "crash": (
        "Look at the line that is named, and at nothing else. What is in each of its variables? `print` them in the line before.",
        "名前の挙がった行だけを見ましょう。その行の変数には、それぞれ何が入っていますか。一つ前の行で `print` してみてください。",
    ),
}  # fmt: skip


def _paragraph(text: str) -> str:
    return f'<div style="margin:2px 0 0 14px">{marked_code(text)}</div>'


def _in_lesson(exercise: str, unit: str) -> Exercise | None:
    return outline(unit, current()).exercise(exercise) if unit and place.in_notebook() else None


def _lesson_steps(exercise: Exercise) -> list[tuple[str, str]]:
    """Return what the lesson itself offers: its worked example, if it has one, and its section."""
    steps = []
    if exercise.example:
        from nbconvert.filters.markdown_mistune import markdown2html_mistune

        shown = markdown2html_mistune(exercise.example)
        steps.append(
            (L("a worked example", "解いてある例"), f'<div style="margin:2px 0 0 14px">{shown}</div>')
        )
    if exercise.section:
        # JupyterLab's own address of a cell; those of headings fail in Japanese
        link = f'<a style="color:{palette.LINK}" href="#cell-id={exercise.section_cell}">{marked_code(exercise.section)}</a>'
        again = L(f"Read “{link}” once more, with your question in mind.", f"「{link}」を、疑問に思うところを探しながら読み直してみましょう。")  # fmt: skip
        steps.append(
            (L("what to read again", "読み直すところ"), f'<div style="margin:2px 0 0 14px">{again}</div>')
        )
    return steps
