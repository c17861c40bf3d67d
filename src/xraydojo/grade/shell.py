"""Run cells as Jupyter does, in this process, and hand on what they put out."""

import functools
import io
import json
import sys
import threading
from base64 import b64encode
from collections.abc import Callable

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

_FLUSH_CHARACTERS = 4000


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        self.shell.put("display_data", data=_texts(data), metadata=metadata or {})

    def clear_output(self, wait=False):
        pass


class _Hook(DisplayHook):
    def start_displayhook(self):
        pass

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.put(
            "execute_result",
            data=_texts(format_dict),
            metadata=md_dict or {},
            execution_count=self.prompt_count,
        )

    def finish_displayhook(self):
        pass


class Shell(InteractiveShell):
    """IPython without a terminal: each output goes, as the JSON text of a notebook's output, to `send`.

    Of a cell's printed text, `most_characters` are sent; the rest is dropped as it comes.
    """

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, **traits):
        self.send: Callable[[str], None] = lambda output: None
        self.most_characters = 100_000
        self._streams: tuple[_Stream, ...] = ()
        super().__init__(**traits)
        self.history_manager.enabled = False

    def listen(self, send: Callable[[str], None], most_characters: int) -> None:
        """From now on, hand every output to ``send``, and what is printed as well."""
        self.send, self.most_characters = send, most_characters
        self._streams = _Stream(self, "stdout"), _Stream(self, "stderr")
        sys.stdout, sys.stderr = self._streams

    def run(self, source: str) -> BaseException | None:
        """Run a cell; return the exception by which it ended, or None."""
        self.begin()
        try:
            result = self.run_cell(source, store_history=True)
        finally:
            self.flush()
        return result.error_before_exec or result.error_in_exec

    def execute(self, source: str) -> BaseException | None:
        """Run a cell that is plain Python, in a fraction of the time that IPython takes over a short one; see `run`."""
        self.begin()
        try:
            exec(compile(source, "<cell>", "exec"), self.user_ns)
        except BaseException as error:
            return error
        finally:
            self.flush()
        return None

    def begin(self) -> None:
        """Begin to count printed characters anew."""
        for stream in self._streams:
            stream.begin()

    def flush(self) -> None:
        """Send what was printed so far."""
        for stream in self._streams:
            stream.flush()

    def put(self, kind: str, **parts) -> None:
        """Send one output."""
        self.flush()
        self.send(json.dumps({"output_type": kind} | parts, default=repr))

    def init_io(self):
        """Leave the streams as they are; `listen` replaces them."""

    def init_sys_modules(self):
        """Make the cells' namespace this process's ``__main__``, as in a kernel."""
        super().init_sys_modules()
        sys.modules["__main__"] = self.user_module

    def ask_exit(self):
        """End the cell: ``quit`` and ``exit`` leave by SystemExit, as in a program."""
        raise SystemExit

    def _showtraceback(self, etype, evalue, stb):
        try:
            said = str(evalue)
        except Exception:
            said = "?"
        self.put("error", ename=etype.__name__, evalue=said, traceback=list(stb))


def _texts(data: dict) -> dict:
    """Return a bundle with its pictures in base64, as a notebook holds them."""
    return {
        kind: b64encode(part).decode() if isinstance(part, bytes) else part for kind, part in data.items()
    }


class _Stream(io.TextIOBase):
    """What `print` writes to: collected, cut at the limit, and sent in pieces."""

    encoding = "utf-8"

    def __init__(self, shell: Shell, name: str):
        self._shell, self.name = shell, name
        self._lock = threading.RLock()
        self._parts: list[str] = []
        self._waiting = 0
        self.begin()

    def writable(self) -> bool:
        return True

    def begin(self) -> None:
        # one character more than the limit tells the reader that there was more
        self._left = self._shell.most_characters + 1

    def write(self, text) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            if kept := text[: self._left]:
                self._parts.append(kept)
                self._waiting += len(kept)
                self._left -= len(kept)
        if self._waiting > _FLUSH_CHARACTERS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            text, self._parts, self._waiting = "".join(self._parts), [], 0
        if text:
            self._shell.send(json.dumps({"output_type": "stream", "name": self.name, "text": text}))


@functools.lru_cache
def shell() -> Shell:
    """Return this process's shell."""
    return Shell.instance()
