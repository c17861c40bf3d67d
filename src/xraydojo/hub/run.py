"""Run one of the hub's services: ``python -m xraydojo.hub.run pages|grading|formgrader|culler``.

It answers on the service's port at once and imports the service afterwards: a hub ends when one of its services does not answer within ten
seconds, and on a busy machine the imports alone take longer.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from xraydojo.hub.parent import end_with_parent

SERVICES = {
    "pages": "xraydojo.hub.service",
    "grading": "xraydojo.hub.worker",
    "formgrader": "xraydojo.hub.formgrader",
    "culler": "jupyterhub_idle_culler",
}


class _Starting(BaseHTTPRequestHandler):
    """Says that the service is starting, and asks the browser to come back."""

    def do_GET(self) -> None:
        """Answer: not found yet, which the hub takes for an answer."""
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(
            "<!doctype html><meta http-equiv=refresh content=2><p>Starting … 起動しています…".encode()
        )

    def log_message(self, *said) -> None:
        """Say nothing in the log."""


@contextlib.contextmanager
def answering(url: str | None) -> Iterator[None]:
    """Answer at an address, if there is one, while something else is done."""
    if not url:
        yield
        return
    where = urllib.parse.urlsplit(url)
    server = ThreadingHTTPServer((where.hostname, where.port), _Starting)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def main(service: str, *arguments: str) -> None:
    """Run a service in the working directory until the hub ends or ends it."""
    sys.argv = [service, *arguments]
    end_with_parent()
    os.umask(0o077)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):  # the hub stops its services so
        with answering(os.environ.get("JUPYTERHUB_SERVICE_URL")):
            module = importlib.import_module(SERVICES[service])
        module.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
