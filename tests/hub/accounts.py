"""A hub with real Unix accounts, in a mount namespace of its own: accounts, modes and root's home are changed there only."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests.hub.running import Hub
from xraydojo.hub import proxy
from xraydojo.hub.site import Ports, Site
from xraydojo.lesson import REPOSITORY

PEOPLE = ("sensei", "hanako", "taro")
COURSE = """\
id: real
title: Real accounts
language: en
address: http://127.0.0.1:18000/
timezone: Asia/Tokyo
instructors: [sensei]
learners: [hanako, taro]
units:
  - {id: 02_perceptron}
"""
# as an administrator does it: accounts, the doctor's remedy for solutions, generate, JupyterHub
SETUP = """
set -eu
cp -a /etc "$W/etc" && mount --bind "$W/etc" /etc
case "$BASE" in /root/*)
    mkdir "$W/base" && mount --bind "$BASE" "$W/base"
    mount -t tmpfs -o mode=755 none /root
    mkdir -p "$BASE" && mount --bind "$W/base" "$BASE" ;;
esac
for name in solutions course; do
    cp -a "$REPOSITORY/$name" "$W/$name" && mount --bind "$W/$name" "$REPOSITORY/$name"
done
mkdir "$W/home"
for name in sensei hanako taro; do
    useradd --create-home --home-dir "$W/home/$name" --shell /bin/bash "$name"
    echo "$name:$PASSWORD" | chpasswd
done
useradd --system --create-home --home-dir "$W/home/grader-real" grader-real
chmod 700 "$W"/home/*
cd "$W/site"
"$PYTHON" -m tests.hub.accounts generate
echo "c.PAMAuthenticator.service = 'xraydojo'" > local_config.py
printf 'auth required pam_unix.so\\naccount required pam_unix.so\\n' > /etc/pam.d/xraydojo
sh -c "$("$PYTHON" -m tests.hub.accounts remedy)"
COLUMNS=300 "$PYTHON" -m xraydojo hub doctor > "$W/doctor.txt" 2>&1 || true
cd state
exec "$PYTHON" -P -m jupyterhub --config ../jupyterhub_config.py > "$W/hub.log" 2>&1
"""


@contextlib.contextmanager
def real_hub():
    """Run a hub with real accounts; yield it, with its ``folder``."""
    proxy.install()
    folder = Path(tempfile.mkdtemp(prefix="xraydojo-accounts-"))
    folder.chmod(0o755)
    site = Site(folder / "site")
    site.class_folder.mkdir(parents=True)
    site.course_file.write_text(COURSE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment |= {
        "W": str(folder),
        "BASE": sys.base_prefix,
        "PYTHON": sys.executable,
        "REPOSITORY": str(REPOSITORY),
        "PASSWORD": (password := os.urandom(8).hex()),
        "PYTHONPATH": str(REPOSITORY),
    }
    process = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", SETUP],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    hub = Hub("http://127.0.0.1:18000/", dict.fromkeys(PEOPLE, password), site, process)
    try:
        _await(hub, folder)
        yield hub
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        process.stdout.close()
        _end_servers(folder)
        shutil.rmtree(folder)


def _await(hub: Hub, folder: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError):
            if all(requests.get(hub.address + page).ok for page in ("hub/health", "services/dojo/health")):
                return
        log = folder / "hub.log"
        if hub.process.poll() is not None:
            said = hub.process.stdout.read().decode() + (log.read_text() if log.exists() else "")
            raise AssertionError(said[-5000:])
        time.sleep(0.5)
    raise AssertionError((folder / "hub.log").read_text()[-5000:])


def _end_servers(folder: Path) -> None:
    """End learners' servers, which outlive a hub that is stopped on a machine of its own."""
    import psutil

    for process in psutil.process_iter(["environ"]):
        if str(folder) in str(process.info["environ"]):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _generate(site: Site) -> None:
    from xraydojo.hub.generate import generate

    # beside whatever else runs here
    generate(site, Ports(18000, 18001, 18081, 18091, 18092))


def _remedy(site: Site) -> None:
    from xraydojo.hub import doctor

    print(doctor._solutions_are_private(doctor.Hub(site)).remedy)


if __name__ == "__main__":
    {"generate": _generate, "remedy": _remedy}[sys.argv[1]](Site(Path.cwd()))
