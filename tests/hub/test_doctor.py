"""The doctor: a sound hub has no trouble; each misconfiguration is found, by its own check, with its remedy."""

import importlib.metadata
import os
from types import SimpleNamespace

import pytest

from tests.hub.conftest import COURSE
from xraydojo.hub import doctor, generate, proxy
from xraydojo.hub.doctor import doctor as examine
from xraydojo.hub.gpu_leases import Device

PEOPLE = ("sensei", "hanako", "taro", "jiro", "grader-spring")


@pytest.fixture
def sound(site, tmp_path, monkeypatch):
    """A hub with accounts of this machine, and nothing wrong with it."""
    accounts = {}
    for name in PEOPLE:
        home = tmp_path / "homes" / name
        home.mkdir(parents=True, mode=0o700)
        accounts[name] = SimpleNamespace(pw_uid=os.getuid(), pw_gid=os.getgid(), pw_dir=str(home))
    monkeypatch.setattr(doctor.pwd, "getpwnam", accounts.__getitem__)
    repository = tmp_path / "repository"
    for name in ("solutions", "course/02_perceptron"):
        (repository / name).mkdir(parents=True)
    (repository / "solutions").chmod(0o750)
    for name in ("lesson.py", "right_answers.py"):
        (repository / "course" / "02_perceptron" / name).touch(0o640)
    monkeypatch.setattr(doctor, "REPOSITORY", repository)
    monkeypatch.setattr(proxy, "installed", lambda: "here")
    monkeypatch.setattr(doctor.importlib.util, "cache_from_source", lambda source: source)
    monkeypatch.setitem(doctor._CHECKS, ("sandbox", "サンドボックス"), lambda hub: None)
    generate.generate(site)
    site.accounts, site.repository = accounts, repository
    return site


@pytest.fixture
def site(site):
    """A site that carries what a test wants to spoil."""
    return type("Spoilt", (type(site),), {"__setattr__": lambda self, k, v: self.__dict__.update({k: v})})(
        site.folder
    )


def trouble(site):
    return {finding.title: finding.trouble for finding in examine(site) if finding.trouble}


def test_a_sound_hub_has_no_trouble(sound):
    assert trouble(sound) == {}
    assert len(examine(sound)) >= 20


def test_a_gpu_that_is_enough_for_its_slots_is_no_trouble(sound, monkeypatch):
    gpu([Device("x", "x", 8 * 2**30)], 3)(sound, monkeypatch)
    assert trouble(sound) == {}


def local(text):
    return lambda site, monkeypatch: (site.folder / "local_config.py").write_text(text)


def mode(name, bits):
    return lambda site, monkeypatch: (site.folder / name).chmod(bits)


def of_service(index, change):
    return local(f"c.JupyterHub.services[{index}].update({change})\n")


def version(name, number):
    found = importlib.metadata.version

    def spoil(site, monkeypatch):
        monkeypatch.setattr(
            doctor.importlib.metadata, "version", lambda each: number if each == name else found(each)
        )

    return spoil


def course(right, wrong):
    def spoil(site, monkeypatch):
        site.course_file.write_text(COURSE.replace(right, wrong), encoding="utf-8")
        generate.generate(site)

    return spoil


def no_bytecode(site, monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "cache_from_source", lambda source: source + ".none")


def ngshare(site, monkeypatch):
    find = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: name if name == "ngshare_exchange" else find(name)
    )


def node(said):
    def spoil(site, monkeypatch):
        monkeypatch.setattr(doctor.subprocess, "run", lambda *args, **kwargs: SimpleNamespace(stdout=said))

    return spoil


def gpu(devices, slots):
    def spoil(site, monkeypatch):
        profiles = f"profiles:\n  gpu: {{memory: 8G, slots: {slots}}}\n"
        site.course_file.write_text(COURSE + profiles, encoding="utf-8")
        generate.generate(site)
        monkeypatch.setattr(doctor.gpu_leases, "devices", lambda: devices)

    return spoil


def old_policy(site, monkeypatch):
    site.course_file.write_text(COURSE.replace("0.0001", "0.5"), encoding="utf-8")


SPOILT = {
    "formgrader as stock nbgrader says": (
        of_service(2, {"command": ["jupyterhub-singleuser"]}),
        "formgrader is not blank",
        "xraydojo.hub.run formgrader",
    ),
    "formgrader without its rights": (
        local(
            "c.JupyterHub.load_roles = [r for r in c.JupyterHub.load_roles if r['name'] != 'formgrader']\n"
        ),
        "formgrader's rights",
        "dojo hub generate",
    ),
    "a service that is an administrator": (
        of_service(2, {"admin": True}),
        "no administrators",
        "take admin out",
    ),
    "a role that is an administrator's": (
        local("c.JupyterHub.load_roles[0]['scopes'].append('admin:users')\n"),
        "no administrators",
        "take admin out",
    ),
    "an instructor who is an administrator": (
        local("c.Authenticator.admin_users = {'sensei'}\n"),
        "no administrators",
        "take admin out",
    ),
    "a question at login": (
        of_service(0, {"oauth_no_confirm": False}),
        "no questions at login",
        "oauth_no_confirm: True",
    ),
    "stock servers": (
        local("c.Spawner.cmd = ['jupyterhub-singleuser']\n"),
        "learners' servers",
        "learner_command",
    ),
    "kernels over TCP": (
        local("c.Spawner.args = ['--KernelManager.transport=tcp']\n"),
        "kernels are private",
        "kernel_manager_class",
    ),
    "nobody gets in": (
        local("c.Authenticator.allow_all = False\n"),
        "the class gets in",
        "allow_all = True",
    ),
    "everybody gets in": (
        local("c.JupyterHub.authenticator_class = 'pam'\n"),
        "nobody else gets in",
        "only_the_class",
    ),
    "no account": (
        lambda site, monkeypatch: site.accounts.pop("taro"),
        "accounts",
        "useradd --create-home taro",
    ),
    "an open home": (
        lambda site, monkeypatch: os.chmod(site.accounts["hanako"].pw_dir, 0o755),
        "homes are private",
        "chmod 700",
    ),
    "an open class folder": (mode("class", 0o755), "class folder is private", "chmod 700"),
    "another's class folder": (
        lambda site, monkeypatch: setattr(site.accounts["grader-spring"], "pw_uid", 12345),
        "class folder's owner",
        "chown -R grader-spring",
    ),
    "open secrets": (mode("state", 0o711), "hub's secrets are private", "chmod 700"),
    "open solutions": (
        lambda site, monkeypatch: (site.repository / "solutions").chmod(0o755),
        "solutions are private",
        "chmod -R o-rwx",
    ),
    "open hidden tests": (
        lambda site, monkeypatch: (site.repository / "course/02_perceptron/lesson.py").chmod(0o644),
        "solutions are private",
        "chmod -R o-rwx",
    ),
    "an exchange that learners cannot write": (mode("learners/exchange", 0o1755), "exchange", "chmod 1777"),
    "an exchange where learners remove others' work": (
        mode("learners/exchange", 0o777),
        "exchange",
        "chmod 1777",
    ),
    "the hub open to the network": (
        local("c.JupyterHub.hub_bind_url = 'http://0.0.0.0:8081'\n"),
        "network",
        "127.0.0.1",
    ),
    "passwords in clear": (
        course("http://127.0.0.1:8000/", "http://hub.example.ac.jp/"),
        "encryption",
        "https in course.yaml",
    ),
    "an old configuration": (old_policy, "configuration is current", "dojo hub generate"),
    "JupyterHub 6": (version("jupyterhub", "6.0.0"), "versions fit", "pip install 'jupyterhub>=5.5,<6'"),
    "nbgrader put back": (version("nbgrader", "0.8.5"), "versions fit", "pip install 'nbgrader>=0.9.6"),
    "a slow jsonschema": (version("jsonschema", "4.25.0"), "versions fit", "pip install 'jsonschema<4.25'"),
    "ngshare": (ngshare, "nbgrader is not replaced", "pip uninstall ngshare-exchange"),
    "no bytecode": (no_bytecode, "servers start fast", "compileall"),
    "a GPU profile without a GPU": (gpu([], 4), "GPU", "NVIDIA's driver"),
    # 8 GiB for four: 1.4 GB each; for three 2.2 GB
    "a GPU for too many": (gpu([Device("x", "x", 8 * 2**30)], 4), "GPU shares", "slots: 3"),
    "an old Node.js": (node("v12.22.9\n"), "proxy", "apt install nodejs npm"),
    "no proxy": (
        lambda site, monkeypatch: monkeypatch.setattr(proxy, "installed", lambda: None),
        "proxy",
        "npm ci",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_misconfiguration_is_found_by_its_own_check_with_its_remedy(case, sound, monkeypatch):
    spoil, title, remedy = SPOILT[case]
    spoil(sound, monkeypatch)
    found = trouble(sound)
    assert list(found) == [title]
    assert remedy in found[title].remedy
    assert found[title].found


def test_every_remedy_is_there_in_japanese(sound, monkeypatch):
    from xraydojo import language

    SPOILT["everybody gets in"][0](sound, monkeypatch)
    language.use("ja")
    assert "名簿にない人" in trouble(sound)["名簿にない人は入れない"].found
