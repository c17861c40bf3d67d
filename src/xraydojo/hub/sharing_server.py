"""In a learner's server: watch the learner's own record, and send what it says of today, while the learner agrees to that.

This is an extension of Jupyter Server. The kernel, in which the learner's code runs, has no part in it but that it writes the record.
"""

import asyncio
import json
import os
import time
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient

from xraydojo import progress
from xraydojo.hub.sharing import today, written

# seconds between two looks at the record
BETWEEN = 2
# seconds after which the service is asked again whether the learner shares, while no check is run
ASK = 20


def _load_jupyter_server_extension(server) -> None:
    """Begin to watch once the server runs; see `_start_jupyter_server_extension`."""


async def _start_jupyter_server_extension(server) -> None:
    address = json.loads(os.environ.get("XRAYDOJO_CLASS", "{}")).get("sharing")
    if address is not None:
        sharer = Sharer(Path(server.root_dir).parent, address, os.environ["JUPYTERHUB_API_TOKEN"])
        # kept where it lives as long as the server
        server.xraydojo_sharing = asyncio.create_task(sharer.watch(server.log))


class Sharer:
    """Brings a learner's record to the pages.

    Parameters
    ----------
    folder : Path
        The learner's own folder.
    address : str
        Where the pages take it.
    token : str
        The server's own token for the hub.
    """

    def __init__(self, folder: Path, address: str, token: str):
        self._folder, self._address, self._token = folder, address, token
        self._seen: tuple | None = None
        self._asked = -float(ASK)
        # which state of the file the pages have, and of which time of agreeing
        self._sent: tuple | None = None

    async def watch(self, log) -> None:
        """Look again and again; what could not be sent is sent at a later look."""
        while True:
            try:
                await self.look()
            except (
                Exception
            ) as error:  # whatever it is: the learner's server goes on, and the next look may succeed
                log.debug("what the learner shares: %r", error)
            await asyncio.sleep(BETWEEN)

    async def look(self) -> None:
        """Send the record if it is new to the pages and the learner shares; ask first, and ask now and then."""
        state = self._state()
        if state == self._seen and time.monotonic() - self._asked < ASK:
            return
        since = json.loads(await self._request("GET"))["since"]
        if since is not None and self._sent != (state, since):
            await self._request("PUT", written(today(progress.read(self._folder), time.time())))
            self._sent = state, since
        self._seen, self._asked = state, time.monotonic()

    def _state(self) -> tuple | None:
        """Return what changes whenever the record is written: it is written as a whole, into a new file."""
        try:
            said = os.stat(self._folder / progress.FILE)
        except OSError:
            return None
        return said.st_ino, said.st_mtime_ns, said.st_size

    async def _request(self, method: str, body: bytes | None = None) -> bytes:
        answer = await AsyncHTTPClient().fetch(
            self._address,
            method=method,
            headers={"Authorization": f"token {self._token}"},
            body=body,
            request_timeout=10,
        )
        return answer.body
