"""Is everything working on this machine? The table with which the course begins."""

import html
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from xraydojo import palette
from xraydojo.language import L

ENOUGH_MEMORY = (
    2e9  # bytes, besides what Lab and the browser have already: a kernel that trains with TensorFlow
)
ENOUGH_DISK = 1e9  # bytes: notebooks, data sets and trained models
PYTHONS = ((3, 11), (3, 12), (3, 13))


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    ``ok`` is True (fine), None (fine, but slower or smaller than it could be) or False (to be mended); ``advice`` says what to do, and is
    there whenever ``ok`` is False.
    """

    name: str
    value: str
    ok: bool | None
    advice: str = ""


class Table(tuple):
    """The rows, shown as a table in Jupyter and as lines of text elsewhere."""

    @property
    def ready(self) -> bool:
        """Whether nothing has to be mended."""
        return all(row.ok is not False for row in self)

    @property
    def summary(self) -> str:
        """One sentence on all rows."""
        if self.ready:
            return L(
                "Everything is ready. Enjoy the course!", "準備はすべて整っています。さっそく始めましょう。"
            )
        return L(
            "Something is to be mended first: see the rows with ✗.",
            "先に直すところがあります。✗ の行をご覧ください。",
        )

    def __str__(self):
        lines = [
            f"{_MARKS[row.ok][0]} {row.name}: {row.value}" + (f"  {row.advice}" if row.advice else "")
            for row in self
        ]
        return "\n".join([*lines, self.summary])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(_html_row(row) for row in self)
        return f'<table style="text-align:left">{rows}</table><p><b>{html.escape(self.summary)}</b></p>'


_MARKS = {True: ("✓", palette.GREEN), None: ("○", palette.GREY), False: ("✗", palette.RED)}


def _html_row(row: Row) -> str:
    mark, color = _MARKS[row.ok]
    cells = [html.escape(text) for text in (row.name, row.value, row.advice)]
    return f'<tr><td style="color:{color};font-weight:bold">{mark}</td>' + "".join(
        f'<td style="text-align:left">{cell}</td>' for cell in cells
    ) + "</tr>"  # fmt: skip


def table() -> Table:
    """Look at this machine and return what was found.

    Returns
    -------
    Table
        Python, Keras and its backend, processor and GPU, memory, disk, data, font, JupyterLab. Words are in the current language. A look that
        fails is a red row, never an error.
    """
    looks = (python, keras, processor, gpu, memory, disk, data, font, jupyterlab)
    return Table(_look(look) for look in looks)


def _look(look: Callable[[], Row]) -> Row:
    try:
        return look()
    except Exception as error:
        return Row(look.__name__, f"{type(error).__name__}: {error}", False, _setup_again())


def _setup_again() -> str:
    return L(
        "Close JupyterLab, delete the folder .venv of the course and run ./dojo start again.",
        "JupyterLab を閉じ、講座のフォルダーの .venv を消して、もう一度 ./dojo start を実行してください。",
    )


def python() -> Row:
    """Look at Python's version."""
    fits = sys.version_info[:2] in PYTHONS
    advice = L("Install Python 3.11, 3.12 or 3.13 and run ./dojo start again.",
               "Python 3.11、3.12、3.13 のいずれかを入れて、もう一度 ./dojo start を実行してください。")  # fmt: skip
    return Row("Python", sys.version.split()[0], fits, "" if fits else advice)


def keras() -> Row:
    """Look at Keras and the backend that it computes with, in a process of its own: the import takes seconds and memory."""
    code = "import keras; print(keras.__version__, keras.backend.backend(), float(keras.ops.sum(keras.ops.ones((2, 3)))))"
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120)
    if done.returncode:
        return Row("Keras", (done.stderr.strip().splitlines() or ["?"])[-1], False, _setup_again())
    version, backend, total = done.stdout.split()
    if float(total) != 6:
        return Row("Keras", f"2 x 3 = {total}", False, _setup_again())
    return Row("Keras", f"{version} ({backend})", True)


def processor() -> Row:
    """Look at the processor's cores."""
    cores = os.cpu_count() or 1
    value = L(f"{cores} cores", f"{cores} コア")
    if cores >= 2:
        return Row(L("Processor", "プロセッサー"), value, True)
    return Row(L("Processor", "プロセッサー"), value, None, L("Everything works, but slowly.", "すべて動きますが、時間がかかります。"))  # fmt: skip


def gpu() -> Row:
    """Look for an NVIDIA GPU by its own tool; none is fine."""
    tool = shutil.which("nvidia-smi")
    names = []
    if tool:
        asked = [tool, "--query-gpu=name", "--format=csv,noheader"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20)
        # without a driver the tool complains on its standard output
        names = [] if done.returncode else done.stdout.strip().splitlines()
    if names:
        return Row("GPU", ", ".join(names), True)
    return Row("GPU", L("none", "なし"), None, L("Not needed: the course is made for the processor alone.",
                                                "なくてもかまいません。この講座はプロセッサーだけで動きます。"))  # fmt: skip


def memory() -> Row:
    """Look at the memory that is free."""
    free = psutil.virtual_memory().available
    advice = L(
        "Close other programs and restart the kernel.",
        "ほかのプログラムを閉じて、カーネルを再起動してください。",
    )
    value = L(f"{free / 1e9:.1f} GB free", f"空き {free / 1e9:.1f} GB")
    return Row(L("Memory", "メモリー"), value, free >= ENOUGH_MEMORY, "" if free >= ENOUGH_MEMORY else advice)


def disk() -> Row:
    """Look at the space that is free where this notebook lies."""
    free = shutil.disk_usage(Path.cwd()).free
    advice = L(
        "Delete what you do not need: 1 GB should be free.",
        "不要なファイルを消して、1 GB 以上の空きを作ってください。",
    )
    value = L(f"{free / 1e9:.1f} GB free", f"空き {free / 1e9:.1f} GB")
    return Row(L("Disk", "ディスク"), value, free >= ENOUGH_DISK, "" if free >= ENOUGH_DISK else advice)


def data() -> Row:
    """Look whether films can be loaded."""
    from xraydojo.data import load_films

    name = L("Films", "画像")
    try:
        films = load_films(size=(64, 64))
    except Exception as error:
        return Row(name, str(error), False, L("Mend what is named here, or unset XRAYDOJO_FILMS and restart.",
                                              "ここに書かれたところを直すか、XRAYDOJO_FILMS を外して起動し直してください。"))  # fmt: skip
    return Row(name, films.source, True)


def font() -> Row:
    """Look for the font with which figures show Japanese."""
    from matplotlib import font_manager

    name = L("Font of figures", "図のフォント")
    import matplotlib_fontja  # noqa: F401 (registers the font)

    found = any(font.name == "IPAexGothic" for font in font_manager.fontManager.ttflist)
    return Row(
        name,
        "日本語 (IPAexGothic)" if found else L("missing", "なし"),
        found,
        "" if found else _setup_again(),
    )


def jupyterlab() -> Row:
    """Look at JupyterLab's version."""
    version = importlib.metadata.version("jupyterlab")
    fits = version.startswith("4.")
    return Row("JupyterLab", version, fits, "" if fits else _setup_again())
