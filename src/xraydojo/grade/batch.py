"""Grade many submissions, on all cores or on a cluster: each is a task of its own, and a lost worker costs a retry."""

import contextlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import nbformat
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from xraydojo import DojoError
from xraydojo.grade import grade
from xraydojo.grade.report import Report
from xraydojo.grade.submission import SubmissionError, read_file
from xraydojo.language import L, current, speaking

# submissions that wait at each worker, so that none idles; the rest waits on the disk
_AHEAD = 2
# workers that may die with one submission in their hands before it is given up
_DEATHS = 3


@dataclass(frozen=True)
class Task:
    """A submission to grade.

    ``name`` is what reports and messages call it, ``unit`` the unit that it must be of (None: the one that it names), ``seed`` as in
    `xraydojo.grade.grade`.
    """

    path: Path
    name: str
    unit: str | None = None
    seed: str | None = None

    def refused(self, error: SubmissionError) -> SubmissionError:
        """Return an error under the submission's name."""
        return SubmissionError(Path(self.name), error.reason, error.reason)


class Store(Protocol):
    """Where reports are kept as they come, so that a batch that was stopped goes on where it was."""

    def kept(self, task: Task) -> Report | None:
        """Return the report of this very submission if it was kept before."""

    def keep(self, task: Task, report: Report) -> Report:
        """Keep a report, and return it as it was kept."""


def grade_all(
    tasks: Sequence[Task],
    store: Store,
    resume: bool = False,
    sandbox: bool = True,
    workers: int | None = None,
    scheduler: str | None = None,
) -> list[Report]:
    """Grade submissions and keep their reports, with a progress bar; name those that cannot be graded on standard error.

    Parameters
    ----------
    tasks : sequence of Task
    store : Store
    resume : bool
        Whether to leave alone what was graded before and has not changed.
    sandbox, workers, scheduler
        See `grade_many`.

    Returns
    -------
    list of Report
        In the order of the tasks; those that were left alone with them.
    """
    console = Console(stderr=True)
    reports = {task: report for task in tasks if resume and (report := store.kept(task))}
    left = [task for task in tasks if task not in reports]
    graded = grade_many(left, sandbox, workers, scheduler)
    for task, outcome in _with_progress(graded, tasks, len(reports), console):
        if isinstance(outcome, Report):
            reports[task] = store.keep(task, outcome)
        else:
            console.print(f"✗ {outcome}", style="red", markup=False, highlight=False, soft_wrap=True)
    return [reports[task] for task in tasks if task in reports]


def _with_progress(graded: Iterator, tasks: Sequence[Task], done: int, console: Console) -> Iterator:
    if len(tasks) < 2 or not console.is_terminal:
        yield from graded
        return
    columns = *Progress.get_default_columns(), MofNCompleteColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(L("Grading", "採点中"), total=len(tasks), completed=done)
        for outcome in graded:
            yield outcome
            progress.advance(bar)


def grade_many(
    tasks: Sequence[Task], sandbox: bool = True, workers: int | None = None, scheduler: str | None = None
) -> Iterator[tuple[Task, Report | DojoError]]:
    """Grade submissions, and yield each with its report, or with the error for which it has none, as they are done.

    A single one is graded at once; several by `dask.distributed`: on this machine, where nothing listens that others could reach, or on a
    cluster.

    Parameters
    ----------
    tasks : sequence of Task
    sandbox : bool
        See `xraydojo.grade.grade`.
    workers : int, optional
        How many at a time on this machine; as many as it has cores when not said.
    scheduler : str, optional
        The address of a Dask scheduler, such as ``tls://host:8786``, instead of this machine. Its workers need XrayDojo and, for
        the sandbox, bubblewrap; certificates come from Dask's own configuration.

    Raises
    ------
    DojoError
        If the scheduler cannot be reached, or grading cannot begin at all.
    """
    if len(tasks) < 2 and scheduler is None:
        for task in tasks:
            yield task, _here(task, sandbox)
        return
    with _client(workers, scheduler, len(tasks)) as client:
        yield from _follow(client, iter(tasks), sandbox)


def _here(task: Task, sandbox: bool) -> Report | SubmissionError:
    try:
        return replace(grade(task.unit, task.path, sandbox, task.seed), submission=task.name)
    except SubmissionError as error:
        return task.refused(error)


@contextlib.contextmanager
def _client(workers: int | None, scheduler: str | None, tasks: int) -> Iterator:
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    # a worker that a learner's figures fill must not be restarted for it; lost ones are told of in our own words
    # and no page that says what is graded is served to others on the machine
    quiet = {
        "distributed.worker.memory.terminate": False,
        "distributed.scheduler.allowed-failures": _DEATHS,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(dask.config.set(quiet))
        if scheduler is None:
            scheduler = stack.enter_context(
                LocalCluster(
                    n_workers=1,
                    threads_per_worker=min(workers or CPU_COUNT, tasks),
                    # learners' code and tests run in processes of their own anyway, and threads share the warm ones
                    processes=False,
                    memory_limit=0,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(Client(scheduler, timeout=20, set_as_default=False))
        except (OSError, ValueError) as error:
            raise DojoError(
                L(
                    f"the Dask scheduler {scheduler} does not answer ({error}); check the address and that it runs",
                    f"Dask スケジューラー {scheduler} から応答がありません（{error}）。アドレスと、起動していることを確かめてください",
                )
            ) from None
        yield client


def _follow(client, tasks: Iterator[Task], sandbox: bool) -> Iterator[tuple[Task, Report | DojoError]]:
    """Keep every worker busy, and yield what is done."""
    from distributed import as_completed

    waiting: dict = {}
    done = as_completed(loop=client.loop)

    def hand_over() -> Iterator[tuple[Task, SubmissionError]]:
        """Hand over the next submission; yield those that are refused before it."""
        for task in tasks:
            try:
                content = read_file(task.path)
            except SubmissionError as error:
                yield task, task.refused(error)
                continue
            future = client.submit(
                _there, content, task.path.name, task.unit, task.seed, sandbox, current(), pure=False
            )
            waiting[future] = task
            done.add(future)
            return

    for _ in range(_AHEAD * max(1, sum(client.nthreads().values()))):
        yield from hand_over()
    for future in done:
        task = waiting.pop(future)
        yield from hand_over()
        yield task, _result(future, task)


def _result(future, task: Task) -> Report | DojoError:
    if (error := future.exception()) is not None:
        if isinstance(error, DojoError):
            raise error
        return DojoError(
            L(
                f"{task.name}: not graded, for its process ended {_DEATHS} times ({type(error).__name__}: {error}); grade it by itself",
                f"{task.name}：採点できませんでした。採点のプロセスが {_DEATHS} 回終了しています（{type(error).__name__}: {error}）。これだけを採点してみてください",
            )
        )
    graded = future.result()
    if isinstance(graded, str):
        return SubmissionError(Path(task.name), graded, graded)
    plain, notebook = graded
    return replace(Report.from_json(plain), submission=task.name, notebook=nbformat.from_dict(notebook))


def _there(
    content: bytes, name: str, unit: str | None, seed: str | None, sandbox: bool, language: str
) -> tuple[dict, dict] | str:
    """Grade one submission in a worker, which may be on another machine; return plain data, or why it cannot be graded."""
    with tempfile.TemporaryDirectory(prefix="xraydojo-") as folder, speaking(language):
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            report = grade(unit, path, sandbox, seed)
        except SubmissionError as error:
            return error.reason
    return report.to_json(), dict(report.notebook)
