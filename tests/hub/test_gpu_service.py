"""The leases on the real pages service, with a stand-in hub that knows whose a token is, and a stand-in for NVIDIA's tool."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.hub.conftest import COURSE
from xraydojo.hub.generate import generate
from xraydojo.hub.site import Site

PREFIX = "/services/dojo/"
TOKENS = {
    "token-of-hanako": "hanako",
    "token-of-taro": "taro",
    "token-of-sensei": "sensei",
    "token-of-mallory": "mallory",
}
PAGES = ("access:services!service=dojo",)
# what the token of a learner's server may do on JupyterHub 5
SERVER = ("users:activity!user=hanako", "access:servers!server=hanako/")


class StandInHub(BaseHTTPRequestHandler):
    """Answers whose a token is; sensei's is of a browser in which he is logged in, the others are of servers."""

    def do_GET(self):
        name = TOKENS.get(self.headers["Authorization"].partition(" ")[2])
        found = {"kind": "user", "name": name, "groups": [], "scopes": PAGES if name == "sensei" else SERVER}
        if self.path != "/hub/api/user":
            name, found = "service", []
        self.send_response(200 if name else 403)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *said):
        pass


class Service:
    """The pages of a class with two slots on one card."""

    def __init__(self, site, hub_port, path):
        self._site, self._hub_port, self._path = site, hub_port, path
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}{PREFIX}"

    def start(self):
        hub = f"http://127.0.0.1:{self._hub_port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xraydojo.hub.run", "pages"],
            cwd=self._site.class_folder,
            env=os.environ
            | {
                "PATH": f"{self._path}:{os.environ['PATH']}",
                "JUPYTERHUB_SERVICE_NAME": "dojo",
                "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
                "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{self.port}/",
                "JUPYTERHUB_API_URL": f"{hub}/hub/api",
                "JUPYTERHUB_API_TOKEN": "token-of-the-service",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_CLIENT_ID": "service-dojo",
                "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps(PAGES),
                "XRAYDOJO_HUB_PROXY": hub,
            },
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(self.address + "health").ok:
                    return
            time.sleep(0.1)
        raise AssertionError("the service did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, name, method="PUT", **asked):
        return requests.request(
            method,
            f"{self.address}gpu",
            json={"kernel": f"kernel-of-{name}"} | asked,
            headers={"Authorization": f"token token-of-{name}"},
            allow_redirects=False,
        )


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu")
    site = Site(folder / "hub")
    site.class_folder.mkdir(parents=True)
    course = COURSE + "profiles:\n  gpu: {memory: 8G, slots: 2}\n"
    site.course_file.write_text(course.replace("language: ja", "language: en"), encoding="utf-8")
    generate(site, demo=True)
    (folder / "bin").mkdir()
    tool = folder / "bin" / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU-7c1f, Card A, 16384'\n")
    tool.chmod(0o755)
    hub = ThreadingHTTPServer(("127.0.0.1", 0), StandInHub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    service = Service(site, hub.server_address[1], folder / "bin")
    service.start()
    yield service
    service.kill()
    hub.shutdown()


@pytest.fixture(autouse=True)
def nobody_has_a_lease(service):
    yield
    for name in ("hanako", "taro", "sensei"):
        assert service.ask(name, "DELETE").ok


def test_the_token_of_a_learners_server_leases_a_slot(service):
    said = service.ask("hanako").json()
    assert re.fullmatch(r"\d\d:\d\d", said.pop("until"))
    # half of 16 GiB, less what a process takes besides
    assert said == {"state": "granted", "slot": 0, "device": "GPU-7c1f", "name": "Card A",
                    "memory": 8 * 2**30 - 700_000_000, "total": 16 * 2**30}  # fmt: skip
    assert service.ask("taro").json()["slot"] == 1
    assert service.ask("sensei").json() == {"state": "waiting", "place": 1}


def test_nobody_gives_back_what_is_another_learners(service):
    service.ask("hanako")
    assert service.ask("taro", "DELETE", kernel="kernel-of-hanako").ok
    assert service.ask("hanako", kernel="another").json()["state"] == "elsewhere"


def test_who_is_not_in_the_class_and_who_has_no_token_is_refused(service):
    assert service.ask("mallory").status_code == 403
    assert service.ask("nobody").status_code == 403
    assert requests.put(f"{service.address}gpu", json={"kernel": "k"}).status_code == 403
    # it is not a page
    assert service.ask("hanako", "GET").status_code in (403, 405)


def test_the_token_of_a_learners_server_opens_none_of_the_pages(service):
    for page in ("", "class", "class/export/csv"):
        headers = {"Authorization": "token token-of-hanako"}
        answer = requests.get(service.address + page, headers=headers, allow_redirects=False)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"kernel": ""},
        {"kernel": 1},
        {"kernel": "k" * 65},
        {"idle": -1},
        {"idle": "x"},
        {"slot": "0"},
        {"slot": 1.5},
    ],
)
def test_what_cannot_be_meant_is_refused(service, asked):
    assert service.ask("hanako", **asked).status_code == 400


def test_a_kill_of_the_service_loses_no_lease_and_no_place(service):
    before = [service.ask(name).json() for name in ("hanako", "taro", "sensei")]
    service.kill()
    service.start()
    assert [service.ask(name).json() for name in ("sensei", "taro", "hanako")] == before[::-1]


def test_the_class_page_shows_who_has_a_slot(service):
    for name in ("hanako", "taro", "sensei"):
        service.ask(name)
    answer = requests.get(f"{service.address}class", headers={"Authorization": "token token-of-sensei"})
    assert answer.ok, answer.text
    (said,) = re.findall(r'<p id="gpu">(.*?)</p>', answer.text, re.S)
    moment = r"since \d\d:\d\d"
    assert re.fullmatch(
        rf"GPU: 2 of 2 slots in use: hanako \(Card A, {moment}\), taro \(Card A, {moment}\), sensei \(waits\)",
        said,
    )
