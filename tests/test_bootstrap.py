"""The bootstrap as a person meets it on a fresh machine: what it sets up, mends, waits for and says."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from xraydojo.lesson import REPOSITORY

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the installer of these tests is a POSIX script")

# An installer with uv's command line and the notes that every installer leaves (PEP 376): a package per line of the lock.
# Like pip and uv it trusts those notes, and installs nothing whose dist-info is there.
UV = """#!{python}
import os, pathlib, sys, time
with open({log!r}, "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
assert sys.argv[1:4] == ["pip", "install", "--python"], sys.argv
(site,) = pathlib.Path(sys.argv[4]).parents[1].glob("lib/python3*/site-packages")
time.sleep(float(os.environ.get("SECONDS_TO_INSTALL", "0")))
if complaint := os.environ.get("COMPLAINT"):
    sys.exit(complaint)
def put(name, file, text):
    info = site / (name + ".dist-info")
    if info.exists():
        return
    (site / file).parent.mkdir(exist_ok=True)
    (site / file).write_text(text)
    info.mkdir()
    (info / "RECORD").write_text(file + ",,\\n" + info.name + "/RECORD,,\\n")
if "-e" in sys.argv:
    put("xraydojo-0.1", "xraydojo/__main__.py", "import sys; print(*sys.argv[1:]); sys.exit('--fail' in sys.argv and 7)")
else:
    for line in pathlib.Path(sys.argv[sys.argv.index("-r") + 1]).read_text().split():
        name = line.partition("==")[0]
        put(line.replace("==", "-"), name + "/__init__.py", "")
print("installed", file=sys.stderr)
"""


class Machine:
    """A folder with the bootstrap, and a PATH on which nothing is but what a test puts there."""

    def __init__(self, folder: Path):
        self.root = folder / "xraydojo"
        self.root.mkdir()
        self.path = folder / "bin"
        self.path.mkdir()
        shutil.copy(REPOSITORY / "dojo", self.root)
        self.lock = self.root / "requirements.lock"
        self.lock.write_text("numpy==2.4\nkeras==3.15\n")
        (self.root / "pyproject.toml").write_text("[project]\nname = 'xraydojo'\n")
        self.installs = folder / "installs"
        uv = self.path / "uv"
        uv.write_text(UV.format(python=sys.executable, log=str(self.installs)))
        uv.chmod(0o755)

    def dojo(self, *arguments, python=sys.executable, **environment):
        env = {"PATH": str(self.path), "HOME": str(self.root), "LANG": "C.UTF-8"} | environment
        command = [str(python), str(self.root / "dojo"), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", timeout=120)

    @property
    def site_packages(self):
        (folder,) = (self.root / ".venv").glob("lib/python3*/site-packages")
        return folder

    def count_installs(self):
        return sum(" -r " in line for line in self.installs.read_text().splitlines())


@pytest.fixture
def machine(tmp_path):
    """A fresh machine that has uv."""
    return Machine(tmp_path)


@pytest.fixture
def ready(machine):
    """A machine on which the course was started once."""
    assert machine.dojo("start").returncode == 0
    return machine


def test_the_first_start_installs_the_lock_and_runs_the_command(machine):
    done = machine.dojo("start", "--lang", "en", "a b")
    assert done.returncode == 0
    assert done.stdout == "start --lang en a b\n"
    assert "3 GB" in done.stderr
    assert {"numpy", "keras", "xraydojo"} <= {entry.name for entry in machine.site_packages.iterdir()}


def test_a_second_start_says_and_installs_nothing(ready):
    done = ready.dojo("start")
    assert (done.stdout, done.stderr) == ("start\n", "")
    assert ready.count_installs() == 1


def test_the_exit_status_is_the_commands_own(ready):
    assert ready.dojo("--fail").returncode == 7


def test_the_shells_python_settings_stay_outside(ready):
    (ready.root / "elsewhere" / "xraydojo").mkdir(parents=True)
    (ready.root / "elsewhere" / "xraydojo" / "__main__.py").write_text("print('the wrong one')")
    assert ready.dojo("start", PYTHONPATH=str(ready.root / "elsewhere")).stdout == "start\n"


def test_the_libraries_are_compiled_even_where_the_shell_forbids_bytecode(machine):
    machine.dojo("start", PYTHONDONTWRITEBYTECODE="1")
    assert list(machine.site_packages.glob("numpy/__pycache__/__init__.*.pyc"))


def test_a_changed_lock_is_installed(ready):
    ready.lock.write_text("numpy==2.4\nkeras==3.15\nscipy==1.17\n")
    done = ready.dojo("start")
    assert "changed" in done.stderr and done.stdout == "start\n"
    assert (ready.site_packages / "scipy").is_dir()
    assert ready.dojo("start").stderr == ""


def test_a_missing_package_is_named_and_put_back(ready):
    shutil.rmtree(ready.site_packages / "numpy")
    done = ready.dojo("start")
    assert "numpy is missing" in done.stderr.splitlines()[0]
    assert (ready.site_packages / "numpy" / "__init__.py").exists()


def test_what_a_learner_installs_besides_is_left_alone(ready):
    (ready.site_packages / "pandas").mkdir()
    assert ready.dojo("start").stderr == ""
    shutil.rmtree(ready.site_packages / "keras")
    ready.dojo("start")
    assert (ready.site_packages / "pandas").is_dir()


def test_an_unfinished_setup_is_completed_file_by_file(ready):
    (ready.root / ".venv" / "xraydojo.json").unlink()
    (ready.site_packages / "numpy" / "__init__.py").unlink()  # the folder and the installer's note are there
    (ready.site_packages / "keras-3.15.dist-info" / "RECORD").unlink()  # killed before the note was whole
    done = ready.dojo("start")
    assert "not finished" in done.stderr and done.stdout == "start\n"
    assert (ready.site_packages / "numpy" / "__init__.py").exists()
    assert (ready.site_packages / "keras-3.15.dist-info" / "RECORD").exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"pins": 1}'])
def test_a_damaged_stamp_counts_as_none(ready, damage):
    (ready.root / ".venv" / "xraydojo.json").write_text(damage)
    assert ready.dojo("start").stdout == "start\n"
    assert ready.dojo("start").stderr == ""


def test_a_dangling_interpreter_makes_the_environment_anew(ready):
    python = ready.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.that.was.removed")
    done = ready.dojo("start")
    assert ".venv is gone" in done.stderr and done.stdout == "start\n"


def test_a_moved_folder_works_again(ready):
    ready.root = ready.root.rename(ready.root.with_name("moved"))
    done = ready.dojo("start")
    assert "moved" in done.stderr and done.stdout == "start\n"
    assert ready.dojo("start").stderr == ""


def test_two_starts_at_once_install_once(machine):
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(machine.dojo("start", SECONDS_TO_INSTALL="1")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.stdout for done in results] == ["start\n", "start\n"]
    assert machine.count_installs() == 1
    assert sum("waiting" in done.stderr for done in results) == 1


def test_a_failed_installation_ends_in_one_line_that_names_the_log_and_the_next_start_goes_on(machine):
    done = machine.dojo("start", COMPLAINT="Downloading\nerror: the index does not answer")
    assert done.returncode == 1 and done.stdout == ""
    line = done.stderr.splitlines()[-1]
    assert "error: the index does not answer" in line and str(machine.root / ".venv-install.log") in line
    assert "Traceback" not in done.stderr
    assert "Downloading" in (machine.root / ".venv-install.log").read_text()
    assert machine.dojo("start").stdout == "start\n"


def test_a_full_disk_is_called_one(machine):
    done = machine.dojo("start", COMPLAINT="error: failed to write: No space left on device (os error 28)")
    assert done.returncode == 1
    assert "the disk is full" in done.stderr.splitlines()[-1]


def test_without_uv_and_network_pip_fails_in_one_line(machine):
    (machine.path / "uv").unlink()
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = machine.dojo("start", **nowhere)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2  # what is being done, and what went wrong
    assert "numpy==2.4" in done.stderr and "network" in done.stderr
    assert "Connection refused" in (machine.root / ".venv-install.log").read_text()


def test_a_python_without_ensurepip_is_told_what_to_install(machine):
    (machine.path / "uv").unlink()
    (machine.root / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    done = machine.dojo("start", PYTHONPATH=str(machine.root))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr.splitlines()[-1]
    assert not (machine.root / ".venv").exists()


def test_with_uv_ensurepip_is_not_needed(machine):
    (machine.root / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    assert machine.dojo("start", PYTHONPATH=str(machine.root)).stdout == "start\n"


def test_a_folder_that_cannot_be_written_ends_in_one_line(machine):
    (machine.root / ".venv.lock").mkdir()
    done = machine.dojo("start")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert ".venv.lock" in line


@pytest.mark.parametrize(
    ("environment", "arguments", "word"),
    [
        ({"LANG": "ja_JP.UTF-8"}, (), "準備"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, (), "準備"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_US.UTF-8"}, (), "setting up"),
        ({"LANG": "ja_JP.UTF-8"}, ("--lang", "en"), "setting up"),
        ({"LANG": "C.UTF-8"}, ("--lang=ja",), "準備"),
    ],
)
def test_it_speaks_the_users_language(machine, environment, arguments, word):
    done = machine.dojo("start", *arguments, PYTHONUTF8="1", **environment)
    assert word in done.stderr


def _old_pythons():
    names = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    found = [*filter(None, names), *Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python")]
    return [path for path in found if subprocess.run([path, "-c", ""]).returncode == 0]


@pytest.fixture(scope="module")
def old_python():
    """The oldest Python on this machine that the course does not run on."""
    if not (found := _old_pythons()):
        pytest.skip("no Python older than 3.11 is on this machine")
    ask = "import sys; print(sys.version_info[1])"
    return min(found, key=lambda path: int(subprocess.check_output([path, "-c", ask])))


def test_an_old_python_alone_is_told_what_is_needed(machine, old_python):
    done = machine.dojo("start", python=old_python)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "Python 3.11, 3.12 or 3.13 is needed" in line


def test_an_old_python_hands_over_to_a_fitting_one_and_passes_by_a_mere_shim(machine, old_python):
    shim = machine.path / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    fitting = machine.path / "python{}.{}".format(*sys.version_info)
    fitting.unlink(missing_ok=True)
    fitting.symlink_to(sys._base_executable)
    done = machine.dojo("start", python=old_python)
    assert done.stdout == "start\n"
    stamp = json.loads((machine.root / ".venv" / "xraydojo.json").read_text())
    assert stamp["whereabouts"][1] == os.path.realpath(sys._base_executable)
