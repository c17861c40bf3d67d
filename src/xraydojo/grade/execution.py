"""Run a rebuilt notebook in one fresh process, within time limits."""

import asyncio
import logging
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from xraydojo import DojoError
from xraydojo.check.verdict import MIME
from xraydojo.grade.rebuild import role
from xraydojo.language import L

CELL_SECONDS = 30
NOTEBOOK_SECONDS = 300
# between the interrupt that Python code can heed and the kill that nothing survives
GRACE_SECONDS = 3
# what one cell may put into the notebook besides verdicts; the rest is dropped as it comes
OUTPUT_CHARACTERS = 5_000_000
STREAM_CHARACTERS = 100_000

_silent = logging.Logger("xraydojo.grade", logging.CRITICAL + 1)


@dataclass
class Run:
    """A notebook after its run.

    ``seconds`` is the wall time of each cell that ran, by the cell's id. ``stopped`` says of each cell that did not run to its end why:
    ``"timeout"`` (it took too long, or the notebook did before it), ``"died"`` (Python ended in it) or ``"not_run"`` (Python had ended
    before it).
    """

    notebook: NotebookNode
    seconds: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)


def run(notebook: NotebookNode, submission: Path) -> Run:
    """Run a rebuilt notebook's setup cells, exercises, tests and the learner's own cells, in their order.

    Demo cells and unchanged free cells are not run. An error in a cell does not stop the others. A cell that takes longer than
    `CELL_SECONDS`, or the notebook longer than `NOTEBOOK_SECONDS`, is interrupted, and its process killed if it does not heed that; after
    that, or when the code ended its process itself, no further cell is run.

    Parameters
    ----------
    notebook : NotebookNode
        As `xraydojo.grade.rebuild.rebuild` returns it; its outputs are replaced.
    submission : Path
        The file handed in: a copy of it is all that the process finds in its working folder.

    Raises
    ------
    DojoError
        If no Python process can be started.
    """
    with tempfile.TemporaryDirectory(prefix="xraydojo-", ignore_cleanup_errors=True) as folder:
        work = Path(folder, "work")
        work.mkdir()
        shutil.copyfile(submission, work / submission.name)
        return _finish(_run(notebook, Path(folder)))


def _finish(coroutine) -> Run:
    """Run a coroutine to its end, also where an event loop already runs (in a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def _run(notebook: NotebookNode, folder: Path) -> Run:
    kernel = AsyncKernelManager(
        kernel_name="python3",
        # without folders of kernels to search, "python3" is the Python that grades
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[], log=_silent),
        # a socket in our own folder: no port that another run could take; its path may have some 100 bytes
        transport="ipc" if os.name == "posix" and len(os.fsencode(folder)) < 80 else "tcp",
        connection_file=str(folder / "kernel.json"),
        log=_silent,
    )
    client = _Client(notebook, km=kernel, log=_silent)
    try:
        await _start(kernel, client, folder)
        return await _run_cells(notebook, client, kernel)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if kernel.has_kernel:
            await kernel.shutdown_kernel(now=True)


async def _start(kernel: AsyncKernelManager, client: "_Client", folder: Path) -> None:
    try:
        await kernel.start_kernel(
            cwd=str(folder / "work"),
            # the grader's own IPython startup files are no part of the course
            env=os.environ | {"IPYTHONDIR": str(folder / "ipython")},
            extra_arguments=["--HistoryManager.hist_file=:memory:"],
            # what is written past IPython would mix with the grader's own output
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await client.async_start_new_kernel_client()
    except (RuntimeError, OSError) as error:
        raise DojoError(
            L(
                f"no Python process could be started for grading ({error}); check memory and disk space",
                f"採点用の Python を起動できませんでした（{error}）。メモリーとディスクの空きを確かめてください",
            )
        ) from None


async def _run_cells(notebook: NotebookNode, client: "_Client", kernel: AsyncKernelManager) -> Run:
    done = Run(notebook)
    end = time.monotonic() + NOTEBOOK_SECONDS
    ended = None
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or role(cell) in ("demo", "explore"):
            continue
        cell.outputs = []
        left = min(CELL_SECONDS, end - time.monotonic())
        if ended or left <= 0:
            done.stopped[cell.id] = ended or "timeout"
            continue
        started = time.monotonic()
        reason = await _run_cell(client, kernel, cell, index, left)
        done.seconds[cell.id] = time.monotonic() - started
        if reason:
            done.stopped[cell.id] = reason
            ended = None if await kernel.is_alive() else "not_run"
    return done


async def _run_cell(client, kernel, cell: NotebookNode, index: int, limit: float) -> str | None:
    """Run one cell; return None when it came to its end, else why not."""
    late = False

    async def stop():
        nonlocal late
        await asyncio.sleep(limit)
        late = True
        await kernel.interrupt_kernel()
        await asyncio.sleep(GRACE_SECONDS)
        await kernel.shutdown_kernel(now=True)

    watch = asyncio.create_task(stop())
    try:
        # a test's source, hidden cases included, stays out of the history that the learner's cells can print
        await client.async_execute_cell(cell, index, store_history=role(cell) != "test")
    except DeadKernelError:
        return "timeout" if late else "died"
    finally:
        watch.cancel()
    return "timeout" if late else None


class _Client(NotebookClient):
    """A client that goes on after errors and keeps no more of a cell's output than a notebook should hold."""

    def __init__(self, notebook: NotebookNode, **traits):
        super().__init__(
            notebook,
            timeout=None,
            allow_errors=True,
            iopub_timeout=10,
            raise_on_iopub_timeout=False,
            coalesce_streams=True,
            store_widget_state=False,
            **traits,
        )
        self._kept: dict[int, int] = {}

    def output(self, outs, msg, display_id, cell_index):
        content = msg["content"]
        if MIME in content.get("data", {}):
            return super().output(outs, msg, display_id, cell_index)
        is_stream = msg["msg_type"] == "stream"
        most = STREAM_CHARACTERS if is_stream else OUTPUT_CHARACTERS
        size = len(content["text"]) if is_stream else len(str(content))
        kept = self._kept.get(cell_index, 0)
        if kept + size <= most:
            self._kept[cell_index] = kept + size
            return super().output(outs, msg, display_id, cell_index)
        if kept <= most:
            # noted once; from here on this cell's outputs are over the limit
            self._kept[cell_index] = OUTPUT_CHARACTERS + 1
            start = content["text"][: most - kept] if is_stream else ""
            outs.append(new_output("stream", text=start + "\n" + _cut()))
        return None


def _cut() -> str:
    return L(
        "[The output was too long and is cut here.]\n", "［出力が長すぎるため、ここで打ち切りました。］\n"
    )
