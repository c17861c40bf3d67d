"""Friendly words for the commonest crashes: in both languages, with the error itself left whole."""

import linecache
import os
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

import xraydojo
from xraydojo import crash, language
from xraydojo.crash import advise
from xraydojo.lesson import REPOSITORY

UNIT = "02_perceptron"


def stopped(source, unit=UNIT, **names):
    """Run a cell and return what is said about its error."""
    namespace = {"np": np, "xraydojo": xraydojo} | names
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    try:
        exec(compile(source, "<cell>", "exec"), namespace)
    except BaseException as error:  # noqa: B036
        return advise(error, namespace, unit)
    raise AssertionError("it did not stop")


def said(advice):
    return "\n".join((advice.happened, advice.cause, advice.next))


CASES = {
    "a name whose cell was not run": ("draw_plane(1)", "under “What the neuron sees: a line”", "「ニューロンに見えるもの：一本の直線」"),
    "an exercise that was not run": ("predict(1, 2, 3)", "the exercise “Exercise 1: predict”", "「演習1：predict」で書く関数"),
    "a misspelt name": ("length = 3\nprint(lenght)", "Did you mean `length`?", "`length` の書き間違い"),
    "a wrong capital": ("def f(X):\n    return x\nf(1)", "Did you mean `X`?", "`X` の書き間違い"),
    "a name of nowhere": ("qqqqq", "misspelt", "つづりの間違い"),
    "a local that comes too late": ("def f():\n    n += 1\nf()", "before it has a value", "値が入る前"),
    "a full-width space": ("x = 1\n\u3000y = 2", "line 2: it holds a full-width space", "2 行目に全角のスペース"),
    "an ordinary space in its place": ("x =\u30001", "type an ordinary space with", "半角英数にして）半角のスペースを入力"),
    "a full-width bracket": ("print（1)", "type `(` with", "半角英数にして）`(` を入力"),
    "a full-width figure": ("x = ０", "type `0` with", "半角英数にして）`0` を入力"),
    "a full-width semicolon": ("x = 1； y = 2", "type `;` with", "半角英数にして）`;` を入力"),
    "a curly quotation mark": ("x = “a”", 'type `"` with', '半角英数にして）`"` を入力'),
    "a colon missing": ("for i in [1]\n    print(i)", "A colon is missing", "コロン（:）が抜けて"),
    "a bracket missing": ("print((1)", "bracket do not pair", "かっこの数が合って"),
    "an indent missing": ("def f():\nreturn 1", "must stand further right", "字下げ"),
    "an indent too many": ("x = 1\n  y = 2", "does not begin where", "前後の行とそろって"),
    "one = for two": ("if x = 1:\n    pass", "To compare, write ==", "== と書きます"),
    "shapes in a sum": ("a, b = np.ones((4, 2)), np.ones(4)\na + b", "`a` (4, 2), `b` (4,)", "`a` (4, 2)、`b` (4,)"),
    "shapes in a product": ("X, w = np.ones((4, 2)), np.ones(3)\nX @ w", "the last number of a's shape", "a の形の最後の数"),
    "a number beyond the end": ("np.ones(3)[3]", "axis 0 has 3 entries, numbered from 0 to 2", "番号は 0 から 2 まで"),
    "beyond the end of a list": ("[1][1]", "beyond the end", "終わりを超えて"),
    "an argument missing": ("def f(a, b): pass\nf(1)", "Not given: `b`", "足りない引数：`b`"),
    "too many arguments": ("def f(a): pass\nf(1, 2)", "It takes 1, and got 2", "1 個のはずですが、2 個"),
    "a return forgotten": ("def f(): print(1)\nf() + 1", "no `return`", "`return` がない"),
    "an attribute of nothing": ("def f(): print(1)\nf().shape", "no `return`", "`return` がない"),
    "a misspelt function of a library": ("np.maen([1])", "Did you mean `mean`?", "`mean` の書き間違い"),
    "a misspelt method": ("np.ones(3).Sum()", "`ndarray` has nothing called `Sum`", "`ndarray` 型の値に、`Sum` というものは"),
    "brackets of the wrong kind": ("x = np.ones(3)\nx(0)", "write [ ]", "[ ] を使います"),
    "a library of the course": ("raise ModuleNotFoundError('no', name='keras.ops')", "./dojo start", "別の Python"),
    "a misspelt library": ("import nunpy", "Did you mean `numpy`?", "`numpy` の書き間違い"),
    "a file that is not there": ("open('no_such_file.csv')", "no file or folder no_such_file.csv", "no_such_file.csv という"),
    "memory": ("raise MemoryError", "The memory is full", "メモリが足りなく"),
    "an interrupt": ("raise KeyboardInterrupt", "Nothing is broken", "何も壊れておらず"),
    "an exercise not written": ("def f():\n    raise NotImplementedError()\nf()", "`f` is not written yet", "`f` がまだ書かれて"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_commonest_crashes_are_told_in_plain_words(case, lang):
    language.use(lang)
    source, english, japanese = CASES[case]
    advice = stopped(source)
    assert {"en": english, "ja": japanese}[lang] in said(advice)
    assert advice.happened and advice.next
    assert bool(re.search("[ぁ-ん]", said(advice))) == (lang == "ja")


def test_after_a_restart_everything_is_to_be_run_from_the_top():
    advice = advise_in_fresh_kernel("np.ones(3)")
    assert "started anew" in advice.cause and "from the top" in advice.next
    assert "started anew" in advise_in_fresh_kernel("predict(1, 2, 3)").cause


def advise_in_fresh_kernel(source):
    namespace = {}
    try:
        exec(source, namespace)
    except NameError as error:
        return advise(error, namespace, UNIT)


def test_memory_of_tensorflow_is_memory():
    class ResourceExhaustedError(Exception):
        pass

    assert "memory" in advise(ResourceExhaustedError("OOM when allocating tensor"), {}).happened


def test_shapes_that_the_library_tells_are_shown():
    error = ValueError("Input 0 of layer is incompatible with the layer: expected shape=(None, 4), found shape=(None, 3)")  # fmt: skip
    assert "(None, 4) and (None, 3)" in advise(error, {}).happened


def test_an_error_of_another_kind_is_left_to_its_traceback():
    assert stopped("raise RuntimeError('x')") is None
    assert stopped("{}['key']") is None


def test_an_object_that_cannot_be_looked_at_does_no_harm():
    class Sullen(TypeError):
        def __str__(self):
            raise RuntimeError

    assert advise(Sullen(), {}) is None


def test_nothing_is_installed_outside_a_notebook_or_where_nbgrader_grades(monkeypatch):
    calls = []

    class Shell:
        kernel = object()

        def set_custom_exc(self, *arguments):
            calls.append(arguments)

    monkeypatch.setattr(crash, "get_ipython", Shell)
    crash.install()
    assert not calls
    monkeypatch.setattr("IPython.get_ipython", Shell)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    crash.install()
    assert not calls
    monkeypatch.delenv("NBGRADER_EXECUTION")
    crash.install()
    assert len(calls) == 1


def run(folder, *sources):
    """Run cells in a real kernel that starts in a unit's folder, with the course's settings; return the notebook."""
    unit = folder / "ja" / UNIT
    unit.mkdir(parents=True, exist_ok=True)
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(crash.__file__).with_name("ipython_kernel_config.py"), profile)
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = NotebookClient(notebook, allow_errors=True, resources={"metadata": {"path": str(unit)}})
    kept = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    client.execute(env=kept | {"IPYTHONDIR": str(folder / "ipython")})
    return notebook


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A notebook whose kernel was just restarted, and whose cells are run in a bad order."""
    return run(
        tmp_path_factory.mktemp("learner"),
        "np.ones(3)",
        f'import xraydojo\nxraydojo.begin("{UNIT}", "ja")\nimport numpy as np\nfrom xraydojo.check import check',
        "def f():\n    return np.ones(3)[5]\nf()",
        "x = （1)",
        "raise RuntimeError('of another kind')",
        'with check("predict") as t:\n    t.call(abs, -1).equals(2)',
        "1 / 1",
        "print((1",
    )


def html_and_error(cell):
    html = "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return html, errors


def test_in_jupyter_the_words_stand_in_a_box_and_the_traceback_is_one_click_away(notebook):
    html, (error,) = html_and_error(notebook.cells[2])
    assert "番号は 0 から 2 まで" in html and "xraydojo-crash" in html
    folded = html[html.index("<details") :]
    assert "Traceback" in folded and "return np.ones(3)[5]" in folded and "\x1b" not in folded
    assert (error.ename, len(error.traceback)) == ("IndexError", 1)


def test_a_cell_run_before_the_first_one_is_explained_in_the_notebooks_language(notebook):
    html, (error,) = html_and_error(notebook.cells[0])
    assert "先頭から実行しましょう" in html and error.ename == "NameError"


def test_a_cell_that_cannot_be_read_is_explained(notebook):
    html, (error,) = html_and_error(notebook.cells[3])
    assert "記号「（」" in html and error.ename == "SyntaxError"


def test_a_bracket_that_is_never_closed_is_explained_although_jupyter_says_something_else(notebook):
    html, (error,) = html_and_error(notebook.cells[7])
    assert "閉じていないかっこ" in html and error.evalue.startswith("incomplete input")


def test_an_error_of_another_kind_keeps_jupyters_traceback(notebook):
    html, (error,) = html_and_error(notebook.cells[4])
    assert html == "" and error.ename == "RuntimeError" and len(error.traceback) > 1


def test_a_checks_verdict_is_shown_once_and_stays_an_error(notebook):
    html, (error,) = html_and_error(notebook.cells[5])
    assert "xraydojo-crash" not in html and "xraydojo-check" in html
    assert (
        error.ename == "CheckFailed"
        and "もう一度実行しましょう" in error.traceback[0]
        and len(error.traceback) == 1
    )


def test_after_an_error_the_notebook_goes_on(notebook):
    assert notebook.cells[6].outputs[0].data["text/plain"] == "1.0"


def test_a_program_that_runs_notebooks_still_meets_the_error_with_its_traceback(tmp_path):
    notebook = new_notebook(cells=[new_code_cell(f'import xraydojo\nxraydojo.begin("{UNIT}", "en")\n[1][1]')])
    client = NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError, match="IndexError") as failure:
        client.execute()
    told = re.sub(r"\x1b\[[0-9;]*m", "", failure.value.traceback)
    assert "Traceback" in told and "[1][1]" in told


def test_the_names_of_every_unit_are_found_in_its_notebook():
    from xraydojo.outline import outline

    for path in sorted((REPOSITORY / "exercises" / "ja").glob("*/*.ipynb")):
        found = outline(path.stem, "ja")
        ids = [
            cell.metadata.nbgrader.grade_id
            for cell in nbformat.read(path, 4).cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        ]
        assert [exercise.id for exercise in found.exercises] == ids
        assert all(found.definitions[id].kind == "exercise" for id in ids)
        assert all(exercise.heading and exercise.points > 0 for exercise in found.exercises)
