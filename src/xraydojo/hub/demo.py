"""`dojo hub --demo`: a real hub with its proxy, an instructor and three learners on this machine, until Ctrl+C."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from xraydojo import DojoError, language
from xraydojo.hub import proxy
from xraydojo.hub.course import Course, read_course
from xraydojo.hub.generate import generate
from xraydojo.hub.parent import adopt_orphans
from xraydojo.hub.site import Ports, Site
from xraydojo.language import L
from xraydojo.lesson import REPOSITORY, read_syllabus

LONGEST_WAIT = 120  # seconds until the hub answers
LONGEST_STOP = 60  # seconds until all servers have ended
_COURSE = """\
# A class to try out. Change it, and start the demo again.
id: demo
title: {title}
language: {language}
address: http://127.0.0.1:{port}/
timezone: Asia/Tokyo
instructors: [sensei]
learners:
  - {{name: hanako, full_name: 山田 花子}}
  - {{name: taro, full_name: 佐藤 太郎}}
  - {{name: jiro, full_name: 鈴木 次郎}}
units:
{units}
grading:
  late_penalty: 0.1
"""


def demo(folder: Path, lang: str | None = None) -> int:
    """Run a hub to try out, until Ctrl+C.

    Every person has a home and a password of their own, but all servers run as the account that started the demo: it shows the course, it
    keeps nobody out of anything.

    Parameters
    ----------
    folder : Path
        Where the class, its homes and its gradebook are kept.
    lang : {"en", "ja"}, optional
        The language of the class; the locale's when not said.

    Returns
    -------
    int
        The exit status: 0.

    Raises
    ------
    DojoError
        If a port is taken, the proxy cannot be installed, `course.yaml` is malformed, or the hub does not start.
    """
    language.use(lang)
    proxy.install()
    site = Site(folder.expanduser().resolve())
    course, ports = _class(site)
    generate(site, ports, demo=True)
    passwords = _passwords(site, course)
    for name in course.people:
        home = site.homes / name
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
    print(L("Starting the hub …", "ハブを起動しています…"), flush=True)
    with _hub(site) as hub:
        _await(hub, course, site)
        _say(course, passwords, site)
        with contextlib.suppress(KeyboardInterrupt):
            hub.wait()
    print(L("The hub has stopped.", "ハブを終了しました。"))
    return 0


def _class(site: Site) -> tuple[Course, Ports]:
    """Return the class and its ports; a new class has all units that are built, and free ports."""
    if not site.course_file.exists():
        site.class_folder.mkdir(parents=True, exist_ok=True)
        released = REPOSITORY / "exercises" / language.current()
        units = [entry.id for entry in read_syllabus() if (released / entry.id).is_dir()]
        site.course_file.write_text(
            _COURSE.format(
                title=L("A class to try out", "お試しの授業"),
                language=language.current(),
                port=_free_ports(1, Ports().public)[0],
                units="\n".join(f"  - {{id: {unit}}}" for unit in units),
            ),
            encoding="utf-8",
        )
    course = read_course(site.course_file)
    public = int(course.address.rstrip("/").rpartition(":")[2])
    if _free_ports(1, public) != [public]:
        raise DojoError(
            L(
                f"port {public} is taken by another program; stop it, or write another port into the address in {site.course_file}",
                f"ポート {public} は別のプログラムが使っています。それを終了するか、{site.course_file} の address に別のポート番号を書いてください",
            )
        )
    return course, Ports(public, *_free_ports(4))


def _free_ports(count: int, wanted: int = 0) -> list[int]:
    """Return ports that are free now, the wanted one first if it is."""
    with contextlib.ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            # as the proxy does: a port that is only just free again is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
        return ports


def _passwords(site: Site, course: Course) -> dict[str, str]:
    """Give everybody a new password, and return them by name."""
    passwords = {name: secrets.token_urlsafe(9) for name in sorted(course.people)}
    site.passwords.touch(0o600)
    site.passwords.write_text(json.dumps(passwords))
    return passwords


@contextlib.contextmanager
def _hub(site: Site) -> Iterator[subprocess.Popen]:
    """Run the hub; in the end stop it, and wait until all that it started has ended."""
    adopt_orphans()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # SIGHUP: the terminal was closed
        signal.signal(getattr(signal, name), signal.default_int_handler)
    with (site.state / "jupyterhub.log").open("ab") as log:
        hub = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyterhub", "--config", str(site.config)],
            cwd=site.state,
            env=environment | {"XRAYDOJO_DEMO_PASSWORDS": str(site.passwords)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl+C is ours alone
        )
    try:
        yield hub
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            _stop(hub)


def _stop(hub: subprocess.Popen) -> None:
    """Stop the hub, which stops the servers, and end what is left all the same."""
    import psutil

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hub.poll() is None:
        hub.terminate()
        try:
            hub.wait(LONGEST_STOP)
        except subprocess.TimeoutExpired:
            hub.kill()
            hub.wait()
    _, left = psutil.wait_procs(psutil.Process().children(recursive=True), 5)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _await(hub: subprocess.Popen, course: Course, site: Site) -> None:
    """Wait until hub and pages answer."""
    end = time.monotonic() + LONGEST_WAIT
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while hub.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            for page in ("hub/health", "services/dojo/health"):
                opener.open(course.address + page, timeout=5).close()
            return
        time.sleep(0.3)
    log = site.state / "jupyterhub.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    last = next((line.strip() for line in reversed(lines) if "Error" in line), log)
    raise DojoError(
        L(f"the hub did not start ({last}); see {log}", f"ハブが起動しませんでした（{last}）。詳細は {log} にあります")
    )  # fmt: skip


def _say(course: Course, passwords: dict[str, str], site: Site) -> None:
    width = max(map(len, passwords))
    people = "\n".join(
        f"    {name:<{width}}  {passwords[name]}"
        + L("  (instructor)", "  （講師）") * (name in course.instructors)
        for name in passwords
    )
    print(
        L(
            f"The hub is open:\n\n    {course.address}\n\n{people}\n\nThe class, its homes and its gradebook are in {site.folder}. "
            "This is for trying out: all servers run as your account. To stop, press Ctrl+C here.",
            f"ハブを開きました：\n\n    {course.address}\n\n{people}\n\n授業・ホーム・成績表は {site.folder} にあります。"
            "これはお試し用で、サーバーはすべてあなたのアカウントで動きます。終わるときは、ここで Ctrl+C を押してください。",
        ),
        flush=True,
    )
