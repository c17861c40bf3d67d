"""Grading runs the learner's notebook in a process of its own and keeps what was earned."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell

from xraydojo.build import solution_notebook
from xraydojo.grade import execution, grade, sandbox, warmth
from xraydojo.language import current
from xraydojo.lesson import read_unit


def results(report):
    return {test.exercise: (test.status, test.points) for test in report.tests}


def messages(report):
    return {test.exercise: test.message for test in report.tests}


def own_output(report):
    return next(cell for cell in report.notebook.cells if cell.id == "own-1").outputs[0].text


@pytest.fixture
def graded(unit, handed):
    """Return a function that grades a notebook of right answers in which some are replaced."""

    def made(**answers):
        return grade(unit, handed().right().write(**answers).in_file())

    return made


def test_right_answers_get_all_points(graded):
    report = graded()
    assert results(report) == {"double": ("passed", 2), "halve": ("passed", 3), "negate": ("passed", 1)}
    assert (report.points, report.max_points, report.repairs, report.sandbox) == (6, 6, (), True)
    assert (report.unit, report.language) == ("05_numbers", "en")


def test_each_test_stands_for_itself(graded):
    report = graded(
        double="def double(x):\n    return x",
        halve="def halve(x):\n    raise NotImplementedError()",
        negate="def negate(x):\n    return 1 / 0",
    )
    assert results(report) == {"double": ("failed", 0), "halve": ("unwritten", 0), "negate": ("crashed", 0)}
    assert "Expected 6, got 3" in messages(report)["double"]
    assert "Nothing is written yet" in messages(report)["halve"]
    assert "ZeroDivisionError" in messages(report)["negate"]
    assert report.points == 0


def test_half_done_work_gets_its_half_and_a_table_of_answers_gets_nothing(unit, handed):
    report = grade(
        unit, handed().write(double="def double(x):\n    return {3: 6}[x]").right("halve").in_file()
    )
    assert results(report) == {"double": ("crashed", 0), "halve": ("passed", 3), "negate": ("unwritten", 0)}
    assert report.points == 3


def test_an_untouched_notebook_is_unwritten_and_says_so_in_its_own_language(unit, handed):
    report = grade(unit, handed("ja").in_file())
    assert {status for status, _ in results(report).values()} == {"unwritten"}
    assert report.language == "ja" and "まだ書かれていません" in messages(report)["double"]
    assert current() == "en"


def test_the_exercise_cells_own_error_is_told(graded):
    report = graded(
        double="def double(x)\n    return 2 * x", halve="def half(x):\n    return x / 2", negate="1 / 0"
    )
    assert results(report) == {"double": ("crashed", 0), "halve": ("missing", 0), "negate": ("crashed", 0)}
    assert "SyntaxError: expected ':'" in messages(report)["double"]
    assert "defines no function called `halve`" in messages(report)["halve"]
    assert "ZeroDivisionError" in messages(report)["negate"]


def test_warnings_stderr_and_floods_of_output_cost_nothing(graded):
    report = graded(
        double="import sys, warnings\ndef double(x):\n    warnings.warn('hm')\n    print('e', file=sys.stderr)\n    return 2 * x",
        halve="def halve(x):\n    print('x' * 20_000_000)\n    return x / 2",
        negate="for i in range(20_000):\n    print(i)\ndef negate(x):\n    return -x",
    )
    assert report.points == 6
    assert len(json.dumps(report.notebook)) < 1_000_000


def test_endless_loops_are_stopped_and_the_rest_goes_on(graded, monkeypatch):
    monkeypatch.setattr(execution, "CELL_SECONDS", 1)
    report = graded(double="def double(x):\n    while True: pass", negate="while True: pass")
    assert results(report) == {"double": ("timeout", 0), "halve": ("passed", 3), "negate": ("timeout", 0)}
    assert (
        "Stopped after 1 s" in messages(report)["double"]
        and "Stopped after 1 s" in messages(report)["negate"]
    )


def test_code_that_ignores_the_interrupt_is_killed_and_earlier_points_are_kept(graded, monkeypatch):
    monkeypatch.setattr(execution, "CELL_SECONDS", 1)
    monkeypatch.setattr(execution, "GRACE_SECONDS", 1)
    deaf = (
        "import signal\ndef halve(x):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    while True: pass"
    )
    started = time.monotonic()
    report = graded(halve=deaf)
    assert results(report) == {"double": ("passed", 2), "halve": ("timeout", 0), "negate": ("not_run", 0)}
    assert time.monotonic() - started < 15


def test_a_notebook_over_its_time_keeps_what_was_earned(graded, monkeypatch):
    monkeypatch.setattr(execution, "NOTEBOOK_SECONDS", 2)
    report = graded(halve="def halve(x):\n    import time; time.sleep(9)")
    assert results(report) == {"double": ("passed", 2), "halve": ("timeout", 0), "negate": ("timeout", 0)}
    assert "Not run" in messages(report)["negate"]


def test_leaving_python_keeps_earlier_points(graded):
    report = graded(halve="import os\ndef halve(x):\n    os._exit(0)")
    assert results(report) == {"double": ("passed", 2), "halve": ("crashed", 0), "negate": ("not_run", 0)}
    assert "Python itself ended" in messages(report)["halve"]


def test_sys_exit_and_input_stop_only_their_own_cell(graded):
    asks = "def halve(x):\n    return x / 2\nsure = input('Sure? ')"
    report = graded(double="import sys\ndef double(x):\n    sys.exit()", halve=asks)
    assert results(report) == {"double": ("crashed", 0), "halve": ("passed", 3), "negate": ("passed", 1)}


def test_deleted_edited_and_copied_tests_score_as_if_untouched(unit, handed):
    work = handed().right("halve").write(double="def double(x):\n    return 3 * x")
    work.remove("test-halve").write(**{"test-double": "pass", "setup-2": "check = None"}).copy("test-double")
    work.notebook.metadata.kernelspec = {"name": "bash", "display_name": "Bash"}
    report = grade(unit, work.in_file())
    assert results(report) == {"double": ("failed", 0), "halve": ("passed", 3), "negate": ("unwritten", 0)}
    assert len(report.repairs) == 5


def test_a_deleted_exercise_is_missing(unit, handed):
    report = grade(unit, handed().right().remove("halve").in_file())
    assert results(report)["halve"] == ("missing", 0) and report.points == 3
    assert messages(report)["halve"] == "The cell in which `halve` is written is missing from the notebook."


def test_own_cells_run_demos_and_untouched_free_cells_do_not(unit, handed):
    work = handed().right("halve", "negate").write(double="def double(x):\n    return mine * x")
    work.insert("double", new_code_cell("mine = 2"))
    report = grade(unit, work.in_file())
    assert report.points == 6
    outputs = {cell.id: cell.get("outputs") for cell in report.notebook.cells}
    assert outputs["demo-7"] == outputs["explore-8"] == []


def test_the_learners_code_finds_its_own_notebook_and_nothing_else(unit, handed):
    listing = new_code_cell("import os; print(sorted(os.listdir()))")
    work = handed().right().insert("double", listing)
    (work.folder / "numpy.py").write_text("1 / 0")
    report = grade(unit, work.in_file("my work 数.ipynb"))
    assert own_output(report) == "['my work 数.ipynb']\n"
    assert report.points == 6


def test_the_tests_stay_out_of_the_history(unit, handed):
    work = handed().right().insert("negate", new_code_cell("print('24' + '68' in str(In))"))
    assert own_output(grade(unit, work.in_file())) == "False\n"


def test_the_secret_seed_draws_the_cases_and_stays_out_of_the_learners_process(unit, handed, monkeypatch):
    drawn = new_code_cell("import os; print(check('negate').rng.integers(10**9), os.environ)")
    work = handed().right().insert("double", drawn)
    path = work.write(negate="def negate(x):\n    print(x)\n    return -x").in_file()

    def graded(seed):
        monkeypatch.setenv("XRAYDOJO_SEED", seed)
        report = grade(unit, path)
        cells = {cell.id: cell for cell in report.notebook.cells}
        assert report.points == 6 and "secret" not in own_output(report)
        printed = [output.text for output in cells["test-negate"].outputs if output.output_type == "stream"]
        return [int(line) for line in printed], own_output(report)

    (first, own), (again, _), (other, own_of_other) = map(graded, ("secret:7", "secret:7", "secret:8"))
    assert first == again != other and len(first) == 2
    assert own == own_of_other and str(first[1]) not in own


def test_the_submission_is_only_read_and_no_process_stays(unit, handed):
    orphan = "import subprocess; subprocess.Popen(['sleep', '987.25'], start_new_session=True); print('born')"
    path = handed().right().insert("double", new_code_cell(orphan)).in_file()
    before = path.read_bytes()
    report = grade(unit, path)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
    assert own_output(report) == "born\n"
    assert not [process for process in psutil.process_iter() if "987.25" in _command(process)]


def _command(process):
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def test_a_report_is_plain_data(graded):
    report = graded(double="def double(x):\n    return x")
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["points"] == 4 and plain["max_points"] == 6 and plain["sandbox"] is True
    assert plain["tests"][1] | {"seconds": 0} == {
        "exercise": "halve",
        "status": "passed",
        "points": 3,
        "max_points": 3,
        "message": "",
        "misconception": None,
        "hint": None,
        "seconds": 0,
    }
    assert "notebook" not in plain


def test_grading_works_where_an_event_loop_already_runs(unit, handed):
    async def within():
        return grade(unit, handed().right().in_file())

    assert asyncio.run(within()).points == 6


def test_neither_process_computes_otherwise_than_on_another_machine(graded, monkeypatch):
    environments, start = [], subprocess.Popen

    def started(*arguments, env, **options):
        environments.append(env)
        return start(*arguments, env=env, **options)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(subprocess, "Popen", started)
    warmth.cool_down()
    assert graded().points == 6
    for environment in environments:
        # no card's arithmetic, and not that of one kind of processor
        assert (environment["CUDA_VISIBLE_DEVICES"], environment["TF_ENABLE_ONEDNN_OPTS"]) == ("", "0")
    assert len(environments) == 2


def test_matplotlib_finds_its_list_of_fonts_in_the_sandbox():
    look = "import matplotlib, os; print(*os.listdir(matplotlib.get_cachedir()))"
    command = sandbox.command([sys.executable, "-c", look])
    told = subprocess.run(command, env=sandbox.environment(True, ""), capture_output=True, text=True)
    assert "fontlist-" in told.stdout and not told.stderr


def test_a_known_wrong_answer_is_named_with_its_hint_in_the_learners_language(tmp_path):
    perceptron = read_unit("02_perceptron")
    wrong = perceptron.wrong_answers[0]
    notebook = solution_notebook(perceptron, "ja")
    next(cell for cell in notebook.cells if cell.id == wrong.exercise.replace("_", "-")).source = wrong.source
    path = tmp_path / "wrong.ipynb"
    nbformat.write(notebook, path)
    test = next(test for test in grade("02_perceptron", path).tests if test.exercise == wrong.exercise)
    assert (test.status, test.points) == ("failed", 0)
    assert (test.misconception, test.hint) == (wrong.name, wrong.hint["ja"])
    assert current() == "en"
