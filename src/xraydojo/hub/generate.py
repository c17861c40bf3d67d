"""Write what JupyterHub and nbgrader read, from `course.yaml`: small files in plain Python, each made anew by `dojo hub generate`."""

import os
import pwd
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from xraydojo import DojoError
from xraydojo.hub.course import Course, read_course
from xraydojo.hub.site import LOOPBACK, Ports, Site
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY

_HUB = '''\
"""The hub of a class: made by `dojo hub generate` from class/course.yaml.

It is made anew by the same command. Settings of your own, such as another way to log in, belong in local_config.py beside this file.
"""

from pathlib import Path

from xraydojo.hub import configuration as hub

c = get_config()
site = hub.Site(Path({folder!r}))
ports = hub.{ports!r}
course = hub.LiveCourse(site.course_file)

# Who may log in: the class, as course.yaml says at that moment. Below it stand {accounts}.
{login}
# hub 5 lets nobody in without it; the class's list stands on top
c.Authenticator.allow_all = True
c.Authenticator.auth_refresh_age = 60

# Where it listens; everything but the proxy on this machine only.
c.JupyterHub.bind_url = {bind_url!r}
c.JupyterHub.public_url = {address!r}
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{{ports.hub}}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{{ports.proxy_api}}"
c.ConfigurableHTTPProxy.command = hub.proxy_command({node!r})
c.ConfigurableHTTPProxy.pid_file = str(site.state / "proxy.pid")

# What it keeps.
c.JupyterHub.db_url = f"sqlite:///{{site.state / 'jupyterhub.sqlite'}}"
# that of an older JupyterHub is brought up to date, and kept as a copy
c.JupyterHub.upgrade_db = True
c.JupyterHub.cookie_secret_file = str(site.state / "cookie_secret")

# Who may do what.
c.JupyterHub.load_groups = hub.groups(course.now())
c.JupyterHub.load_roles = hub.roles(course.now())
c.JupyterHub.services = hub.services(course.now(), site, ports, {account!r})

# What its own pages say, in the class's language; who comes back to a server that ended gets a new one at once.
c.JupyterHub.template_paths = [hub.TEMPLATES]
c.JupyterHub.template_vars = hub.words(course)
c.JupyterHub.implicit_spawn_seconds = 1

# Learners' servers.
{spawner}
c.Spawner.cmd = hub.learner_command()
c.Spawner.environment = hub.server_environment(course, site, ports)
c.Spawner.mem_limit = course.now().profiles["cpu"].memory
c.Spawner.cpu_limit = course.now().profiles["cpu"].cores
c.Spawner.start_timeout = 240
c.Spawner.http_timeout = 240
# a class comes all at once
c.JupyterHub.concurrent_spawn_limit = {spawns}
c.JupyterHub.spawn_throttle_retry_range = (5, 15)
{cleanup}
own = site.folder / "local_config.py"
if own.exists():
    exec(compile(own.read_bytes(), own, "exec"))
'''

_SYSTEM_LOGIN = "c.JupyterHub.authenticator_class = hub.only_the_class(course)"
_DEMO_LOGIN = "c.JupyterHub.authenticator_class = hub.only_the_class(course, hub.DemoAuthenticator)"
_SYSTEM_SPAWNER = 'c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"'
_DEMO_SPAWNER = """\
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
c.SimpleLocalProcessSpawner.home_dir_template = str(site.homes / "{username}")"""
_CLEANUP = """\
# learners go on working while the hub is restarted
c.JupyterHub.cleanup_servers = False
"""

_SYSTEMD = """\
# The hub of a class as a service of systemd: made by `dojo hub generate` from class/course.yaml.
[Unit]
Description=XrayDojo, {title}
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={python} -P -m jupyterhub --config {config}
WorkingDirectory={state}
Environment=PATH={path}
# learners' servers live on while the hub is restarted; it ends proxy and services itself
KillMode=process
Restart=on-failure
UMask=0077

[Install]
WantedBy=multi-user.target
"""

_INSTRUCTOR = '''\
"""nbgrader in the class's folder: made by `dojo hub generate` from course.yaml."""

import os

os.environ["DOJO_LANG"] = {language!r}
load_subconfig({shared!r})

c = get_config()
c.CourseDirectory.course_id = {id!r}
c.CourseDirectory.root = {root!r}
# the exercises that learners get are the repository's; nbgrader's copy stays here
c.CourseDirectory.release_directory = {root!r} + "/release"
c.Exchange.root = {exchange!r}
c.Exchange.timezone = {timezone!r}
if os.environ.get("JUPYTERHUB_SERVICE_NAME") == {id!r}:  # the formgrader, which has a token for the hub
    c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
c.AssignLatePenalties.plugin_class = "xraydojo.hub.late.PerDay"
c.PerDay.part = {late_penalty}
# what learners' code showed is shown in the formgrader: as a picture of it, not as a page that runs
c.HTMLExporter.sanitize_html = True
'''

_LEARNERS = '''\
"""nbgrader for learners: made by `dojo hub generate` from course.yaml."""

c = get_config()
c.CourseDirectory.course_id = {id!r}
c.Exchange.root = {exchange!r}
c.Exchange.timezone = {timezone!r}
'''


def generate(site: Site, ports: Ports | None = None, demo: bool = False) -> list[Path]:
    """Write the configurations of a class's hub, and make the folders with the modes that keep learners out.

    Parameters
    ----------
    site : Site
        With its `course.yaml`.
    ports : Ports, optional
    demo : bool
        Whether everything runs as one account, with passwords of the demo's own, instead of the accounts of this machine.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    CourseError
        If `course.yaml` is malformed.
    DojoError
        If the account that is to own the class's folder does not exist.
    """
    account = None if demo else _account(read_course(site.course_file))
    _make_folders(site, account)
    texts = _texts(site, ports or Ports(), demo)
    for path, text in texts.items():
        _write(path, text, 0o644)
    return list(texts)


def pending(site: Site, demo: bool = False) -> list[Path]:
    """Return the files that `generate` would change; ports stay as they are."""
    here = site.config.read_text(encoding="utf-8")
    ports = Ports(*map(int, re.findall(r"=(\d+)", re.search(r"^ports = hub\.Ports\((.*)\)$", here, re.M)[1])))
    texts = _texts(site, ports, demo)
    return [
        path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def _texts(site: Site, ports: Ports, demo: bool) -> dict[Path, str]:
    course = read_course(site.course_file)
    words = _words(course, site)
    service = {} if demo else {site.systemd: _systemd(course, site)}
    return service | {
        site.config: _hub_config(course, site, ports, demo),
        site.class_folder / "nbgrader_config.py": _INSTRUCTOR.format(**words),
        site.learners / "nbgrader_config.py": _LEARNERS.format(**words),
    }


def _hub_config(course: Course, site: Site, ports: Ports, demo: bool) -> str:
    return _HUB.format(
        folder=str(site.folder),
        ports=ports,
        accounts="the demo's own passwords" if demo else "the accounts of this machine",
        login=_DEMO_LOGIN if demo else _SYSTEM_LOGIN,
        bind_url=f"http://{_bind_host(course)}:{ports.public}",
        address=course.address,
        node=shutil.which("node") or "node",
        account="" if demo else course.grader,
        spawner=_DEMO_SPAWNER if demo else _SYSTEM_SPAWNER,
        spawns=16 * (os.cpu_count() or 1),
        cleanup="" if demo else _CLEANUP,
    )


def _systemd(course: Course, site: Site) -> str:
    node = Path(shutil.which("node") or "/usr/bin/node")
    return _SYSTEMD.format(
        # a line break would begin a setting, a percent sign is systemd's own
        title=" ".join(course.title.split()).replace("%", "%%"),
        python=sys.executable,
        config=site.config,
        state=site.state,
        path=os.pathsep.join(dict.fromkeys([str(node.parent), "/usr/local/bin", "/usr/bin", "/bin"])),
    )


def _bind_host(course: Course) -> str:
    """Return where the proxy listens: behind the web server that brings encryption, on this machine only."""
    address = urlsplit(course.address)
    return "" if address.scheme == "http" and address.hostname not in LOOPBACK else "127.0.0.1"


def _words(course: Course, site: Site) -> dict:
    return {
        "id": course.id,
        "language": course.language,
        "root": str(site.class_folder),
        "exchange": str(site.exchange),
        "timezone": course.timezone.key,
        "late_penalty": course.grading.late_penalty,
        "shared": str(REPOSITORY / "grading" / "nbgrader_config.py"),
    }


def _account(course: Course) -> pwd.struct_passwd:
    """Return the account that owns the class's folder."""
    try:
        return pwd.getpwnam(course.grader)
    except KeyError:
        raise DojoError(
            L(
                f"there is no account {course.grader}, which is to own submissions and gradebook; make it: useradd --system --create-home {course.grader}",
                f"提出物と成績表を持つアカウント {course.grader} がありません。useradd --system --create-home {course.grader} で作ってください",
            )
        ) from None


def _make_folders(site: Site, account: pwd.struct_passwd | None) -> None:
    for folder, mode, graders in (
        (site.folder, 0o755, False),
        (site.state, 0o700, False),
        (site.class_folder, 0o700, True),
        (site.learners, 0o755, False),
        # nbgrader's exchange is writable to all; with the sticky bit nobody removes what is another's
        (site.exchange, 0o1777, True),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        if account and graders:
            os.chown(folder, account.pw_uid, account.pw_gid)
    site.course_file.chmod(0o600)
    if account:
        os.chown(site.course_file, account.pw_uid, account.pw_gid)


def _write(path: Path, text: str, mode: int) -> None:
    whole = path.with_name(f".{path.name}.tmp")
    whole.write_text(text, encoding="utf-8")
    whole.chmod(mode)
    os.replace(whole, path)
