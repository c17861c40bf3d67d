"""Parents and children among processes: a service ends with its hub, and a demo ends all that began in it."""

import ctypes
import os
import signal
import sys

# Linux, prctl(2)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends: a hub that was killed would else find its ports taken when it comes back."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended meanwhile
        sys.exit(0)


def adopt_orphans() -> None:
    """Become the parent of what is left of processes that began here, so that it can be found and ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)
