"""Show a check's verdict: rich in Jupyter, plain text elsewhere."""

import html
from base64 import b64encode
from dataclasses import dataclass

import numpy as np
from IPython import get_ipython
from IPython.display import display

from xraydojo import palette
from xraydojo.check.ladder import ladder
from xraydojo.crash import folded_trace, marked_code
from xraydojo.language import L

MIME = "application/vnd.xraydojo.check+json"
SMALLEST_PICTURE = 8


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    ``rung`` is None for a pass. ``misconception`` is the recognised wrong answer's name and ``hint`` its text; ``trace`` is the
    traceback of a crash in the learner's code, ``picture`` a PNG of expected, got and difference; ``unit`` is the unit's id, by which the
    box finds what the lesson says of the exercise.
    """

    exercise: str
    rung: str | None = None
    message: str = ""
    hidden: bool = False
    misconception: str | None = None
    hint: str | None = None
    trace: str | None = None
    picture: bytes | None = None
    unit: str = ""

    @property
    def headline(self) -> str:
        """One line: passed or not."""
        if self.rung is None:
            return L(f"✓ {self.exercise}: correct.", f"✓ {self.exercise}：正解です。")
        if self.hidden:
            return L(
                f"✗ {self.exercise}: not yet, in a case that is not shown.",
                f"✗ {self.exercise}：公開していない例題で、まだ正解になりません。",
            )
        return L(f"✗ {self.exercise}: not yet.", f"✗ {self.exercise}：まだ正解ではありません。")

    def __str__(self):
        parts = [self.headline, self.message, self.hint and marked(self.hint), self.trace]
        return "\n".join(part for part in parts if part)

    def _repr_mimebundle_(self, include=None, exclude=None):
        record = {
            "exercise": self.exercise,
            "passed": self.rung is None,
            "rung": self.rung,
            "hidden": self.hidden,
            "message": self.message,
            "misconception": self.misconception,
            "hint": self.hint,
        }
        return {"text/plain": str(self), "text/html": self._html(), MIME: record}

    def _html(self) -> str:
        lines = [f'<div style="font-weight:bold">{html.escape(self.headline)}</div>']
        if self.message:
            lines.append(f'<div style="white-space:pre-line">{marked_code(self.message)}</div>')
        if self.picture:
            alt = L("Expected, your result and their difference", "期待される画像、あなたの結果、両者の差")
            lines.append(
                f'<img alt="{alt}" style="margin-top:6px;max-width:100%" src="data:image/png;base64,{b64encode(self.picture).decode()}">'
            )
        if self.rung is not None and not self.hidden:
            lines.append(ladder(self.exercise, self.rung, self.hint, self.unit))
        elif self.hint:
            lines.append(f'<div style="margin-top:6px">{marked_code(marked(self.hint))}</div>')
        if self.trace:
            lines.append(folded_trace(self.trace))
        colours = (
            (palette.GREEN, palette.RIGHT_SHADE) if self.rung is None else (palette.RED, palette.WRONG_SHADE)
        )
        return f'<div class="xraydojo-check" style="{palette.box(*colours)}">{"".join(lines)}</div>'


def marked(hint: str) -> str:
    """Return a hint with its mark; in words, since not every machine has a picture for it."""
    return L(f"Hint: {hint}", f"ヒント：{hint}")


def show(what) -> None:
    """Display an object in Jupyter, print it elsewhere."""
    if get_ipython() is None:
        print(what)
    else:
        display(what)


def picture(got: np.ndarray | None, expected: np.ndarray | None) -> bytes | None:
    """Return a PNG of expected, got and difference for two-dimensional images, None for anything else."""
    if got is None or got.ndim != 2 or min(got.shape) < SMALLEST_PICTURE:
        return None
    import matplotlib.pyplot as plt

    from xraydojo import figures

    figure, row = plt.subplots(1, 3, figsize=(9, 3.4))
    low, high = float(np.nanmin(expected)), float(np.nanmax(expected))
    figures.film(row[0], expected, L("Expected", "期待される画像"), low, high)
    figures.film(row[1], got, L("Yours", "あなたの結果"), low, high)
    difference = got - expected
    most = float(np.nanmax(np.abs(difference))) or 1.0
    drawn = row[2].imshow(difference, cmap="RdBu_r", vmin=-most, vmax=most)
    row[2].set_title(L("Difference", "差"))
    row[2].set_axis_off()
    figure.colorbar(drawn, ax=row[2], fraction=0.046)
    return figures.png(figure)
