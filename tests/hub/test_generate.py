"""What `dojo hub generate` writes: JupyterHub reads it, and it grants no more than the class needs."""

import configparser
import contextlib
import json
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import PyFileConfigLoader

from tests.hub.conftest import COURSE
from xraydojo import DojoError
from xraydojo.hub.generate import generate, pending
from xraydojo.hub.site import Ports, Site


def read(path):
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()


def test_jupyterhub_reads_it_and_every_role_and_service_is_valid(site):
    # JupyterHub's own start, up to where it would begin to listen: it refuses unknown scopes, services and groups
    begin = (
        "import asyncio, sys; from jupyterhub.app import JupyterHub; hub = JupyterHub(); "
        "asyncio.run(hub.initialize(['--config', sys.argv[1]])); "
        "from jupyterhub import orm; import json; "
        "print(json.dumps({r.name: sorted(r.scopes) for r in hub.db.query(orm.Role)}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin, site.config],
        cwd=site.state,
        capture_output=True,
        text=True,
        env=os.environ | {"XRAYDOJO_DEMO_PASSWORDS": "/dev/null"},
    )
    assert done.returncode == 0, done.stderr
    roles = json.loads(done.stdout.splitlines()[-1])
    # as nbgrader's trap on JupyterHub asks, and no administrator's token
    assert roles["formgrader"] == sorted(
        [
            "read:users:groups!user=grader-spring",
            "read:users:groups!group=nbgrader-spring",
            "list:groups",
            "groups!group=nbgrader-spring",
        ]
    )
    assert roles["dojo"] == [
        f"{scope}!group=nbgrader-spring" for scope in ("groups", "list:users", "servers")
    ]
    assert roles["user"] == ["access:services!service=dojo", "self"]
    assert roles["instructor"] == ["access:services!service=spring"]


def test_a_learner_has_no_right_to_the_formgrader(site):
    config = read(site.config)
    learners = {"nbgrader-spring"}
    for role in config.JupyterHub.load_roles:
        if learners & set(role.get("groups", [])) or role["name"] == "user":
            assert not any("spring" in scope for scope in role["scopes"])
    assert config.JupyterHub.load_groups["nbgrader-spring"]["users"] == ["hanako", "taro", "jiro"]
    assert config.JupyterHub.load_groups["formgrade-spring"]["users"] == ["sensei", "grader-spring"]


def test_a_server_is_told_the_open_units_and_nothing_secret(site):
    config = read(site.config)
    told = json.loads(config.Spawner.environment["XRAYDOJO_CLASS"](None))
    assert [unit["id"] for unit in told["units"]] == ["02_perceptron"]
    assert told["units"][0]["due"] == "2020-04-12 23:59" and told["units"][0]["points"] == 10
    assert told["pages"] == "http://127.0.0.1:8000/services/dojo/"
    # past the proxy
    assert told["sharing"] == "http://127.0.0.1:8091/services/dojo/sharing"
    assert "hanako" not in json.dumps(told)


def test_folders_have_the_modes_that_keep_learners_out(site):
    modes = {
        path.relative_to(site.folder).as_posix(): oct(path.stat().st_mode & 0o7777)
        for path in (site.class_folder, site.course_file, site.state, site.learners, site.exchange)
    }
    assert modes == {
        "class": "0o700",
        "class/course.yaml": "0o600",
        "state": "0o700",
        "learners": "0o755",
        "learners/exchange": "0o1777",
    }


def test_generating_again_changes_nothing_until_the_course_does(site):
    assert pending(site, demo=True) == []
    site.course_file.write_text(COURSE.replace("0.0001", "0.5"), encoding="utf-8")
    assert pending(site, demo=True) == [site.class_folder / "nbgrader_config.py"]
    generate(site, demo=True)
    assert pending(site, demo=True) == []


def test_an_administrators_own_settings_are_read_last_and_kept(site):
    local = site.folder / "local_config.py"
    local.write_text("c.JupyterHub.bind_url = 'http://10.0.0.1:9000'\n")
    generate(site, Ports(public=8123), demo=True)
    assert read(site.config).JupyterHub.bind_url == "http://10.0.0.1:9000"


@pytest.mark.parametrize("field", ["title", "address", "late_penalty"])
def test_text_of_the_course_cannot_become_code_that_the_hub_runs(site, field, tmp_path):
    evil = f"""'http://a/\\"\\"\\" + __import__("os").system("touch {tmp_path}/owned") + \\"\\"\\"{{x}}'"""
    before = {"title": "Seminar", "address": "http://127.0.0.1:8000/", "late_penalty": "0.0001"}[field]
    site.course_file.write_text(COURSE.replace(before, evil.replace("\\", "")), encoding="utf-8")
    with contextlib.suppress(DojoError):  # most are refused already
        generate(site, demo=True)
        for path in (site.config, site.class_folder / "nbgrader_config.py"):
            read(path)
    assert not (tmp_path / "owned").exists()


def test_without_the_graders_account_it_says_how_to_make_it(tmp_path):
    site = Site(tmp_path)
    site.class_folder.mkdir()
    site.course_file.write_text(COURSE, encoding="utf-8")
    with pytest.raises(KeyError):
        pwd.getpwnam("grader-spring")
    with pytest.raises(DojoError, match="useradd --system --create-home grader-spring"):
        generate(site)


@pytest.fixture
def service(site, monkeypatch):
    """Return a function that generates for real accounts, with this one as the grader's, and returns the service of systemd."""
    monkeypatch.setattr("xraydojo.hub.generate._account", lambda course: pwd.getpwuid(os.getuid()))

    def service(course=COURSE):
        site.course_file.write_text(course, encoding="utf-8")
        assert site.systemd in generate(site)
        return site.systemd.read_text(encoding="utf-8")

    return service


def test_systemd_takes_the_service_and_its_command_is_the_hubs(site, service):
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str
    read.read_string(service())
    command = shlex.split(read["Service"]["ExecStart"])
    assert command[-2:] == ["--config", str(site.config)]
    environment = {"PATH": read["Service"]["Environment"].removeprefix("PATH=")}
    done = subprocess.run([*command[:-2], "--version"], env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("5."), done.stderr
    assert Path(shutil.which("node", path=environment["PATH"])).exists()
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here, so systemd was not asked")
    checked = subprocess.run(["systemd-analyze", "verify", site.systemd], capture_output=True, text=True)
    assert checked.returncode == 0 and site.systemd.name not in checked.stderr, checked.stderr


def test_a_title_cannot_become_a_setting_of_the_service(service):
    text = service(COURSE.replace("title: Seminar", 'title: "A 100% seminar\\nExecStart=/bin/evil"'))
    assert "Description=XrayDojo, A 100%% seminar ExecStart=/bin/evil\n" in text
    assert [line for line in text.splitlines() if line.startswith("ExecStart=")] == [
        line for line in text.splitlines() if line.startswith(f"ExecStart={sys.executable}")
    ]


def test_a_demo_is_no_service(site):
    assert not site.systemd.exists()
