"""The course opened by `dojo start`, in a process of its own."""

import contextlib
import os
import re
import signal
import subprocess
import sys


@contextlib.contextmanager
def running(folder, *arguments, **environment):
    """Open the course in ``folder``; yield the process, with its ``address`` and what it ``said``; then press Ctrl+C."""
    command = [sys.executable, "-m", "xraydojo", "start", "--no-browser", "--folder", str(folder), *arguments]
    env = os.environ | {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"} | environment
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    process.said = ""
    try:
        while not (found := re.search(r"http://\S+(?=\n)", process.said)):
            line = process.stdout.readline()
            assert line, f"the course did not open: {process.said}"
            process.said += line
        process.address = found[0]
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)
        process.said += process.stdout.read()
        process.stdout.close()
