"""Kernels on a shared machine: they talk over sockets in a folder of their learner's alone, not over TCP ports that anybody can reach."""

import atexit
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from traitlets import default


@cache
def _folder() -> Path:
    # not in the home: a socket's path must be shorter than 108 characters. mkdtemp gives mode 700
    folder = Path(tempfile.mkdtemp(prefix="xraydojo-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class PrivateKernelManager(ServerKernelManager):
    """A kernel whose channels are Unix sockets.

    Every kernel gets a name of its own: jupyter_client looks for free socket names by the files that are there, and a second kernel that
    starts before the first one's files appear would take the same.
    """

    @default("transport")
    def _private(self) -> str:
        return "ipc"

    @default("ip")
    def _own_socket(self) -> str:
        return str(_folder() / uuid.uuid4().hex[:12])
