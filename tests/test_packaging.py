"""The files that say what is installed agree, on every Python and system that the course names."""

import importlib.metadata
import re
import tomllib

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from xraydojo.lesson import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = [Requirement(line) for line in (REPOSITORY / "requirements.lock").read_text().splitlines()]
NEEDED = [
    Requirement(text)
    for text in PROJECT["project"]["dependencies"]
    + PROJECT["project"]["optional-dependencies"]["site"]
    + PROJECT["dependency-groups"]["test"]
]
SYSTEMS = [
    {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
]
PYTHONS = ["3.11", "3.12", "3.13"]


def pins(environment):
    """Return name and version of what the lock installs in an environment."""
    chosen = [pin for pin in LOCK if pin.marker is None or pin.marker.evaluate(environment)]
    found = {canonicalize_name(pin.name): Version(next(iter(pin.specifier)).version) for pin in chosen}
    assert len(found) == len(chosen), "a package is pinned twice"
    return found


@pytest.mark.parametrize("pin", LOCK, ids=str)
def test_every_line_of_the_lock_names_one_exact_version_and_no_address(pin):
    (specifier,) = pin.specifier
    assert specifier.operator == "==" and "*" not in specifier.version
    assert pin.url is None


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system["sys_platform"])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_satisfies_every_requirement_of_the_project(python, system):
    locked = pins(
        default_environment() | system | {"python_version": python, "python_full_version": f"{python}.5"}
    )
    for needed in NEEDED:
        version = locked.get(canonicalize_name(needed.name))
        assert version is not None, f"{needed.name} is not locked"
        assert needed.specifier.contains(version, prereleases=True), f"{needed} is locked at {version}"


def test_the_lock_is_closed_so_that_it_installs_without_resolving():
    locked = pins(default_environment())
    for name in locked:
        for text in importlib.metadata.requires(name) or []:
            needed = Requirement(text)
            if needed.marker and not needed.marker.evaluate({"extra": ""}):
                continue
            version = locked.get(canonicalize_name(needed.name))
            assert version is not None, f"{name} needs {needed}, which is not locked"
            assert needed.specifier.contains(version, prereleases=True), (
                f"{name} needs {needed}, locked is {version}"
            )


def test_what_is_installed_is_what_is_locked():
    for name, version in pins(default_environment()).items():
        assert Version(importlib.metadata.version(name)) == version, name


def test_the_bootstrap_takes_the_pythons_that_the_project_supports():
    text = (REPOSITORY / "dojo").read_text(encoding="utf-8")
    named = re.findall(r"\((\d+), (\d+)\)", re.search(r"^PYTHONS = (.*)$", text, re.M)[1])
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    assert sorted(".".join(pair) for pair in named) == [
        f"3.{n}" for n in range(6, 20) if f"3.{n}.1" in supported
    ]
    assert sorted(".".join(pair) for pair in named) == PYTHONS


def test_conda_gives_python_and_the_lock_everything_else():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    python, pip, libraries = environment["dependencies"]
    name, version = python.split("=")
    assert (name, pip) == ("python", "pip")
    assert f"{version}.0" in SpecifierSet(PROJECT["project"]["requires-python"])
    assert libraries == {"pip": ["-r requirements.lock", "-e ."]}
    # Anaconda's own channel asks larger institutions for a licence
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_the_licence_files_that_the_project_names_are_there_and_are_these():
    code, lessons = PROJECT["project"]["license-files"]
    assert "BSD 3-Clause" in (REPOSITORY / code).read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in (REPOSITORY / lessons).read_text(
        encoding="utf-8"
    )
    assert PROJECT["project"]["license"] == "BSD-3-Clause AND CC-BY-4.0"
