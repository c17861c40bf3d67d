"""What the generated `jupyterhub_config.py` is made of: groups, roles, services and learners' servers of a class.

Rights are the least that work; each is written out, so that a reader sees who may do what.
"""

import json
import sys
from functools import cache
from pathlib import Path

from xraydojo import logo, palette
from xraydojo.hub.accounts import DemoAuthenticator, LiveCourse, only_the_class
from xraydojo.hub.course import Course, read_course
from xraydojo.hub.proxy import PROXY
from xraydojo.hub.site import Ports, Site
from xraydojo.language import L, speaking
from xraydojo.lesson import REPOSITORY

__all__ = [
    "TEMPLATES",
    "DemoAuthenticator",
    "LiveCourse",
    "Ports",
    "Site",
    "groups",
    "learner_command",
    "only_the_class",
    "proxy_command",
    "read_course",
    "roles",
    "server_environment",
    "services",
    "words",
]

# of JupyterHub's own pages, in the class's language; the rest of each is JupyterHub's
TEMPLATES = str(Path(__file__).with_name("templates"))

# the service of the pages; its address is /services/dojo/
PAGES = "dojo"
GRADING = "dojo-grading"
CULLER = "idle-culler"
IDLE_SECONDS = 3600


def learners_group(course: Course) -> str:
    """Return the name of the hub's group of learners, which nbgrader knows by its beginning."""
    return f"nbgrader-{course.id}"


def instructors_group(course: Course) -> str:
    """Return the name of the hub's group of instructors, which nbgrader knows by its beginning."""
    return f"formgrade-{course.id}"


def groups(course: Course) -> dict[str, dict]:
    """Return the hub's groups: learners, and instructors with the account that the formgrader runs as."""
    learners = [learner.name for learner in course.learners]
    return {
        learners_group(course): {"users": learners},
        instructors_group(course): {"users": [*course.instructors, course.grader]},
    }


def roles(course: Course) -> list[dict]:
    """Return the rights of people and services; nobody is an administrator."""
    learners = learners_group(course)
    return [
        # everybody: their own server, and the pages
        {"name": "user", "scopes": ["self", f"access:services!service={PAGES}"]},
        {
            "name": "instructor",
            "groups": [instructors_group(course)],
            "scopes": [f"access:services!service={course.id}"],
        },
        # the pages: the learners' servers and the list of learners
        {
            "name": PAGES,
            "services": [PAGES],
            "scopes": [f"{scope}!group={learners}" for scope in ("list:users", "servers", "groups")],
        },
        # the formgrader: nbgrader asks which courses its account has, and adds learners to theirs
        {
            "name": "formgrader",
            "services": [course.id],
            "scopes": [
                f"read:users:groups!user={course.grader}",
                f"read:users:groups!group={learners}",
                "list:groups",
                f"groups!group={learners}",
            ],
        },
        {
            "name": CULLER,
            "services": [CULLER],
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        },
    ]


def services(course: Course, site: Site, ports: Ports, account: str = "") -> list[dict]:
    """Return the hub's services; the hub starts them, and starts them again when they end.

    Parameters
    ----------
    course : Course
    site : Site
    ports : Ports
    account : str
        The Unix account that owns the class's folder; the hub's own when empty.
    """
    here = {"user": account, "cwd": str(site.class_folder)}
    pages = {
        "name": PAGES,
        "url": f"http://127.0.0.1:{ports.pages}",
        "command": [*_module("xraydojo.hub.run"), "pages"],
        "environment": {"XRAYDOJO_HUB_PROXY": f"http://127.0.0.1:{ports.public}"},
        "oauth_no_confirm": True,
        # with a learner's own token, and only while it lives, the pages read that learner's notebook
        "oauth_client_allowed_scopes": ["access:servers!user"],
    }
    grading = {"name": GRADING, "command": [*_module("xraydojo.hub.run"), "grading"], "display": False}
    formgrader = {
        "name": course.id,
        "url": f"http://127.0.0.1:{ports.formgrader}",
        "command": [*_module("xraydojo.hub.run"), "formgrader"],
        "environment": {"JUPYTERHUB_USER": course.grader},
        "oauth_no_confirm": True,
        "display": False,
    }
    culler = {
        "name": CULLER,
        "command": [*_module("xraydojo.hub.run"), "culler", f"--timeout={IDLE_SECONDS}"],
        "display": False,
    }
    return [service | here for service in (pages, grading, formgrader)] + [culler]


def words(course: LiveCourse) -> dict:
    """Return what the templates of JupyterHub's own pages speak with: the class, its language, the course's sign and colours."""

    def in_class(en: str, ja: str) -> str:
        with speaking(course.now().language):
            return L(en, ja)

    # what can be called, JupyterHub calls for each page, with who is logged in
    return {
        "course": lambda user: course.now(),
        "L": lambda user: in_class,
        "sign": logo.address(),
        "colours": palette.css(),
    }


def server_environment(course: LiveCourse, site: Site, ports: Ports) -> dict:
    """Return what a learner's server is told when it starts: the class as the learner may know it. Nothing in it is secret."""

    def described(spawner) -> str:
        return json.dumps(_described(course.now(), site, ports))

    return {"XRAYDOJO_CLASS": described}


def _described(course: Course, site: Site, ports: Ports) -> dict:
    now, gpu = course.now(), course.profiles.get("gpu")
    # the hub and the learners' servers are on one machine
    past_proxy = f"http://127.0.0.1:{ports.pages}/services/{PAGES}/"
    return {
        "title": course.title,
        "language": course.language,
        "pages": f"{course.address}services/{PAGES}/",
        "settings": str(site.learners),
        "memory": course.profiles["cpu"].memory,
        "cores": course.profiles["cpu"].cores,
        "sharing": f"{past_proxy}sharing",
        "gpu": gpu
        and {
            "leases": f"{past_proxy}gpu",
            "memory": gpu.memory,
            "cores": gpu.cores,
        },
        "units": [
            {
                "id": unit.id,
                "points": points(unit.id, course.language),
                "due": unit.due and f"{unit.due:%Y-%m-%d %H:%M}",
            }
            for unit in course.units
            if unit.is_open(now)
        ],
    }


def points(unit: str, language: str) -> float:
    """Return all points of a unit, as its released notebook has them."""
    released = REPOSITORY / "exercises" / language / unit / f"{unit}.ipynb"
    return _points(released, released.stat().st_mtime_ns)


@cache
def _points(released: Path, changed: int) -> float:
    cells = json.loads(released.read_bytes())["cells"]
    return sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells)


def _module(name: str) -> list[str]:
    """Return the command that runs a module; -P: nothing in the folder in which it runs stands in for a library."""
    return [sys.executable, "-P", "-m", name]


def learner_command() -> list[str]:
    """Return the command that runs a learner's server."""
    return _module("xraydojo.hub.learner")


def proxy_command(node: str) -> list[str]:
    """Return the command that runs the proxy."""
    return [node, str(PROXY)]
