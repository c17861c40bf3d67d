"""The real pages service in a process of its own, with a stand-in hub that knows whose a token is."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from tests.hub.conftest import COURSE
from xraydojo.hub.generate import generate
from xraydojo.hub.site import Site

PREFIX = "/services/dojo/"
PEOPLE = ("hanako", "taro", "jiro", "sensei", "mallory")
RUNNING = ()  # whose servers run
PAGES = ("access:services!service=dojo",)
# what the token of a learner's server may do on JupyterHub 5
SERVER = ("users:activity!user=hanako", "access:servers!server=hanako/")


class StandInHub(BaseHTTPRequestHandler):
    """Answers whose a token is: of a browser in which somebody is logged in, or of a server."""

    def do_GET(self):
        kind, _, name = self.headers["Authorization"].partition(" ")[2].partition("-of-")
        name = name if name in PEOPLE else None
        scopes = PAGES if kind == "browser" else SERVER
        found = {"kind": "user", "name": name, "groups": [], "scopes": scopes}
        if self.path != "/hub/api/user":
            name, found = "service", [{"name": each, "servers": {"": {}}} for each in RUNNING]
        self.send_response(200 if name else 403)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *said):
        pass


class Service:
    """The pages of a class.

    ``path`` is a folder of programs that stand before the machine's own.
    """

    def __init__(self, site, hub_port, path=""):
        self.site, self._hub_port, self._path = site, hub_port, path
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}{PREFIX}"

    def start(self):
        hub = f"http://127.0.0.1:{self._hub_port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xraydojo.hub.run", "pages"],
            cwd=self.site.class_folder,
            env=os.environ
            | {
                "PATH": os.pathsep.join(filter(None, [str(self._path), os.environ["PATH"]])),
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

    def as_browser(self, name, path="", **asked):
        """Open a page as a person who is logged in."""
        return self._request("GET", path, f"browser-of-{name}", **asked)

    def press(self, person, path, **fields):
        """Press a button as a person who is logged in: with what the page gave to its form."""
        session = requests.Session()
        session.headers["Authorization"] = f"token browser-of-{person}"
        session.get(self.address)
        data = fields | {"_xsrf": session.cookies["_xsrf"]}
        return session.post(self.address + path, data=data, allow_redirects=False)

    def as_server(self, name, path, method="PUT", **asked):
        """Ask as the server of a learner does, with its own token."""
        return self._request(method, path, f"token-of-{name}", **asked)

    def _request(self, method, path, token, **asked):
        headers = {"Authorization": f"token {token}"}
        return requests.request(method, self.address + path, headers=headers, allow_redirects=False, **asked)


@contextlib.contextmanager
def running(folder, course=COURSE, path=""):
    """Run the pages of a class in a folder, with a stand-in hub."""
    site = Site(folder / "hub")
    site.class_folder.mkdir(parents=True)
    site.course_file.write_text(course, encoding="utf-8")
    generate(site, demo=True)
    hub = ThreadingHTTPServer(("127.0.0.1", 0), StandInHub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    service = Service(site, hub.server_address[1], path)
    service.start()
    try:
        yield service
    finally:
        service.kill()
        hub.shutdown()
