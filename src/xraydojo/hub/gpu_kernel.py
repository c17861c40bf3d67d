"""What a GPU kernel does besides Python's work: an IPython extension that holds libraries to their share of memory and shows what there is to know.

The share is held by each library for itself, in the kernel's own process: a program that the learner starts beside it is held by nothing.
"""

import contextlib
import importlib.abc
import importlib.util
import json
import os
import resource
import sys
import threading
import time
import warnings
from collections.abc import Callable
from html import escape
from pathlib import Path
from types import ModuleType

from IPython.display import display

from xraydojo import palette
from xraydojo.language import L

_PAUSE = 1.0  # seconds between two looks at the news


def load_ipython_extension(shell) -> None:
    """Set up a kernel that `xraydojo.hub.gpu_provisioner` has started."""
    if memory := os.environ.get("XRAYDOJO_GPU_MEMORY"):
        hold_to(int(memory))
    if memory := os.environ.get("XRAYDOJO_KERNEL_MEMORY"):
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = int(memory) if most == resource.RLIM_INFINITY else min(int(memory), most)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
    if path := os.environ.get("XRAYDOJO_GPU_NEWS"):
        News(shell, Path(path)).watch()


def hold_to(memory: int) -> None:
    """Hold TensorFlow and PyTorch to a share of the GPU's memory, from their import on; JAX reads its share from the environment.

    Parameters
    ----------
    memory : int
        Bytes.
    """
    limits = {
        "tensorflow": lambda module: _limit_tensorflow(module, memory),
        "torch": lambda module: _limit_torch(module, memory),
    }
    sys.meta_path.insert(0, _AfterImport(limits))


def _limit_tensorflow(tensorflow: ModuleType, memory: int) -> None:
    config = tensorflow.config
    for gpu in config.list_physical_devices("GPU"):
        limit = config.LogicalDeviceConfiguration(memory_limit=memory // 2**20)
        config.set_logical_device_configuration(gpu, [limit])


def _limit_torch(torch: ModuleType, memory: int) -> None:
    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / total))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Do something with a module right after its import."""

    def __init__(self, then: dict[str, Callable[[ModuleType], None]]):
        self._then = then
        self._sought: set[str] = set()

    def find_spec(self, name, path=None, target=None):
        """Let the others find it, and add what comes after."""
        if name not in self._then or name in self._sought:
            return None
        self._sought.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._sought.discard(name)
        if spec is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                self._do(name, module)

            spec.loader.exec_module = exec_module
        return spec

    def _do(self, name: str, module: ModuleType) -> None:
        try:
            self._then[name](module)
        except Exception as error:  # the learner's import is to work all the same
            warnings.warn(
                L(
                    f"{name} could not be held to its share of the GPU's memory: {error}",
                    f"{name} が使う GPU メモリーの上限を設定できませんでした：{error}",
                ),
                stacklevel=2,
            )


class News:
    """Shows what the provisioner writes: with the first cell that runs, and then below the cell that ran last.

    Parameters
    ----------
    shell : InteractiveShell
    path : Path
    """

    def __init__(self, shell, path: Path):
        self._shell, self._path = shell, path
        self._shown: dict = {}
        self._number = 0
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Begin to."""
        self._shell.events.register("pre_run_cell", self._show)

    def _show(self, *_) -> None:
        """Show what is new: in the place of what it replaces, or in a new one."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            news = json.loads(self._path.read_text())
            if news == self._shown:
                return
            is_first, is_same = not self._shown, news["state"] == self._shown.get("state")
            self._number += not is_same
            self._shown = news
            text = news["text"]
            page = (
                f'<div style="border-left:.3em solid {palette.BLUE};padding:.2em .8em">{escape(text)}</div>'
            )
            display(
                {"text/html": page, "text/plain": text},
                raw=True,
                display_id=f"xraydojo-gpu-{os.getpid()}-{self._number}",
                update=is_same,
            )
            if is_first:
                # before the first cell there is no place to show anything
                threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self) -> None:
        while True:
            time.sleep(_PAUSE)
            self._show()
