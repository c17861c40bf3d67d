"""A warm parent: it imports once what a unit needs, then forks a process for each submission.

There are two of them for a unit, and no submission ever runs in one: the parent of the learners' processes, in the sandbox, and the parent
of the checkers, which knows the tests and the wrong answers.
"""

import ast
import contextlib
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable

from xraydojo import DojoError
from xraydojo.grade import sandbox, wire
from xraydojo.grade.channel import pair, receive_with_files, send_with_files
from xraydojo.grade.wire import WireError
from xraydojo.language import L
from xraydojo.lesson import syntax_tree

_START_SECONDS = 120
_BIRTH_SECONDS = 20
# new objects between two looks for garbage
_GARBAGE = 20_000
# a mark is the same on every machine: oneDNN computes otherwise on each kind of processor, and takes long over what is computed once;
# and those graded together do not take a card's memory from each other
EVERYWHERE = {"CUDA_VISIBLE_DEVICES": "", "TF_ENABLE_ONEDNN_OPTS": "0"}


class Nursery:
    """A warm parent's process, as seen from the process that grades.

    Parameters
    ----------
    kind : {"learner", "checker"}
    modules : sequence of str
        What to import in advance; what is not there is left to the cells to complain about.
    unit : str
        The unit whose wrong answers the checker reads in advance.
    isolated : bool
        Whether learners' processes are put into the sandbox.
    """

    def __init__(self, kind: str, modules: Iterable[str], unit: str, isolated: bool):
        self.isolated = isolated and kind == "learner"
        self._lock = threading.Lock()
        self._control, theirs = pair()
        program = [sys.executable, "-I", "-m", __name__, str(theirs.fileno())]
        job = {"kind": kind, "modules": list(modules), "unit": unit, "isolated": self.isolated}
        self._said = tempfile.TemporaryFile("w+", errors="replace")
        self._home = tempfile.TemporaryDirectory(prefix="xraydojo-", ignore_cleanup_errors=True)
        environment = os.environ if kind == "checker" else sandbox.environment(self.isolated, self._home.name)
        self._process = subprocess.Popen(
            sandbox.command(program) if self.isolated else program,
            env=environment | EVERYWHERE,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._ready = False
        with contextlib.suppress(OSError):
            send_with_files(self._control, wire.encode(job), [])

    def fork(self, job: dict, files: list[int]) -> int | None:
        """Start a process for one submission.

        Parameters
        ----------
        job : dict
            Plain data for it.
        files : list of int
            Open files to hand over.

        Returns
        -------
        int
            The process as a pidfd, to be closed by the caller.

        Raises
        ------
        DojoError
            If the warm parent or its child cannot be started.
        """
        answer, theirs = pair()
        with answer, theirs:
            with self._lock:
                self._wait_until_ready()
                with contextlib.suppress(OSError):
                    send_with_files(self._control, wire.encode(job), [theirs.fileno(), *files])
            theirs.close()
            answer.settimeout(_BIRTH_SECONDS)
            try:
                message, born = receive_with_files(answer)
            except OSError:
                message, born = b"", []
        if not born:
            raise self._failed(message.decode(errors="replace"))
        return born[0]

    def close(self) -> None:
        """End the warm parent, and with it every process that it started."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._said.close()
        self._home.cleanup()

    @property
    def alive(self) -> bool:
        """Whether the warm parent still runs."""
        return self._process.poll() is None

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        self._control.settimeout(_START_SECONDS)
        try:
            self._ready = receive_with_files(self._control)[0] == b"ready"
        except OSError:
            pass
        self._control.settimeout(None)
        if not self._ready:
            raise self._failed("")

    def _failed(self, why: str) -> DojoError:
        self._said.seek(0)
        why = why or (self._said.read().strip().splitlines() or ["?"])[-1]
        if self.isolated:
            return DojoError(
                L(
                    f"the sandbox cannot be started here ({why}): bubblewrap needs user namespaces, which a container or"
                    " the system's settings may forbid; --no-sandbox grades without protection",
                    f"ここではサンドボックスを起動できません（{why}）。bubblewrap にはユーザー名前空間が必要ですが、コンテナーや"
                    "システムの設定で禁止されていることがあります。--no-sandbox を付けると保護なしで採点します",
                )
            )
        return DojoError(
            L(
                f"no Python process could be started for grading ({why}); check memory and disk space",
                f"採点用の Python を起動できませんでした（{why}）。メモリーとディスクの空きを確かめてください",
            )
        )


def imported(sources: Iterable[str]) -> list[str]:
    """Return the modules that cells import, to be imported in advance."""
    found = {}
    for source in sources:
        for node in ast.walk(syntax_tree(source)):
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= dict.fromkeys([node.module, *(f"{node.module}.{a.name}" for a in node.names)])
    return list(found)


def main(control: socket.socket) -> None:
    """Be a warm parent until the process that grades hangs up."""
    job = wire.decode(receive_with_files(control)[0])
    _warm_up(job)
    sandbox.hide()
    # the kernel reaps the children
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    send_with_files(control, b"ready", [])
    while True:
        message, files = receive_with_files(control)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _bear(job, wire.decode(message), files)
        for file in files:
            os.close(file)


def _warm_up(job: dict) -> None:
    from xraydojo import figures
    from xraydojo.check import misconception
    from xraydojo.grade.shell import shell

    import_all(job["modules"])
    figures.style()
    shell()
    if job["kind"] == "checker":
        from xraydojo.grade import checker  # noqa: F401

        _prepare_scikit_learn()

        misconception.wrong_answers(job["unit"])
    else:
        from xraydojo.grade import learner  # noqa: F401
    # what is shared with the children is not touched by their garbage collection
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    gc.enable()


def import_all(modules: Iterable[str]) -> None:
    """Import what is there of modules, and look for no garbage from now on: TensorFlow makes hundreds of thousands of objects, all of which stay."""
    gc.disable()
    for name in modules:
        # a name imported from a module need not be a module
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _prepare_scikit_learn() -> None:
    """Have it look for the kinds of tables installed, which takes longer than a test, once and not in each child."""
    if "sklearn" in sys.modules:
        from sklearn.utils import check_array

        check_array([[0]])


def _bear(warm: dict, job: dict, files: list[int]) -> None:
    """Become a submission's process; never return."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with socket.socket(fileno=files[0]) as answer:
            if warm["isolated"]:
                _leave(answer, job)
            else:
                os.setsid()
                sandbox.end_with_parent()
                send_with_files(answer, b"born", [os.pidfd_open(os.getpid())])
        (_check if warm["kind"] == "checker" else _learn)(warm, job, files[1:])
    finally:
        os._exit(0)


def _leave(answer: socket.socket, job: dict) -> None:
    """Go on as the first process of new namespaces, and send the process that grades a pidfd of it, or why that cannot be."""
    told, telling = pair()
    try:
        sandbox.leave()
        # only a child is in the new namespace of process ids
        if child := os.fork():
            telling.close()
            failed = told.recv(1000)
            send_with_files(answer, failed, []) if failed else send_with_files(
                answer, b"born", [os.pidfd_open(child)]
            )
            os._exit(0)
        told.close()
        # a signal to its own process group must not reach its parents
        os.setsid()
        sandbox.settle(job["memory"], job["cpu_seconds"])
    except OSError as error:
        with contextlib.suppress(OSError):
            telling.send(str(error).encode())
            send_with_files(answer, str(error).encode(), [])
        os._exit(0)
    telling.close()


def _learn(warm: dict, job: dict, files: list[int]) -> None:
    from xraydojo.grade import learner

    connection, notebook = files
    if not warm["isolated"]:
        os.chdir(job["folder"])
        sandbox.limit(job["memory"], job["cpu_seconds"])
    _copy(notebook, job["name"])
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    learner.serve(socket.socket(fileno=connection), job["characters"])


def _check(warm: dict, job: dict, files: list[int]) -> None:
    from xraydojo.grade import checker

    results, connection, process = files
    checker.serve(socket.socket(fileno=results), socket.socket(fileno=connection), process)


def _copy(source: int, name: str) -> None:
    with open(source, "rb") as read, open(name, "wb") as written:
        while part := read.read(1 << 20):
            written.write(part)


if __name__ == "__main__":
    with contextlib.suppress(OSError, WireError):
        main(socket.socket(fileno=int(sys.argv[1])))
