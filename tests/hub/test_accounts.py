"""On a hub with real Unix accounts, a learner reads nothing that is not the learner's: by file, by process, over HTTP, from a kernel."""

import json
import os
import shutil
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from tests.hub.accounts import real_hub
from tests.hub.running import logged_in
from xraydojo.build import notebook_path
from xraydojo.hub.queue import Queue
from xraydojo.lesson import REPOSITORY

UNIT = "02_perceptron"


def _cannot() -> str | None:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("useradd"):
        return "real accounts need root on Linux"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        return "this host forbids mount namespaces"


pytestmark = pytest.mark.skipif(bool(_cannot()), reason=str(_cannot()))


@pytest.fixture(scope="module")
def hub():
    """A hub on which hanako has handed in a solved unit, and taro's server runs."""
    with real_hub() as hub:
        for name in ("hanako", "taro"):
            session = logged_in(hub, name)
            session.get(f"{hub.address}hub/spawn")
            _until(lambda name=name: _server(name) is not None and _folder(hub, name).exists(), 90)
        solved = notebook_path("solutions", UNIT, "en").read_bytes()
        nbformat.reads(solved.decode(), as_version=4)
        (_folder(hub, "hanako") / f"{UNIT}.ipynb").write_bytes(solved)
        _until(lambda: _submit(hub, "hanako").status_code == 200, 90)
        queue = Queue(hub.site.class_folder)
        _until(lambda: not queue.last("hanako")["hanako", UNIT].is_under_way, 90)
        yield hub


def test_the_doctor_finds_nothing_wrong_after_its_remedies(hub):
    said = (hub.site.folder.parent / "doctor.txt").read_text()
    assert "✗" not in said and said.count("✓") > 20, said


def test_a_submission_is_graded_by_the_graders_account(hub):
    last = Queue(hub.site.class_folder).last("hanako")["hanako", UNIT]
    assert last.state == "graded", last
    session = logged_in(hub, "hanako")
    assert "<strong>10</strong> / 10" in session.get(f"{hub.address}services/dojo/").text
    gradebook = (hub.site.class_folder / "gradebook.db").stat()
    assert gradebook.st_uid == hub.site.class_folder.stat().st_uid != 0


def test_each_server_and_service_runs_as_its_own_account(hub):
    commands = [
        (process.info["cmdline"], process.info["username"])
        for process in psutil.process_iter(["cmdline", "username", "cwd"])
        # of this hub, whatever else runs on the machine
        if str(process.info["cwd"]).startswith(str(hub.site.folder))
    ]
    owners = {
        command[4]: name for command, name in commands if command and command[3:4] == ["xraydojo.hub.run"]
    }
    grader = {owners[service] for service in ("pages", "grading", "formgrader")}
    # outside its namespace the account has a number only
    assert len(grader) == 1 and not grader & {"root", "0"}
    assert _uid("hanako") != _uid("taro") and 0 not in (_uid("hanako"), _uid("taro"))


READ = """
import os, sys, json, glob
wanted = json.loads(sys.argv[1])
got = []
for path in wanted:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        got.append(path)
    except OSError:
        pass
me = os.getuid()
for folder in glob.glob("/proc/[0-9]*"):
    try:
        if os.stat(folder).st_uid != me:
            open(folder + "/environ", "rb").read(1)
            got.append(folder)
    except OSError:
        pass
for folder in glob.glob("/tmp/xraydojo-*"):
    try:
        if os.stat(folder).st_uid not in (me, 0):
            os.listdir(folder)
            got.append(folder)
    except OSError:
        pass
print(json.dumps(got))
"""


def test_a_learner_reads_no_file_and_no_process_of_others(hub):
    site, home = hub.site, _folder(hub, "hanako")
    secret = [
        *(
            site.class_folder,
            site.course_file,
            site.class_folder / "gradebook.db",
            site.class_folder / ".seed",
        ),
        *(
            site.class_folder / "feedback" / "hanako" / UNIT / f"{UNIT}.html",
            site.class_folder / "queue.sqlite",
            site.class_folder / "sharing.sqlite",
        ),
        *(site.state, site.state / "jupyterhub.sqlite", site.state / "cookie_secret"),
        *(home, home / f"{UNIT}.ipynb", home.parents[2]),
        notebook_path("solutions", UNIT, "en"),
        *(REPOSITORY / "course" / UNIT / name for name in ("lesson.py", "right_answers.py")),
    ]
    assert all(path.exists() for path in secret)
    assert _as("taro", READ, json.dumps([str(path) for path in secret])) == []
    # and what a kernel needs is there
    assert len(_as("taro", READ, json.dumps([str(REPOSITORY / "course" / UNIT / "wrong_answers.py")]))) == 1


ASK = """
import json, os, sys, requests
address, mine = sys.argv[1], os.environ["JUPYTERHUB_API_TOKEN"]
got = []
for method, path in json.loads(sys.argv[2]):
    answer = requests.request(method, path if path.startswith("http") else address + path,
                              headers={"Authorization": "token " + mine}, allow_redirects=False, json={})
    if answer.status_code < 300:
        got.append([method, path, answer.status_code])
print(json.dumps(got))
"""


def test_a_learners_token_opens_nothing_of_others(hub):
    asked = [
        *(
            ("GET", f"hub/api/{path}")
            for path in ("users", "users/hanako", "groups", "services", "proxy", "info")
        ),
        ("POST", "hub/api/users/hanako/server"),
        ("DELETE", "hub/api/users/hanako/server"),
        ("POST", "hub/api/users/taro/tokens"),
        ("POST", "hub/api/groups/nbgrader-real/users"),
        ("GET", "user/hanako/api/contents"),
        ("GET", "services/real/formgrader/"),
        ("GET", "services/real/api/contents/gradebook.db"),
        ("GET", "services/dojo/class"),
        ("GET", "services/dojo/class/now"),
        ("POST", "services/dojo/share"),
        ("GET", "services/dojo/class/export/csv"),
        ("GET", f"services/dojo/class/feedback/hanako/{UNIT}"),
        # past the proxy, at the ports themselves
        ("GET", "http://127.0.0.1:18091/services/dojo/class"),
        ("GET", "http://127.0.0.1:18091/services/dojo/class/now"),
        ("PUT", "http://127.0.0.1:18091/services/dojo/sharing"),
        ("GET", "http://127.0.0.1:18092/services/real/formgrader/"),
        ("GET", "http://127.0.0.1:18001/api/routes"),
    ]
    assert _as("taro", ASK, hub.address, json.dumps(asked)) == []
    # the token works where it should
    mine = [("GET", "user/taro/api/contents"), ("GET", "http://127.0.0.1:18091/services/dojo/sharing")]
    assert len(_as("taro", ASK, hub.address, json.dumps(mine))) == 2


def test_a_kernels_channels_are_sockets_in_a_folder_of_its_learner_alone(hub):
    session = logged_in(hub, "taro")
    session.get(f"{hub.address}user/taro/lab")
    asked = session.post(
        f"{hub.address}user/taro/api/kernels", json={}, headers={"X-XSRFToken": _xsrf(session, "/user/taro/")}
    )
    assert asked.status_code == 201, asked.text
    runtime = _folder(hub, "taro").parents[1] / ".lab" / "en" / "runtime"
    (file,) = runtime.glob("kernel-*.json")
    connection = json.loads(file.read_bytes())
    assert connection["transport"] == "ipc" and os.path.isabs(connection["ip"])
    _until(lambda: os.path.exists(f"{connection['ip']}-{connection['shell_port']}"), 30)
    folder = os.stat(os.path.dirname(connection["ip"]))
    assert (folder.st_uid, folder.st_mode & 0o777) == (_uid("taro"), 0o700)


def _submit(hub, name):
    session = logged_in(hub, name)
    session.get(f"{hub.address}services/dojo/")
    data = {"_xsrf": _xsrf(session, "/services/dojo/"), "unit": UNIT, "key": "0" * 32}
    return session.post(f"{hub.address}services/dojo/submit", data=data)


def _xsrf(session, path: str) -> str:
    return next(each.value for each in session.cookies if each.path == path and each.name == "_xsrf")


def _as(name: str, code: str, *arguments: str):
    """Run code as a learner does in a terminal or a kernel: with the account and the environment of the learner's server."""
    server = _server(name)
    user = ["nsenter", f"--mount=/proc/{server.pid}/ns/mnt", "setpriv", f"--reuid={server.uids().real}",
            f"--regid={server.gids().real}", "--clear-groups"]  # fmt: skip
    done = subprocess.run(
        [*user, sys.executable, "-c", code, *arguments],
        env=server.environ(),
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _server(name: str) -> psutil.Process | None:
    """Return the process of a learner's server."""
    for process in psutil.process_iter(["cmdline", "environ"]):
        if "xraydojo.hub.learner" in (process.info["cmdline"] or []):
            if (process.info["environ"] or {}).get("JUPYTERHUB_USER") == name:
                return process


def _uid(name: str) -> int:
    return _server(name).uids().real


def _folder(hub, name: str):
    return hub.site.folder.parent / "home" / name / "XrayDojo" / "en" / UNIT


def _until(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.5)
