"""Feedback for one learner: a single HTML page that holds all it needs and runs nothing."""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import ALLOWED_TAGS, Cleaner
from jinja2 import Environment
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from xraydojo import palette
from xraydojo.check.verdict import MIME
from xraydojo.grade.formula import formula
from xraydojo.grade.rebuild import exercise_of, released, role
from xraydojo.grade.report import MARKS, Report, whose
from xraydojo.language import LANGUAGES, LINE_END

LONGEST_TEXT = 20_000  # characters of one output
_TAGS = ALLOWED_TAGS | set(
    "br hr p div span pre h1 h2 h3 h4 h5 h6 img table caption thead tbody tfoot tr th td dl dt dd del sub sup details summary".split()
)
_STYLES = """background background-color border border-left border-radius color font-family font-size font-style font-weight
height line-height margin margin-top max-width overflow padding text-align text-decoration vertical-align white-space width""".split()
_WORDS = {
    "title": ("Feedback", "採点結果"),
    "points": ("points", "点"),
    "hint": ("Hint: ", "ヒント："),
    "again": ("Read again: ", "もう一度読むところ："),
    "comment": ("Your instructor: ", "先生から："),
    "late": ("handed in late", "期限後の提出"),
    "notebook": ("Your notebook", "あなたのノートブック"),
    "repairs": ("What was put right before grading", "採点の前に直したところ"),
    "code": ("Code", "コード"),
    "not_run": (
        "Demo cells are not run when grading; what stands below them is what your notebook held.",
        "デモのセルは採点のときには実行されません。セルの下にあるのは、提出されたノートブックの出力です。",
    ),
    "cut": ("[cut here]", "［以下省略］"),
    "figure": ("Figure", "図"),
}
# a section of a lesson; exercises have headings of a lower level
_SECTION = re.compile(r"^## +(.+?)\s*$", re.M)
_STATUS = {
    "passed": ("correct", "正解"),
    "failed": ("not yet", "まだ正解ではありません"),
    "crashed": ("stopped by an error", "エラーで停止"),
    "unwritten": ("not written", "未記入"),
    "missing": ("not found", "見つかりません"),
    "timeout": ("took too long", "時間切れ"),
    "not_run": ("not run", "未実行"),
}


@dataclass(frozen=True)
class Remarks:
    """What the gradebook says beyond a report: scores and comments by exercise, as an instructor left them, and the penalty for being late."""

    scores: dict[str, float]
    comments: dict[str, str]
    late_penalty: float = 0

    @property
    def points(self) -> float:
        """The final score."""
        return sum(self.scores.values()) - self.late_penalty


def feedback(report: Report, remarks: Remarks | None = None) -> str:
    """Return a learner's feedback as one HTML page in the learner's language.

    The page shows the score, each test's verdict and hint, and below them the notebook with its outputs and figures. It holds no script and
    loads nothing from elsewhere, and a content security policy forbids both: whatever the learner's cells put out is cleaned by a list
    of allowed tags, attributes and styles. Test cells are shown as they were handed out, with their verdicts and nothing else that was
    put out while hidden cases ran.

    Parameters
    ----------
    report : Report
        With its notebook, as `xraydojo.grade.grade` returns it.
    remarks : Remarks, optional
        Scores and comments that stand in the gradebook; the report's own scores when not said.
    """
    index = LANGUAGES.index(report.language)
    page = _template().render(
        palette=palette,
        report=report,
        remarks=remarks or Remarks({test.exercise: test.points for test in report.tests}, {}),
        sections=_sections(report.notebook),
        words={name: texts[index] for name, texts in _WORDS.items()},
        status={name: texts[index] for name, texts in _STATUS.items()},
        marks=MARKS,
        # of the path no more than the end: the rest is the instructor's machine
        whose=whose(report.submission, report.unit).rpartition("/")[2],
        title=report.notebook.cells[0].source.splitlines()[0].strip("# ")
        if _has_heading(report)
        else report.unit,
        cells=[_Shown(cell, report.language) for cell in report.notebook.cells if cell.cell_type != "raw"],
        highlight_style=Markup(HtmlFormatter(style="default").get_style_defs(".highlight")),
    )
    return page.encode("utf-8", "replace").decode()


def _sections(notebook: NotebookNode) -> dict[str, tuple[str, str]]:
    """Return the section that teaches each exercise: the id of its cell, and its heading."""
    found, section = {}, None
    for cell in notebook.cells:
        if (
            cell.cell_type == "markdown"
            and role(cell) == "prose"
            and (heading := _SECTION.search(cell.source))
        ):
            section = cell.id, heading[1].replace("*", "").replace("`", "")
        elif role(cell) == "exercise" and section:
            found[exercise_of(cell)] = section
    return found


def _has_heading(report: Report) -> bool:
    return report.notebook.cells[0].source.startswith("# ")


@lru_cache
def _template():
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["with_code"] = with_code
    return environment.from_string(
        files(__package__).joinpath("feedback.html.j2").read_text(encoding="utf-8")
    )


class _Shown:
    """A cell as the page shows it: every attribute is text to be escaped, or HTML that is clean."""

    def __init__(self, cell: NotebookNode, language: str):
        self._cell = cell
        self._words = {name: texts[LANGUAGES.index(language)] for name, texts in _WORDS.items()}
        self.id = cell.id
        self.role = role(cell)
        self.is_prose = cell.cell_type == "markdown"
        self.exercise = exercise_of(cell) if self.role in ("exercise", "test") else None

    @property
    def prose(self) -> Markup:
        return _prose(self._cell.source)

    @property
    def code(self) -> Markup:
        source = released(self._cell.source) if self.role == "test" else self._cell.source
        return _code(source)

    @property
    def outputs(self) -> list[Markup]:
        if self.role == "test":
            return [self._shown(output) for output in self._cell.outputs if MIME in output.get("data", {})]
        return [self._shown(output) for output in self._cell.outputs]

    def _shown(self, output: NotebookNode) -> Markup:
        if output.output_type == "stream":
            return self._text(output.text)
        if output.output_type == "error":
            return self._text("\n".join(output.traceback) or f"{output.ename}: {output.evalue}")
        data, metadata = output.data, output.get("metadata", {})
        for kind in ("image/png", "image/jpeg", "image/gif"):
            if kind in data and (picture := _picture(data[kind])):
                own = metadata.get(kind)
                alt = str(own.get("alt") or "") if isinstance(own, dict) else ""
                return Markup('<img alt="{}" src="data:{};base64,{}">').format(
                    alt or self._words["figure"], kind, picture
                )
        if "text/html" in data:
            return clean(data["text/html"])
        if "text/markdown" in data:
            return _prose(data["text/markdown"])
        return self._text(data.get("text/latex") or data.get("text/plain") or "")

    def _text(self, text: str) -> Markup:
        if len(text) > LONGEST_TEXT:
            text = f"{text[:LONGEST_TEXT]}\n{self._words['cut']}"
        return Markup("<pre>{}</pre>").format(Markup(ansi2html(text)))


def clean(html: str) -> Markup:
    """Return a learner's HTML with everything removed that is not known to be harmless: scripts, frames, handlers, remote loads."""
    return Markup(_cleaner().clean(html))


# a class's pages have most of their cells in common
@lru_cache(maxsize=512)
def _code(source: str) -> Markup:
    return Markup(Highlight2HTML()(source, language="ipython3"))


@lru_cache(maxsize=512)
def _prose(markdown: str) -> Markup:
    return clean(
        MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(markdown)
    )


class _Renderer(IPythonRenderer):
    """Markdown to HTML with formulas as pictures, for a page without scripts has nothing that sets TeX, and without spaces in Japanese."""

    def paragraph(self, text: str) -> str:
        return super().paragraph(LINE_END.sub("", text))

    def block_text(self, text: str) -> str:
        return super().block_text(LINE_END.sub("", text))

    def inline_math(self, body: str) -> str:
        return formula(body.strip())

    def block_math(self, body: str) -> str:
        return Markup("<p>{}</p>").format(formula(body.strip()))


def with_code(text: str) -> Markup:
    """Set what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>" if number % 2 else "{}").format(part)
        for number, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


@lru_cache
def _cleaner() -> Cleaner:
    return Cleaner(
        tags=_TAGS,
        attributes=_is_harmless,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        strip_comments=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
    )


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and value.lower().startswith(("https://", "http://", "mailto:"))
    if name == "src":
        # no svg: it may hold more than a picture
        return tag == "img" and value.startswith(
            tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif"))
        )
    if name == "style":
        # url() would load, a backslash could spell it
        return "(" not in value and "\\" not in value
    if name in ("colspan", "rowspan", "border", "width", "height", "start"):
        return value.isdecimal() and len(value) < 5
    return name in ("alt", "title", "align", "open") or (
        name == "class" and tag in ("span", "div", "pre", "code", "table")
    )


def _picture(data) -> str | None:
    """Return the base64 text of a picture without anything else in it, or None."""
    try:
        return base64.b64encode(base64.b64decode("".join(data.split()), validate=True)).decode()
    except (AttributeError, binascii.Error, ValueError):
        return None
