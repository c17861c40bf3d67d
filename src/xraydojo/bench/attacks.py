"""What dishonest notebooks earn by nbgrader as it comes, and by XrayDojo."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from xraydojo.build import notebook_path, solution_notebook
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY, Unit, read_unit

UNIT = "02_perceptron"
Row = tuple[str, str, str, str]
_SECONDS = 180
# not over the course's own notebooks
_ELSEWHERE = "--CourseDirectory.release_directory=release"
_STOCK = "\ndel c.Autograde, c.GenerateFeedback\nc.ExecutePreprocessor.timeout = 20\n"
_CHECK = """
import xraydojo.check
from IPython.display import display
class check:
    def __init__(self, exercise, hidden=False): self.record = {"exercise": exercise, "passed": True, "hidden": hidden}
    def __enter__(self): return self
    def __exit__(self, *problem): return True
    def __getattr__(self, name): return lambda *a, **k: self
xraydojo.check.check = check
"""
# in the first exercise's cell, the others are left as they were handed out
FORGERIES = {
    ("the check's class replaced", "check のクラスを差し替える"): _CHECK,
    (
        "the comparison replaced",
        "比較の関数を差し替える",
    ): "import xraydojo.check as c\nc.compare = lambda *a, **k: None",
    ("an input transformer that drops test lines", "テストの行を消す入力変換"): (
        'get_ipython().input_transformers_cleanup.append(lambda lines: [] if any("check(" in l for l in lines) else lines)'
    ),
    ("a syntax tree transformer that drops the tests", "テストを消す構文木の変換"): (
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_With(self, node): return ast.copy_location(ast.Pass(), node)\n"
        "get_ipython().ast_transformers.append(Drop())"
    ),
    ("a patched kernel session", "カーネルのセッションを書き換える"): (
        "session = get_ipython().kernel.session\nsend = session.send\n"
        "session.send = lambda stream, kind, *a, **k: None if kind == 'error' else send(stream, kind, *a, **k)"
    ),
    ("numpy and built-ins patched", "NumPy と組み込み関数を書き換える"): (
        "import builtins, numpy as np\nnp.isclose = np.allclose = lambda a, *b, **k: np.ones(np.shape(a), bool)\n"
        "builtins.all = builtins.any = lambda *a: True"
    ),
    ("a printed score", "点数を表示する"): "print(10.0)\n10.0",
    ("the gradebook rewritten", "成績表を書き換える"): (
        "import glob, os, sqlite3\nfor path in glob.glob('/tmp/**/gradebook.db', recursive=True):\n"
        "    base = sqlite3.connect(path)\n    base.execute('update grade set manual_score = 3')\n    base.commit()"
    ),
    ("the solution read from the disk", "ディスクから解答を読む"): (
        "import glob, json, os\nfor path in glob.glob('SOLUTIONS'):\n    for cell in json.load(open(path))['cells']:\n"
        "        if cell['metadata'].get('nbgrader', {}).get('solution'): exec(''.join(cell['source']))\n"
        "names = dict(globals())\n"
        "get_ipython().events.register('post_run_cell', lambda *a: globals().update("
        "{n: names[n] for n in ('predict', 'update', 'fit', 'xor_two_layers') if n in names}))"
    ),
}
# behind right answers, whose points should stay
DISRUPTIONS = {
    ("os._exit in the last exercise", "最後の演習で os._exit"): "import os\nos._exit(0)",
    ("a loop without end in the last exercise", "最後の演習で無限ループ"): "while True: pass",
    (
        "a warning in a right answer",
        "正しい解答が警告を出す",
    ): "import warnings\nwarnings.warn('a word')\nANSWER",
}


def measure(folder: Path) -> Iterator[Row]:
    """Grade dishonest notebooks by stock nbgrader and by XrayDojo, each in a class of its own.

    The notebooks run unprotected on this machine under stock nbgrader: none of these harms it.

    Parameters
    ----------
    folder : Path
        An empty folder for the classes.

    Yields
    ------
    tuple of str
        What is tried, what is due, and what it earns from either.
    """
    unit = read_unit(UNIT)
    last = unit.exercises[-1]
    rest = unit.points - unit.tests[last.exercise].points
    for number, (name, source) in enumerate((FORGERIES | DISRUPTIONS).items()):
        forged = name in FORGERIES
        due = 0 if forged else unit.points if "ANSWER" in source else rest
        notebook = (
            nbformat.read(notebook_path("exercises", unit.id, "ja"), as_version=4)
            if forged
            else solution_notebook(unit, "ja")
        )
        cell = next(
            c for c in notebook.cells if c.id == (unit.exercises[0] if forged else last).id.replace("_", "-")
        )
        solutions = str(REPOSITORY / "solutions" / "ja" / unit.id / "*.ipynb")
        cell.source = source.replace("SOLUTIONS", solutions).replace("ANSWER", cell.source)
        earned = [
            _earned(unit, notebook, folder / f"{number}-{grader}", grader) for grader in ("nbgrader", "dojo")
        ]
        yield (
            L(*name),
            f"{due:g}",
            *(L("none recorded", "記録なし") if e is None else f"{e:g}" for e in earned),
        )


def _earned(unit: Unit, notebook, folder: Path, grader: str) -> float | None:
    """Return the score that a grader enters for a notebook; None where it enters none."""
    path = folder / "submitted" / "learner" / unit.id / f"{unit.id}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    config = (REPOSITORY / "grading" / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(config + (_STOCK if grader == "nbgrader" else ""))
    nbgrader = [sys.executable, "-m", "nbgrader"]
    _run([*nbgrader, "generate_assignment", unit.id, _ELSEWHERE], folder)
    _run([*nbgrader, "autograde", unit.id], folder)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        try:
            submission = gradebook.find_submission(unit.id, "learner")
        except MissingEntry:
            return None
        marked = any(grade.auto_score is not None for grade in submission.notebooks[0].grades)
        return submission.score if marked or submission.score else None


def _run(command: list[str], folder: Path) -> None:
    """Run a command, and end it with all that it started when it takes too long."""
    path = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    options = {"cwd": folder, "env": os.environ | {"PATH": path}, "start_new_session": True}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **options, **quiet) as process:
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
